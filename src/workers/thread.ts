import { Worker } from 'node:worker_threads'
import { RstscopeError, type RstscopeErrorCode } from '../errors.ts'
import type { ChunkFile } from '../model/connection-data.ts'
import type { ArchiveFiles } from './archive-file.ts'
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
  /** Where its archive may go. */
  archiveFd: number | null
}

/** What a worker says. */
export type ThreadMessage =
  | { kind: 'progress'; bytesRead: number; totalBytes: number | null; packets: number }
  | { kind: 'done'; tracked: TrackedCapture }
  | { kind: 'failed'; code: RstscopeErrorCode; message: string; hint: string | null }

/** What tracking leaves behind is little and dies young: more room only costs memory. Node's default is 48. */
const YOUNG_MB = 8

/** Tracks a capture (or a shard of it) in a thread of its own; ends the thread when the signal fires. */
export function runInThread(
  task: Omit<ThreadTask, 'archiveFd'>,
  files: ArchiveFiles | undefined,
  signal: AbortSignal | undefined,
  onProgress: TrackOptions['onProgress'],
): Promise<TrackedCapture> {
  // Opened here: what a thread opens is closed when the thread ends.
  const file = files?.open() ?? null
  const workerData: ThreadTask = { ...task, archiveFd: file?.fd ?? null }
  return new Promise((resolve, reject) => {
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB }
    const script = new URL(WORKER_FILE, import.meta.url)
    const worker = new Worker(script, { workerData, resourceLimits })
    let settled = false
    const settle = (finish: (ended: Promise<unknown>) => void) => {
      if (settled) return
      settled = true
      signal?.removeEventListener('abort', abort)
      finish(worker.terminate())
    }
    // Only when the thread has ended: until then it may write into the file.
    const fail = (error: unknown) => settle((ended) => void ended.then(() => reject(error)))
    const abort = () => fail(new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted'))
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    worker.on('message', (message: ThreadMessage) => {
      if (message.kind === 'progress') {
        onProgress?.(message.bytesRead, message.totalBytes, message.packets)
      } else if (message.kind === 'done') {
        settle(() => resolve(withFile(message.tracked, file)))
      } else {
        fail(new RstscopeError(message.code, message.message, message.hint))
      }
    })
    worker.on('error', fail)
    worker.on('exit', (code) =>
      fail(new RstscopeError('RSTSCOPE_INTERNAL', `a worker thread ended early (exit ${code})`)),
    )
  })
}

function withFile({ facts, data }: TrackedCapture, file: ChunkFile | null): TrackedCapture {
  return { facts, data: { ...data, archive: { ...data.archive, file } } }
}

// Tests run the TypeScript sources, which a worker of Node 20 cannot load: they use the built worker.
const WORKER_FILE = import.meta.url.endsWith('.ts')
  ? '../../dist/src/workers/worker.js'
  : './worker.js'
