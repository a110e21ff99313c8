import { SamplePool } from './pool.ts'
import type { Results } from './results.ts'
import type { SampleRow } from './sample-row.ts'
import type { SampleTask } from './sample-task.ts'

/** A smaller sample is read before more threads would have started. */
const WORTH_THREADS_BYTES = 32 << 20

/** What a run tells while it goes on. */
export interface BatchEvents {
  started?(task: SampleTask): void
  progress?(task: SampleTask, bytesRead: number, totalBytes: number | null): void
  /** `kept`: its row is that of an earlier run. */
  ended?(row: SampleRow, kept: boolean): void
}

/**
 * Analyses samples on this machine, one in each thread, the largest first, so that no thread waits long at the end; what
 * is large and would run alone is divided over the threads that are free. Rows go to the results as samples end.
 * Rejects when the signal aborts; what was done by then is kept.
 */
export async function runBatch(
  tasks: readonly SampleTask[],
  results: Results,
  threads: number,
  signal: AbortSignal,
  events: BatchEvents = {},
): Promise<void> {
  const waiting: SampleTask[] = []
  for (const task of tasks) {
    const row = results.kept(task)
    if (row === null) waiting.push(task)
    else events.ended?.(row, true)
  }
  waiting.sort((a, b) => (b.sample.bytes ?? 0) - (a.sample.bytes ?? 0))
  const pool = new SamplePool()
  let busy = 0
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const jobs = jobsFor(task, threads - busy, waiting.length)
      busy += jobs
      events.started?.(task)
      const row = await pool.run(
        { ...task, jobs },
        { signal, onProgress: (read, total) => events.progress?.(task, read, total) },
      )
      busy -= jobs
      results.add(row)
      events.ended?.(row, false)
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(threads, waiting.length) }, work))
  } finally {
    waiting.length = 0
    await pool.close()
  }
}

/** How many of the free threads one sample takes, while so many others wait. */
export function jobsFor(
  { sample }: Pick<SampleTask, 'sample'>,
  free: number,
  others: number,
): number {
  if ((sample.bytes ?? 0) < WORTH_THREADS_BYTES) return 1
  return Math.max(1, Math.floor(free / (others + 1)))
}
