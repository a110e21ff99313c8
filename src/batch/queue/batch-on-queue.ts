import { resolve } from 'node:path'
import { isUrl } from '../find/places.ts'
import type { Results } from '../results.ts'
import type { BatchEvents } from '../run-batch.ts'
import type { SampleCaptures } from '../sample.ts'
import type { SampleTask } from '../sample-task.ts'
import type { QueueAddress } from './connection.ts'
import { runIdOf } from './queue-job.ts'
import { runOnQueue } from './queue-run.ts'

export interface BatchQueue {
  address: QueueAddress
  /** Null: called after its samples. */
  run: string | null
  /** Words for standard error. */
  onNotice(text: string): void
}

/** As `runBatch`, by the workers that take samples from a queue. */
export async function runBatchOnQueue(
  tasks: readonly SampleTask[],
  results: Results,
  { address, run, onNotice }: BatchQueue,
  signal: AbortSignal,
  events: BatchEvents = {},
): Promise<void> {
  const all = tasks.map(forAnyFolder)
  const waiting: SampleTask[] = []
  for (const task of all) {
    const row = results.kept(task)
    if (row === null) waiting.push(task)
    else events.ended?.(row, true)
  }
  await runOnQueue(waiting, {
    address,
    // Of all of them, so that a run that goes on is the same run.
    run: run ?? runIdOf(all),
    signal,
    onRow(row) {
      results.add(row)
      events.ended?.(row, false)
    },
    onStarted: (task) => events.started?.(task),
    onProgress: (task, bytesRead, totalBytes) => events.progress?.(task, bytesRead, totalBytes),
    onNotice,
  })
}

/** With paths that mean the same in whatever folder the worker was started. */
function forAnyFolder(task: SampleTask): SampleTask {
  const { sample, options, results, rows } = task
  return {
    ...task,
    sample: {
      ...sample,
      captures: absoluteCaptures(sample.captures),
      accessLogs: sample.accessLogs.map(absolute),
      kubernetes: sample.kubernetes.map(absolute),
    },
    options: {
      ...options,
      accessLogs: options.accessLogs.map(absolute),
      kubernetes: options.kubernetes.map(absolute),
    },
    results: results === null ? null : resolve(results),
    rows: rows === null ? null : resolve(rows),
  }
}

function absoluteCaptures(captures: SampleCaptures): SampleCaptures {
  if ('capture' in captures) return { capture: captures.capture.map(absolute) }
  return { client: captures.client.map(absolute), upstream: captures.upstream.map(absolute) }
}

function absolute(path: string): string {
  return isUrl(path) ? path : resolve(path)
}
