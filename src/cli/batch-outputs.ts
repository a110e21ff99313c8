import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import { rowsFile, writeWhole } from '../batch/report-files.ts'
import { rowText } from '../batch/row-file.ts'
import type { SampleRow } from '../batch/sample-row.ts'
import type { BatchComparison } from '../batch/summary/baseline.ts'
import type { BatchSummary } from '../batch/summary/batch-summary.ts'
import { batchJson } from '../batch/summary/summary-json.ts'
import { summaryText } from '../batch/summary/summary-text.ts'
import { RstscopeError } from '../errors.ts'
import { escapeText } from '../reports/text-escape.ts'
import type { TextOptions } from '../reports/text-style.ts'
import { isTable } from './batch-tasks.ts'
import { cannotWrite } from './evidence-files.ts'
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
  rows(): Iterable<SampleRow>
  /** Where samples left the rows of their connections. */
  workFolder: string
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

/** Writes the files, prints the answer, and says where the files are. */
export async function deliverBatch(
  answer: BatchAnswer,
  values: OptionValues,
  { files, tables }: BatchOutputs,
  host: Host,
): Promise<void> {
  const plain = { color: false, ascii: values.ascii ?? false, width: values.width ?? 100 }
  for (const file of files) {
    const results = resultsFrom(file.path, values)
    await file.write(await render(answer, file.format, values, plain, results), host.signal)
  }
  for (const path of tables) await writeTable(path, answer, host.signal)
  if (!values.quiet || values.out?.includes('-')) {
    const format: Format = values.json ? 'json' : values.format
    const pieces = await render(answer, format, values, textOptions(values, host))
    await writeText(host.stdout, pieces, host.signal)
  }
  if (values.results !== undefined) {
    const page = join(values.results, 'index.html')
    await writeWhole(page, await render(answer, 'html', values, plain), host.signal)
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
  for (const { sample, status } of rows()) {
    if (status !== 'failed') yield join(workFolder, rowsFile(sample))
  }
}

/** The folder of the results as seen from the folder of this file, as a link names it. */
function resultsFrom(path: string, { results }: OptionValues): string {
  const from = results === undefined ? '' : relative(dirname(resolve(path)), resolve(results))
  return from.split(sep).join('/')
}

async function render(
  { summary, comparison, rows }: BatchAnswer,
  format: Format,
  { all = false }: OptionValues,
  style: TextOptions,
  results = '',
): Promise<Iterable<string>> {
  switch (format) {
    case 'ndjson':
      return texts(rows())
    case 'json':
      return [batchJson(summary, comparison)]
    case 'html': {
      const { writeIndexPage } = await import('../batch/html/index-page.ts')
      return writeIndexPage({ summary, comparison, rows: rows(), results })
    }
    default:
      return [summaryText(summary, comparison, { ...style, all })]
  }
}

function* texts(rows: Iterable<SampleRow>): Iterable<string> {
  for (const row of rows) yield rowText(row)
}
