import { createHash } from 'node:crypto'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { RstscopeError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import { parseRow } from '../row-check.ts'
import type { SampleRow } from '../sample-row.ts'
import type { SampleTask } from '../sample-task.ts'

/** What lies in the queue for a sample. */
export interface QueueJob {
  version: string
  run: string
  task: SampleTask
}

/** Keys in Redis begin with it. */
export const PREFIX = 'rstscope'
/** Nearly every row is some kilobytes. What is larger than this would make Redis the storage that it is not. */
export const MAX_ROW_BYTES = 4 << 20
/** Redis forgets a result that nobody collected. The sample is then analysed again. */
export const KEEP_SECONDS = 7 * 24 * 3600

/** Versions answer differently, so each has a queue of its own: a worker never takes what another asked for. */
export function queueName(version: string): string {
  return `samples-${version}`
}

/** The version whose samples a queue holds; null for a queue of somebody else. */
export function versionOfQueue(name: string): string | null {
  return /^samples-(.+)$/.exec(name)?.[1] ?? null
}

/** The same for the same sample with the same key in the same run, so that adding it again adds nothing. */
export function jobId(run: string, { sample, key }: SampleTask): string {
  return createHash('sha256')
    .update(JSON.stringify([run, sample.id, key]))
    .digest('hex')
}

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** Refuses a name that could not be part of a file's. */
export function checkRunId(run: string): void {
  if (RUN_ID.test(run)) return
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    'a run id is 1 to 64 letters, digits, dots, dashes or underscores',
    '--run-id nightly-2026-11-20',
  )
}

/** A run without a name is called after what it does: the same command, given again, goes on where it was. */
export function runIdOf(tasks: readonly SampleTask[]): string {
  const parts = tasks.map(({ sample, key, results }) => JSON.stringify([sample.id, key, results]))
  return createHash('sha256').update(parts.sort().join('\n')).digest('hex').slice(0, 16)
}

/**
 * What a worker finds in the queue. Whoever can write there decides what workers read: the form is checked so that a
 * job of something else fails in words.
 */
export function readJob(data: unknown, version: string): QueueJob {
  const { version: other, run, task } = (data ?? {}) as Partial<QueueJob>
  if (typeof run !== 'string' || !RUN_ID.test(run) || typeof task?.sample?.id !== 'string') {
    throw new Error('the job is not one of rstscope')
  }
  if (other !== version) {
    throw new Error(`the job is of rstscope ${String(other)}, this worker is ${version}`)
  }
  return data as QueueJob
}

/** The row that a worker returned; an error where it is not about this sample. */
export function readRow(value: unknown, { sample, key }: SampleTask): SampleRow {
  const row = parseRow(JSON.stringify(value ?? null), 'what its worker returned')
  if (row.sample === sample.id && row.key === key && row.tool.version === VERSION) return row
  throw new Error('its worker returned the row of something else')
}

/**
 * The row, small enough to travel: where it is not, the longest lists of single connections (`findings[].ends`) are
 * halved until it is, and `limits` says so. Counts stay those of all connections.
 */
export function boundRow(row: SampleRow, maxBytes = MAX_ROW_BYTES): SampleRow {
  if (sizeOf(row) <= maxBytes) return row
  let findings = row.findings
  const limits = [...new Set([...row.limits, 'row-cut'])]
  for (;;) {
    const longest = Math.max(0, ...findings.map(({ ends }) => ends.length))
    if (longest === 0) {
      throw new Error(`its row is larger than ${maxBytes} bytes, even without its connections`)
    }
    const kept = Math.floor(longest / 2)
    findings = findings.map((one) => ({ ...one, ends: one.ends.slice(0, kept) }))
    const cut = { ...row, findings, limits }
    if (sizeOf(cut) <= maxBytes) return cut
  }
}

function sizeOf(row: SampleRow): number {
  return Buffer.byteLength(JSON.stringify(row))
}

/** Where what it writes goes: on storage that every machine sees under this path. */
export function foldersOf({ results, rows }: SampleTask): string[] {
  return [...new Set([results, rows])].filter((folder) => folder !== null)
}

/** Puts a mark into the folder of the results, by which a worker knows that it sees the same one. */
export async function markResults(folder: string, run: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(markOf(folder, run), '')
}

/** Takes the mark away. */
export async function unmarkResults(folder: string, run: string): Promise<void> {
  await rm(markOf(folder, run), { force: true })
}

/** Whether this machine sees the folder of that run; one of its own under the same path is another. */
export async function seesResults(folder: string, run: string): Promise<boolean> {
  return access(markOf(folder, run)).then(
    () => true,
    () => false,
  )
}

function markOf(folder: string, run: string): string {
  return join(folder, `.run-${run}`)
}
