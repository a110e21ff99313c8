import { Worker } from 'node:worker_threads'
import { RstscopeError, type RstscopeErrorCode } from '../errors.ts'
import type { TrackedCapture, TrackOptions } from './track-capture.ts'

/** What a worker is asked to do. */
export interface ThreadTask {
  input: string | string[]
  reader: TrackOptions['reader']
  maxMemory: number | undefined
  thin: boolean
  hash: boolean | undefined
  place: number | undefined
  shard: number
  shards: number
}

/** What a worker says. */
export type ThreadMessage =
  | { kind: 'progress'; bytesRead: number; totalBytes: number | null; packets: number }
  | { kind: 'done'; tracked: TrackedCapture }
  | { kind: 'failed'; code: RstscopeErrorCode; message: string; hint: string | null }

/** Tracks a capture (or a shard of it) in a thread of its own; ends the thread when the signal fires. */
export function runInThread(
  task: ThreadTask,
  signal: AbortSignal | undefined,
  onProgress: TrackOptions['onProgress'],
): Promise<TrackedCapture> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(WORKER_FILE, import.meta.url), { workerData: task })
    let settled = false
    const settle = (finish: () => void) => {
      if (settled) return
      settled = true
      signal?.removeEventListener('abort', abort)
      void worker.terminate()
      finish()
    }
    const abort = () =>
      settle(() => reject(new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted')))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'progress') {
        onProgress?.(message.bytesRead, message.totalBytes, message.packets)
      } else if (message.kind === 'done') {
        settle(() => resolve(message.tracked))
      } else {
        settle(() => reject(new RstscopeError(message.code, message.message, message.hint)))
      }
    })
    worker.on('error', (error) => settle(() => reject(error)))
    worker.on('exit', (code) =>
      settle(() =>
        reject(
          new RstscopeError('RSTSCOPE_INTERNAL', `a worker thread ended early (exit ${code})`),
        ),
      ),
    )
  })
}

// Tests run the TypeScript sources, which a worker of Node 20 cannot load: they use the built worker.
const WORKER_FILE = import.meta.url.endsWith('.ts')
  ? '../../dist/src/workers/worker.js'
  : './worker.js'
