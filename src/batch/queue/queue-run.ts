import type { Job, Queue } from 'bullmq'
import { RstscopeError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { withoutSecrets } from '../remote/without-secrets.ts'
import { failedRow } from '../row-of.ts'
import type { SampleRow } from '../sample-row.ts'
import type { SampleTask } from '../sample-task.ts'
import { checkQueue, type QueueAddress } from './connection.ts'
import { connectionNotices } from './connection-notices.ts'
import { loadBullmq, loadRedis } from './packages.ts'
import {
  checkRunId,
  foldersOf,
  jobId,
  KEEP_SECONDS,
  markResults,
  PREFIX,
  type QueueJob,
  queueName,
  readRow,
  unmarkResults,
} from './queue-job.ts'
import { lockRun } from './run-lock.ts'
import { orAbort, within } from './waiting.ts'
import { missingWorkers } from './worker-list.ts'

/** As many samples of a run lie in Redis at a time; the others wait here. */
const WINDOW = 2000
const CHUNK = 100
/** Every so often all states are read: an event that was missed delays a row, no more. */
const RECONCILE_MS = 3000
const BACKOFF_MS = 2000
/** Events tell when to look, and nothing else: few have to be kept. */
const KEPT_EVENTS = 200
const CLOSE_MS = 1000

export interface QueueRunOptions {
  address: QueueAddress
  run: string
  /** How often a sample is tried, when its worker fails or cannot read it. Default: 3. */
  attempts?: number
  signal: AbortSignal
  /** Called once for each sample, one after the other. When it resolves, the row is kept and Redis forgets it. */
  onRow(row: SampleRow): Promise<void> | void
  onStarted(task: SampleTask): void
  onProgress(task: SampleTask, bytesRead: number, totalBytes: number | null): void
  /** Words for standard error. */
  onNotice(text: string): void
}

/**
 * Puts samples into the queue, largest first, and collects the row of each exactly once. What counts is the state of
 * the jobs in Redis, which is compared with what is still owed: so nothing is lost when events are, when this process
 * is started again, or when Redis is, with its memory or without. Rejects when interrupted; the same run, started
 * again, goes on.
 */
export async function runOnQueue(
  tasks: readonly SampleTask[],
  options: QueueRunOptions,
): Promise<void> {
  const { address, run, signal, onNotice } = options
  checkRunId(run)
  await checkQueue(address)
  const { Queue, QueueEvents } = await loadBullmq()
  const Redis = await loadRedis()
  const name = queueName(VERSION)
  const redis = new Redis(address.options)
  const connection = { connection: address.options, prefix: PREFIX }
  const queue = new Queue(name, { ...connection, streams: { events: { maxLen: KEPT_EVENTS } } })
  const events = new QueueEvents(name, connection)
  const onError = connectionNotices(address, onNotice)
  redis.on('error', onError)
  queue.on('error', onError)
  events.on('error', onError)
  redis.on('ready', onError.over)
  const folders = new Set(tasks.flatMap(foldersOf))
  try {
    const waiting = () => onNotice(`waiting for the process that collected the run ${run} before`)
    const lock = await lockRun(redis, run, signal, waiting)
    try {
      for (const folder of folders) await markResults(folder, run)
      const collector = new Collector(tasks, queue, options, AbortSignal.any([signal, lock.lost]))
      events.on('completed', ({ jobId: id }) => collector.look(id))
      events.on('failed', ({ jobId: id }) => collector.look(id))
      events.on('active', ({ jobId: id }) => collector.showStart(id))
      events.on('progress', ({ jobId: id, data }) => collector.showProgress(id, data))
      await collector.collect(() => missingWorkers(redis, VERSION))
      for (const folder of folders) await unmarkResults(folder, run)
    } catch (error) {
      throw lock.lost.aborted ? takenOver(run) : error
    } finally {
      await lock.release(signal.aborted)
    }
  } finally {
    // A server that is down is not waited for.
    await within(Promise.allSettled([queue.disconnect(), events.close()]), CLOSE_MS)
    redis.disconnect()
  }
}

function takenOver(run: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_INTERRUPTED',
    `the run ${run} is collected by another process now`,
    'another --run-id makes it a run of its own',
  )
}

class Collector {
  readonly #queue: Queue
  readonly #options: QueueRunOptions
  readonly #signal: AbortSignal
  /** Not yet in the queue; the next one is the last. */
  readonly #unsent: SampleTask[]
  /** In the queue and not collected, by the id of their job. */
  readonly #owed = new Map<string, SampleTask>()
  readonly #toLookAt = new Set<string>()
  /** True at first: a run that goes on finds finished samples there. */
  #isAskedForAll = true
  #wake: () => void = () => {}

  constructor(
    tasks: readonly SampleTask[],
    queue: Queue,
    options: QueueRunOptions,
    signal: AbortSignal,
  ) {
    this.#queue = queue
    this.#options = options
    this.#signal = signal
    // The longest are begun first, so that none is left alone at the end; a size that is not known may be any.
    const size = ({ sample }: SampleTask) => sample.bytes ?? Number.POSITIVE_INFINITY
    this.#unsent = [...tasks].sort((a, b) => (size(a) < size(b) ? -1 : size(a) > size(b) ? 1 : 0))
  }

