import { Worker } from 'node:worker_threads'
import { RstscopeError } from '../errors.ts'
import { failedRow } from './row-of.ts'
import type { SampleHooks } from './run-sample.ts'
import type { SampleRow } from './sample-row.ts'
import type { SampleTask } from './sample-task.ts'

/** What a thread of the pool says. */
export type PoolMessage =
  | { kind: 'progress'; bytesRead: number; totalBytes: number | null }
  | { kind: 'done'; row: SampleRow }
  | { kind: 'failed'; error: Error }

/**
 * Threads that analyse one sample each. A thread is kept for the next sample; one that dies takes its sample with it and
 * nothing else.
 */
export class SamplePool {
  private readonly idle: Worker[] = []
  private readonly all = new Set<Worker>()

  /**
   * As `runSample`, in a thread of its own; how many run at once is the caller's to say. Rejects only when the signal
   * aborts: whatever else goes wrong is the sample's row.
   */
  async run(task: SampleTask, { signal, onProgress }: SampleHooks): Promise<SampleRow> {
    signal.throwIfAborted()
    const worker = this.idle.pop() ?? this.start()
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        signal.removeEventListener('abort', abort)
        worker.off('message', hear).off('error', fall).off('exit', leave)
        finish()
      }
      const end = (finish: () => void) => {
        this.all.delete(worker)
        settle(() => void worker.terminate().then(finish))
      }
      const fail = (error: SampleRow['error']) => end(() => resolve(failedRow(task, error!)))
      const hear = (message: PoolMessage) => {
        if (message.kind === 'progress') onProgress(message.bytesRead, message.totalBytes)
        else if (message.kind === 'failed') fail(failureOf(message.error))
        else {
          settle(() => {
            this.idle.push(worker)
            resolve(message.row)
          })
        }
      }
      const fall = (error: Error) => fail(deathOf(error))
      const leave = (code: number) => fail(deathOf(new Error(`exit ${code}`)))
      const abort = () =>
        end(() => reject(new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted')))
      signal.addEventListener('abort', abort, { once: true })
      worker.on('message', hear).on('error', fall).on('exit', leave)
      worker.postMessage(task)
    })
  }

  async close(): Promise<void> {
    await Promise.all([...this.all].map((worker) => worker.terminate()))
    this.all.clear()
    this.idle.length = 0
  }

  private start(): Worker {
    const worker = new Worker(new URL(THREAD_FILE, import.meta.url))
    this.all.add(worker)
    // One that dies while it waits is not given another sample; what it died of is no sample's.
    worker.on('error', () => {})
    worker.on('exit', () => {
      this.all.delete(worker)
      const at = this.idle.indexOf(worker)
      if (at >= 0) this.idle.splice(at, 1)
    })
    return worker
  }
}

/** Results could not be written, or this program has a defect. */
function failureOf(error: Error & { code?: string }): NonNullable<SampleRow['error']> {
  return {
    code: 'RSTSCOPE_INTERNAL',
    message: error.message.split('\n')[0]!,
    hint:
      error.code === 'ENOSPC'
        ? 'make room, then run again with --resume'
        : 'run analyze or compare on it with --verbose, and report what it prints',
  }
}

function deathOf(error: Error & { code?: string }): NonNullable<SampleRow['error']> {
  const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return {
    code: 'RSTSCOPE_INTERNAL',
    message: isMemory
      ? 'its thread ran out of memory'
      : `its thread ended early: ${error.message.split('\n')[0]}`,
    hint: isMemory
      ? 'analyse it alone with --max-memory, or select with --host, --port, --since and --until'
      : 'run analyze or compare on it with --verbose, and report what it prints',
  }
}

// Tests run the TypeScript sources, which a worker of Node 20 cannot load: they use the built one.
const THREAD_FILE = import.meta.url.endsWith('.ts')
  ? '../../dist/src/batch/sample-thread.js'
  : './sample-thread.js'
