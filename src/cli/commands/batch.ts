import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { listSamples } from '../../batch/find/list-samples.ts'
import { type FoundSamples, findSamples } from '../../batch/find/samples.ts'
import { type BatchQueue, runBatchOnQueue } from '../../batch/queue/batch-on-queue.ts'
import type { QueueAddress } from '../../batch/queue/connection.ts'
import { Results } from '../../batch/results.ts'
import { runBatch } from '../../batch/run-batch.ts'
import type { Sample } from '../../batch/sample.ts'
import type { SampleTask } from '../../batch/sample-task.ts'
import { isInShard, parseShard } from '../../batch/shard.ts'
import { RstscopeError } from '../../errors.ts'
import { escapeText } from '../../reports/text-escape.ts'
import {
  answerOf,
  batchExitCode,
  checkBaseline,
  deliverBatch,
  openBatchOutputs,
} from '../batch-outputs.ts'
import { startBatchProgress } from '../batch-progress.ts'
import { tasksOf } from '../batch-tasks.ts'
import { EXIT } from '../exit-code.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { queueOf } from '../queue-option.ts'
import { writeText } from '../write-text.ts'
import { mergeCommand } from './batch-merge.ts'
import { checkTogether } from './run-options.ts'

/** Samples that are shown before a run starts; --list shows all of them. */
const MOST_SHOWN = 8

/** `rstscope batch`: many captures, one summary, and a report for each. */
export async function batchCommand(
  paths: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  if (values.merge) return mergeCommand(paths, values, host)
  checkBatch(paths, values, host)
  const queue = queueOf(values)
  const all = await findSamples(paths, {
    ...(values.pair === undefined ? {} : { pair: values.pair }),
    ...(values.manifest === undefined ? {} : { manifest: values.manifest }),
    // What an earlier run has left there is no capture of this one.
    ...(values.results === undefined ? {} : { exclude: [values.results] }),
    signal: host.signal,
  })
  const found = shardOf(all, values, host)
  if (values.list) {
    await writeText(host.stdout, [listSamples(found)], host.signal)
    return EXIT.done
  }
  refuseNothing(all, paths)
  if (!values.quiet) host.stderr.write(`${listSamples(found, { most: MOST_SHOWN })}\n`)
  return analyseAll(found.samples, queue, values, host)
}

async function analyseAll(
  samples: readonly Sample[],
  queue: QueueAddress | null,
  values: OptionValues,
  host: Host,
): Promise<number> {
  checkBaseline(values)
  const outputs = await openBatchOutputs(values, inputFiles(samples, values))
  const results = openResults(values)
  let ids: string[] = []
  let complete = false
  try {
    // Of a queue, the memory of a sample is its worker's.
    const threads = queue === null ? (values.jobs ?? availableParallelism()) : 1
    const redactKey = redactKeyOf(values, host)
    const { workFolder } = results
    const tasks = await tasksOf(samples, values, { threads, redactKey, workFolder })
    ids = tasks.map(({ sample }) => sample.id)
    await runTasks(tasks, results, { threads, queue }, values, host)
    await results.finish(ids)
    complete = true
    const answer = answerOf(() => results.rows(ids), values, {
      results: results.folder,
      workFolder,
    })
    await deliverBatch(answer, values, outputs, host)
    return batchExitCode(answer, values)
  } catch (error) {
    await outputs.discard()
    if (!complete) await keepWhatIsDone(results, ids, values, host)
    throw error
  } finally {
    results.close(complete)
  }
}

async function runTasks(
  tasks: SampleTask[],
  results: Results,
  { threads, queue }: { threads: number; queue: QueueAddress | null },
  values: OptionValues,
  host: Host,
): Promise<void> {
  const progress = startBatchProgress(values.quiet ? 'none' : values.progress, tasks, host)
  try {
    if (queue === null) await runBatch(tasks, results, threads, host.signal, progress)
    else await runBatchOnQueue(tasks, results, queueRun(queue, values, host), host.signal, progress)
  } finally {
    progress.stop()
  }
}

function openResults({ results, resume }: OptionValues): Results {
  return new Results(results ?? null, { resume: resume ?? false })
}

function queueRun(address: QueueAddress, values: OptionValues, host: Host): BatchQueue {
  const onNotice = (text: string) => host.stderr.write(`rstscope: ${escapeText(text)}\n`)
  return { address, run: values.runId ?? null, onNotice }
}

/** The slice of them that --shard names. */
function shardOf(found: FoundSamples, { shard }: OptionValues, host: Host): FoundSamples {
  if (shard === undefined) return found
  const slice = parseShard(shard, host.env.JOB_COMPLETION_INDEX)
  return { ...found, samples: found.samples.filter(({ id }) => isInShard(id, slice)) }
}

async function keepWhatIsDone(
  results: Results,
  ids: string[],
  values: OptionValues,
  host: Host,
): Promise<void> {
  if (results.folder === null) return
  await results.finish(ids)
  if (values.quiet) return
  const done = [...results.rows(ids)].length
  host.stderr.write(
    `rstscope: ${done} of ${ids.length} samples are done and kept; the same with --resume goes on from there\n`,
  )
}

function checkBatch(paths: string[], values: OptionValues, host: Host): void {
  const fail = (message: string, hint: string): never => {
    throw new RstscopeError('RSTSCOPE_USAGE', message, hint)
  }
  checkTogether({ ...values, out: [] }, [], host)
  if (paths.length === 0 && values.manifest === undefined) {
    fail('batch takes captures or folders, none given', 'rstscope batch PATH…')
  }
  if (paths.includes('-')) {
    fail('batch reads files, not standard input', 'rstscope analyze - or rstscope watch -')
  }
  if (values.results !== undefined) return
  if (values.resume) fail('--resume is given without --results', 'add --results FOLDER')
  if (values.report !== undefined)
    fail('--report is given without --results', 'add --results FOLDER')
}

function refuseNothing({ samples, passedOver }: FoundSamples, paths: string[]): void {
  if (samples.length > 0) return
  const seen = passedOver.reduce((sum, { count }) => sum + count, 0)
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    `no capture is in ${paths.join(', ')}`,
    seen > 0
      ? `${seen} files or folders were passed over: rstscope batch --list says why`
      : 'name a folder that holds captures, or the captures themselves',
  )
}

function redactKeyOf(values: OptionValues, host: Host): string | null {
  if (!values.redact) return null
  if (values.redactKey !== undefined) return values.redactKey
  const key = randomBytes(18).toString('base64url')
  if (!values.quiet) {
    host.stderr.write(
      `rstscope: redacted; the same pseudonyms again: --redact-key=${key} (a secret: who has it can undo them)\n`,
    )
  }
  return key
}

function inputFiles(samples: readonly Sample[], values: OptionValues): string[] {
  const ofSamples = samples.flatMap(({ captures, accessLogs, kubernetes }) => [
    ...Object.values(captures).flat(),
    ...accessLogs,
    ...kubernetes,
  ])
  const told = [values.baseline, values.manifest].filter((path) => path !== undefined)
  return [...ofSamples, ...told, ...(values.accessLog ?? []), ...(values.kubernetes ?? [])]
}