  /** Looks at a job soon. */
  look(id: string): void {
    if (!this.#owed.has(id)) return
    this.#toLookAt.add(id)
    this.#wake()
  }

  showStart(id: string): void {
    const task = this.#owed.get(id)
    if (task !== undefined) this.#options.onStarted(task)
  }

  showProgress(id: string, data: unknown): void {
    const task = this.#owed.get(id)
    const { bytesRead, totalBytes } = (data ?? {}) as { bytesRead?: number; totalBytes?: number }
    if (task === undefined || typeof bytesRead !== 'number') return
    this.#options.onProgress(task, bytesRead, totalBytes ?? null)
  }

  async collect(missing: () => Promise<string | null>): Promise<void> {
    let said: string | null = null
    const timer = setInterval(() => this.#lookAtAll(), RECONCILE_MS)
    try {
      while (this.#unsent.length > 0 || this.#owed.size > 0) {
        await this.#send()
        await this.#somethingToLookAt()
        if (this.#isAskedForAll) {
          this.#isAskedForAll = false
          for (const id of this.#owed.keys()) this.#toLookAt.add(id)
          const what = await orAbort(missing(), this.#signal)
          if (what !== null && what !== said) this.#options.onNotice(what)
          said = what
        }
        // An event may come for what was collected while it was under way.
        const ids = [...this.#toLookAt].filter((id) => this.#owed.has(id))
        this.#toLookAt.clear()
        for (let at = 0; at < ids.length; at += CHUNK) await this.#settle(ids.slice(at, at + CHUNK))
      }
    } finally {
      clearInterval(timer)
    }
  }

  #lookAtAll(): void {
    this.#isAskedForAll = true
    this.#wake()
  }

  async #send(): Promise<void> {
    while (this.#unsent.length > 0 && this.#owed.size < WINDOW) {
      const tasks: SampleTask[] = []
      while (tasks.length < CHUNK && this.#unsent.length > 0) tasks.push(this.#unsent.pop()!)
      for (const task of tasks) this.#owed.set(jobId(this.#options.run, task), task)
      await this.#add(tasks)
    }
  }

  /** Adds nothing for a job that is there already, whatever its state. */
  async #add(tasks: SampleTask[]): Promise<void> {
    const { run, attempts = 3 } = this.#options
    const keep = { age: KEEP_SECONDS }
    const jobs = tasks.map((task) => ({
      name: 'sample',
      data: { version: VERSION, run, task } satisfies QueueJob,
      opts: {
        jobId: jobId(run, task),
        attempts,
        backoff: { type: 'exponential', delay: BACKOFF_MS },
        removeOnComplete: keep,
        removeOnFail: keep,
        stackTraceLimit: 1,
      },
    }))
    await orAbort(this.#queue.addBulk(jobs), this.#signal)
  }

  async #somethingToLookAt(): Promise<void> {
    if (this.#toLookAt.size > 0 || this.#isAskedForAll) return
    const next = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    await orAbort(next, this.#signal)
  }

  async #settle(ids: string[]): Promise<void> {
    const states = await orAbort(
      Promise.all(ids.map(async (id) => ({ id, state: await this.#queue.getJobState(id) }))),
      this.#signal,
    )
    const finished = states.filter(({ state }) => state === 'completed' || state === 'failed')
    const jobs = await orAbort(
      Promise.all(finished.map(({ id }) => this.#queue.getJob(id))),
      this.#signal,
    )
    for (const [at, job] of jobs.entries()) {
      // Gone between the two questions: the next look finds it unknown.
      if (job === undefined) continue
      const { id, state } = finished[at]!
      const task = this.#owed.get(id)!
      await this.#options.onRow(this.#rowOf(job, task, state === 'completed'))
      this.#owed.delete(id)
      await orAbort(job.remove(), this.#signal)
    }
    // Redis was started again without its memory, or forgot what was not collected in days.
    const unknown = states.filter(({ state }) => state === 'unknown')
    if (unknown.length > 0) await this.#add(unknown.map(({ id }) => this.#owed.get(id)!))
  }

  #rowOf(job: Job, task: SampleTask, isCompleted: boolean): SampleRow {
    const failed = (why: string) =>
      failedRow(task, {
        code: 'RSTSCOPE_INTERNAL',
        message: withoutSecrets(why),
        hint: 'look at what the worker wrote; --resume tries the sample again',
      })
    if (!isCompleted) return failed(reasonOf(job))
    try {
      return readRow(job.returnvalue, task)
    } catch (error) {
      return failed((error as Error).message)
    }
  }
}

function reasonOf({ failedReason, attemptsMade }: Job): string {
  if (/stalled more than/.test(failedReason)) {
    return 'its workers ended while they read it, again and again (out of memory?)'
  }
  return `${failedReason || 'no reason is known'} (tried ${Math.max(1, attemptsMade)} times)`
}
