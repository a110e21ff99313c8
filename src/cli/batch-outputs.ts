import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import { readRows } from '../batch/read-rows.ts'
import { rowsFile, writeWhole } from '../batch/report-files.ts'
import { rowText } from '../batch/row-file.ts'
import type { SampleRow } from '../batch/sample-row.ts'
import {
  type BatchComparison,
  compareWithBaseline,
  reachesLevel,
} from '../batch/summary/baseline.ts'
import type { BatchSummary } from '../batch/summary/batch-summary.ts'
import { summarise } from '../batch/summary/summarise.ts'
import { batchJson } from '../batch/summary/summary-json.ts'
import { summaryText } from '../batch/summary/summary-text.ts'
import { RstscopeError } from '../errors.ts'
import { escapeText } from '../reports/text-escape.ts'
import type { TextOptions } from '../reports/text-style.ts'
import { isTable } from './batch-tasks.ts'
import { cannotWrite } from './evidence-files.ts'
import { EXIT } from './exit-code.ts'
import type { Format } from './formats.ts'
import type { Host } from './host.ts'
import type { OptionValues } from './options.ts'
import { type OutputFile, openOutputs, refuseCapture } from './output-files.ts'
import { textOptions } from './terminal-style.ts'
import { writeText } from './write-text.ts'

/** What a batch found, once all its samples are done. */
export interface BatchAnswer {
  summary: BatchSummary
  comparison: BatchComparison | null
  /** Paths of reports are as seen from the folder of the results; of merged runs, from this folder. */
  rows(from: string): Iterable<SampleRow>
  /** The folder that the reports are below of; null where no reports were written. */
  results: string | null
  /** Where samples left the rows of their connections; null where none did. */
  workFolder: string | null
}

/** Before hours of work: a baseline that cannot be read is told at once. */
export function checkBaseline({ baseline }: OptionValues): void {
  if (baseline !== undefined) for (const _ of readRows(baseline)) break
}

/** What the rows of a run say together, and beside those of an earlier one. */
export function answerOf(
  rows: BatchAnswer['rows'],
  { baseline }: OptionValues,
  { results, workFolder }: Pick<BatchAnswer, 'results' | 'workFolder'>,
): BatchAnswer {
  const summary = summarise(rows('.'))
  const comparison =
    baseline === undefined ? null : compareWithBaseline(rows('.'), readRows(baseline))
  return { summary, comparison, rows, results, workFolder }
}

/** The files of --out, open before anything is read, so that a bad path fails at once. */
export interface BatchOutputs {
  files: OutputFile[]
  /** Paths of tables of connections. */
  tables: string[]
  discard(): Promise<void>
}

const EXTENSIONS = ['.txt', '.json', '.ndjson', '.html']

export async function openBatchOutputs(
  values: OptionValues,
  inputs: string[],
): Promise<BatchOutputs> {
  const tables = (values.out ?? []).filter(isTable)
  const paths = (values.out ?? []).filter((path) => !isTable(path))
  const wrong = paths.find(
    (path) => path !== '-' && !EXTENSIONS.includes(extname(path).toLowerCase()),
  )
  if (wrong !== undefined) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      `--out ${wrong}: the format is told by the extension, and a batch has none of this one`,
      `name the file ${EXTENSIONS.join(', ')} or .parquet; reports of single samples: --results FOLDER`,
    )
  }
  for (const path of tables) await checkTable(path, inputs)
  const files = await openOutputs(paths, inputs)
  const discard = async () => {
    await Promise.all(files.map((file) => file.discard()))
  }
  return { files, tables, discard }
}

async function checkTable(path: string, inputs: string[]): Promise<void> {
  await refuseCapture(resolve(path), inputs)
  await access(dirname(resolve(path)), constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    throw cannotWrite(path, error)
  })
}

/** The exit code of a batch: with a baseline only what is new or worse makes it fail. */
export function batchExitCode(
  { summary, comparison }: BatchAnswer,
  { failOn }: OptionValues,
): number {
  if (failOn !== 'never' && reachesLevel(summary, comparison, failOn)) return EXIT.failed
  return summary.samples.failed + summary.samples.partly > 0 ? EXIT.partly : EXIT.done
}

/** Writes the files, prints the answer, and says where the files are. */
export async function deliverBatch(
  answer: BatchAnswer,
  values: OptionValues,
  { files, tables }: BatchOutputs,
  host: Host,
): Promise<void> {
  const plain = { color: false, ascii: values.ascii ?? false, width: values.width ?? 100 }
  for (const file of files) {
    const pieces = await render(answer, file.format, values, plain, dirname(file.path))
    await file.write(pieces, host.signal)
  }
  for (const path of tables) await writeTable(path, answer, host.signal)
  if (!values.quiet || values.out?.includes('-')) {
    const format: Format = values.json ? 'json' : values.format
    const pieces = await render(answer, format, values, textOptions(values, host))
    await writeText(host.stdout, pieces, host.signal)
  }
  if (values.results !== undefined) {
    const page = join(values.results, 'index.html')
    const pieces = await render(answer, 'html', values, plain, values.results)
    await writeWhole(page, pieces, host.signal)
  }
  if (values.quiet) return
  const written = [...files.map(({ path }) => path), ...tables, values.results].filter(Boolean)
  for (const path of written) host.stderr.write(`Wrote ${escapeText(path!)}\n`)
}

async function writeTable(path: string, answer: BatchAnswer, signal: AbortSignal): Promise<void> {
  const { joinParts } = await import('../batch/table/parquet.ts')
  await joinParts(partsOf(answer), path, signal)
}

/** A sample that could not be read has left no rows. */
function* partsOf({ rows, workFolder }: BatchAnswer): Iterable<string> {
  for (const { sample, status } of rows('.')) {
    if (status !== 'failed') yield join(workFolder!, rowsFile(sample))
  }
}

/** A folder as seen from this one, as a link names it. */
function seenFrom(folder: string, other: string): string {
  return relative(resolve(folder), resolve(other)).split(sep).join('/')
}

async function render(
  { summary, comparison, rows, results }: BatchAnswer,
  format: Format,
  values: OptionValues,
  style: TextOptions,
  folder = '.',
): Promise<Iterable<string>> {
  switch (format) {
    case 'ndjson':
      return texts(rows(folder))
    case 'json':
      return [batchJson(summary, comparison)]
    case 'html': {
      const { writeIndexPage } = await import('../batch/html/index-page.ts')
      const below = results ?? folder
      const way = seenFrom(folder, below)
      return writeIndexPage({ summary, comparison, rows: rows(below), results: way })
    }
    default:
      return [summaryText(summary, comparison, { ...style, all: values.all ?? false })]
  }
}

function* texts(rows: Iterable<SampleRow>): Iterable<string> {
  for (const row of rows) yield rowText(row)
}
