import { RstscopeError } from '../errors.ts'
import {
  analyzeStream,
  compareStream,
  type EngineOptions,
  type Progress,
  Redaction,
} from '../index.ts'
import type { ReportStream } from '../model/report.ts'
import { isUrl } from './find/places.ts'
import { UrlStream } from './remote/open-url.ts'
import { writeConnections, writeReports } from './report-files.ts'
import { failedRow, rowOf } from './row-of.ts'
import type { Sample } from './sample.ts'
import type { SampleRow } from './sample-row.ts'
import type { SampleTask } from './sample-task.ts'

export interface SampleHooks {
  signal: AbortSignal
  /** Bytes of its captures read so far, and how many there are where that is known. */
  onProgress(bytesRead: number, totalBytes: number | null): void
}

/**
 * Analyses one sample and writes its reports. What is wrong with the sample itself becomes a row that says so; rejects
 * when the signal aborts, when results cannot be written, and with what is a defect of this program.
 */
export async function runSample(task: SampleTask, hooks: SampleHooks): Promise<SampleRow> {
  let found: ReportStream
  try {
    found = await reportOf(task, hooks)
  } catch (error) {
    hooks.signal.throwIfAborted()
    if (!(error instanceof RstscopeError) || error.code === 'RSTSCOPE_INTERNAL') throw error
    return failedRow(task, { code: error.code, message: error.message, hint: error.hint })
  }
  const { redactKey } = task.options
  try {
    const stream = redactKey === null ? found : new Redaction(found, redactKey).stream(found)
    const reports = await writeReports(stream, task, hooks.signal)
    await writeConnections(stream, task)
    return rowOf(stream, task, reports)
  } finally {
    found.close?.()
  }
}

async function reportOf(task: SampleTask, hooks: SampleHooks): Promise<ReportStream> {
  const options = engineOptions(task, hooks)
  const { captures } = task.sample
  if ('capture' in captures) return analyzeStream(await opened(captures.capture, hooks), options)
  const [client, upstream] = await Promise.all(
    [captures.client, captures.upstream].map((files) => opened(files, hooks)),
  )
  return compareStream({ client: client!, upstream: upstream! }, options)
}

/** Files as they are, addresses as streams. The first of a set is asked for at once: it tells its length. */
async function opened(files: string[], { signal }: SampleHooks): Promise<(string | UrlStream)[]> {
  if (!files.some(isUrl)) return files
  const inputs = files.map((file) => (isUrl(file) ? new UrlStream(file, { signal }) : file))
  const [first] = inputs
  if (first instanceof UrlStream) await first.open()
  return inputs
}

function engineOptions({ sample, options, jobs }: SampleTask, hooks: SampleHooks): EngineOptions {
  const { accessLogs, kubernetes, render: _, redactKey: __, ...engine } = options
  const progress = new Map<string, Progress>()
  return {
    ...engine,
    jobs,
    signal: hooks.signal,
    kubernetes: [...sample.kubernetes, ...kubernetes],
    accessLogs: [...sample.accessLogs, ...accessLogs].map((input) => ({ input })),
    onProgress: (state) => {
      progress.set(state.capture, state)
      hooks.onProgress(bytesRead(progress), sample.bytes ?? totalBytes(progress, sample))
    },
  }
}

function bytesRead(progress: ReadonlyMap<string, Progress>): number {
  return [...progress.values()].reduce((sum, one) => sum + one.bytesRead, 0)
}

/** Known when every capture of the sample has told its own. */
function totalBytes(progress: ReadonlyMap<string, Progress>, { captures }: Sample): number | null {
  const totals = [...progress.values()].map((one) => one.totalBytes)
  if (totals.length < ('capture' in captures ? 1 : 2) || totals.includes(null)) return null
  return totals.reduce<number>((sum, bytes) => sum + bytes!, 0)
}
