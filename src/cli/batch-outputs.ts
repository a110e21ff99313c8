import { extname } from 'node:path'
import { rowText } from '../batch/row-file.ts'
import type { SampleRow } from '../batch/sample-row.ts'
import type { BatchComparison } from '../batch/summary/baseline.ts'
import type { BatchSummary } from '../batch/summary/batch-summary.ts'
import { batchJson } from '../batch/summary/summary-json.ts'
import { summaryText } from '../batch/summary/summary-text.ts'
import { RstscopeError } from '../errors.ts'
import { escapeText } from '../reports/text-escape.ts'
import type { TextOptions } from '../reports/text-style.ts'
import type { Format } from './formats.ts'
import type { Host } from './host.ts'
import type { OptionValues } from './options.ts'
import { type OutputFile, openOutputs } from './output-files.ts'
import { textOptions } from './terminal-style.ts'
import { writeText } from './write-text.ts'

/** What a batch found, once all its samples are done. */
export interface BatchAnswer {
  summary: BatchSummary
  comparison: BatchComparison | null
  rows(): Iterable<SampleRow>
}

const EXTENSIONS = ['.txt', '.json', '.ndjson']

/** Opens the files of --out before anything is read, so that a bad path fails at once. */
export async function openBatchOutputs(
  values: OptionValues,
  inputs: string[],
): Promise<OutputFile[]> {
  const paths = values.out ?? []
  const wrong = paths.find(
    (path) => path !== '-' && !EXTENSIONS.includes(extname(path).toLowerCase()),
  )
  if (wrong !== undefined) {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      `--out ${wrong}: the format is told by the extension, and a batch has none of this one`,
      `name the file ${EXTENSIONS.join(', ')}; reports of single samples: --results FOLDER`,
    )
  }
  return openOutputs(paths, inputs)
}

/** Writes the files, prints the answer, and says where the files are. */
export async function deliverBatch(
  answer: BatchAnswer,
  values: OptionValues,
  files: OutputFile[],
  host: Host,
): Promise<void> {
  const plain = { color: false, ascii: values.ascii ?? false, width: values.width ?? 100 }
  for (const file of files) {
    await file.write(render(answer, file.format, values, plain), host.signal)
  }
  if (!values.quiet || values.out?.includes('-')) {
    const format: Format = values.json ? 'json' : values.format
    const pieces = render(answer, format, values, textOptions(values, host))
    await writeText(host.stdout, pieces, host.signal)
  }
  if (values.quiet) return
  const written = [...files.map(({ path }) => path), values.results].filter(Boolean)
  for (const path of written) host.stderr.write(`Wrote ${escapeText(path!)}\n`)
}

function* render(
  { summary, comparison, rows }: BatchAnswer,
  format: Format,
  { all = false }: OptionValues,
  style: TextOptions,
): Iterable<string> {
  if (format === 'ndjson') for (const row of rows()) yield rowText(row)
  else if (format === 'json') yield batchJson(summary, comparison)
  else yield summaryText(summary, comparison, { ...style, all })
}
