import type { Job } from 'bullmq'
import { RstscopeError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { withoutSecrets } from '../remote/without-secrets.ts'
import { failedRow } from '../row-of.ts'
import type { SampleHooks } from '../run-sample.ts'
import type { SampleRow } from '../sample-row.ts'
import type { SampleTask } from '../sample-task.ts'
import { checkQueue, type QueueAddress } from './connection.ts'
import { connectionNotices } from './connection-notices.ts'
import { loadBullmq } from './packages.ts'
import { boundRow, foldersOf, PREFIX, queueName, readJob, seesResults } from './queue-job.ts'
import { pause, within } from './waiting.ts'

const STALLED_AFTER_MS = 30_000
const GRACE_MS = 20_000
const PROGRESS_EVERY_MS = 1000
const RETRY_FETCH_MS = 1000
/** A worker that does not see the results must not be the fastest of all, and take every sample to fail it. */
const BLIND_MS = 2000
/** So many workers may die over one sample before it is given up: it may be what kills them. */
const MAX_STALLED = 3
const CLOSE_MS = 5000

/** What cannot be read here, and what this machine has no memory or room for, may be possible on another. */
const ELSEWHERE = new Set(['RSTSCOPE_UNREADABLE', 'RSTSCOPE_INTERNAL'])

export interface QueueWorkerOptions {
  address: QueueAddress
  /** Default: this version. Another one has a queue of its own. */
  version?: string
  /** Names the worker in messages: host and process. */
  name: string
  /** Samples at a time. */
  jobs: number
  /** Analyses one sample outside of this thread, which has to tell Redis in the meantime that the worker lives. */
  run(task: SampleTask, hooks: SampleHooks): Promise<SampleRow>
  /** Takes no more samples when it fires; what is not done `graceMs` later goes back to the queue. */
  signal: AbortSignal
  graceMs?: number
  /** A sample of a worker that has been silent for so long is given to another. */
  stalledAfterMs?: number
  /** Called with the row of each sample that is done. */
  onRow(row: SampleRow): void
  /** Words for standard error. */
  onNotice(text: string): void
}

/** Takes samples from the queue until the signal fires. */
export async function serveQueue(options: QueueWorkerOptions): Promise<void> {
  const { address, version = VERSION, signal, onNotice } = options
  const { graceMs = GRACE_MS, stalledAfterMs = STALLED_AFTER_MS } = options
  await checkQueue(address)
  const { Worker, WaitingError } = await loadBullmq()
  const handBack = new AbortController()
  let underWay = 0

  const take = async (job: Job, token?: string, lost?: AbortSignal): Promise<SampleRow> => {
    underWay++
    const stop = AbortSignal.any(lost ? [handBack.signal, lost] : [handBack.signal])
    try {
      const row = await answer(job, stop, options)
      options.onRow(row)
      return row
    } catch (error) {
      if (handBack.signal.aborted) {
        await job.moveToWait(token)
        throw new WaitingError()
      }
      throw new Error(withoutSecrets((error as Error).message), { cause: error })
    } finally {
      underWay--
    }
  }
  const worker = new Worker(queueName(version), take, {
    connection: address.options,
    prefix: PREFIX,
    name: options.name,
    concurrency: options.jobs,
    lockDuration: stalledAfterMs,
    stalledInterval: stalledAfterMs,
    maxStalledCount: MAX_STALLED,
    runRetryDelay: RETRY_FETCH_MS,
  })
  const onError = connectionNotices(address, onNotice)
  worker.on('error', onError)
  worker.on('ready', onError.over)
  // Another worker has the sample: going on with it would be work for nothing.
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) worker.cancelJob(id)
  })
  await fired(signal)
  const closed = worker.close()
  const isClosed = await within(closed, graceMs)
  if (!isClosed) {
    if (underWay > 0) onNotice(`samples that are not done go back to the queue: ${underWay}`)
    handBack.abort()
    // A server that is down is not waited for, and what is open to it ends with the process.
    await within(closed, CLOSE_MS)
  }
}

async function answer(
  job: Job,
  stop: AbortSignal,
  { run, version = VERSION, name }: QueueWorkerOptions,
): Promise<SampleRow> {
  const { task, run: id } = readJob(job.data, version)
  const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1)
  for (const folder of foldersOf(task)) {
    if (await seesResults(folder, id)) continue
    await pause(BLIND_MS, stop)
    const blind = new RstscopeError(
      'RSTSCOPE_UNREADABLE',
      `the worker ${name} does not see the folder of the results: ${folder}`,
      'mount the same storage under the same path on every machine',
    )
    if (!isLast) throw blind
    return failedRow(task, { code: blind.code, message: blind.message, hint: blind.hint })
  }
  const row = await run(task, { signal: stop, onProgress: reporter(job) })
  if (!isLast && ELSEWHERE.has(row.error?.code ?? '')) throw new Error(row.error!.message)
  return boundRow(row)
}

/** Tells how far a sample is, once a second at most: each time is a command to Redis. */
function reporter(job: Job): (bytesRead: number, totalBytes: number | null) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (bytesRead, totalBytes) => {
    if (performance.now() - toldAt < PROGRESS_EVERY_MS) return
    toldAt = performance.now()
    // What is lost here is a step of a bar.
    job.updateProgress({ bytesRead, totalBytes }).catch(() => {})
  }
}

async function fired(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
