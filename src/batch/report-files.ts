import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ReportStream } from '../model/report.ts'
import { RENDERERS } from '../reports/renderers.ts'
import type { SampleTask } from './sample-task.ts'

const CHUNK_CHARACTERS = 1 << 16

/** Where a sample's reports lie below the folder of the results. */
export function sampleFolder(id: string): string {
  return `samples/${id}`
}

/** Where the rows of a sample's connections lie below the folder of the rows. */
export function rowsFile(id: string): string {
  return `${sampleFolder(id)}/connections.rows`
}

/** Leaves the rows of a sample's connections for a table of all. */
export async function writeConnections(stream: ReportStream, task: SampleTask): Promise<void> {
  const { rows, sample } = task
  if (rows === null) return
  const path = join(rows, rowsFile(sample.id))
  await mkdir(dirname(path), { recursive: true })
  const { writeRows } = await import('./table/row-parts.ts')
  writeRows(path, sample.id, stream.connections())
}

/**
 * Writes the reports that the task asks for; tells their paths below the folder of the results. A report has its name
 * only when it is whole.
 */
export async function writeReports(
  stream: ReportStream,
  task: SampleTask,
  signal: AbortSignal,
): Promise<string[]> {
  const { results, reports, sample, options } = task
  if (results === null || reports.length === 0) return []
  const folder = sampleFolder(sample.id)
  await mkdir(join(results, folder), { recursive: true })
  const style = { ...options.render, color: false }
  for (const { format, file } of reports) {
    const renderer = await RENDERERS[format]()
    await writeWhole(join(results, folder, file), renderer(stream, style), signal)
  }
  return reports.map(({ file }) => `${folder}/${file}`)
}

/** Writes a file beside its place and moves it there when it is whole. */
export async function writeWhole(
  path: string,
  pieces: Iterable<string>,
  signal?: AbortSignal,
): Promise<void> {
  const unfinished = `${path}.part`
  try {
    await pipeline(chunks(pieces), createWriteStream(unfinished), { signal })
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

function* chunks(pieces: Iterable<string>): Iterable<string> {
  let pending = ''
  for (const piece of pieces) {
    pending += piece
    if (pending.length < CHUNK_CHARACTERS) continue
    yield pending
    pending = ''
  }
  if (pending !== '') yield pending
}
