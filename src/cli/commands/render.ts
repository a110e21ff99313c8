import { RstscopeError } from '../../errors.ts'
import type { Report, ReportStream } from '../../model/report.ts'
import { parseReportText } from '../../parse-report.ts'
import { streamOf } from '../../reports/stream-of.ts'
import type { Format } from '../formats.ts'
import type { Host } from '../host.ts'
import type { OptionValues } from '../options.ts'
import { openOutputs } from '../output-files.ts'
import { redactionOf } from '../redact-option.ts'
import { exitCode } from '../report-exit-code.ts'
import { readReportJson } from '../saved-report.ts'
import { isSelective, selectedOf } from '../saved-selection.ts'
import { deliver } from './report-command.ts'
import { checkTogether } from './run-options.ts'

/** `rstscope render`: a saved report in another format, the same bytes as if it had been asked for at once. */
export async function renderCommand(
  words: string[],
  values: OptionValues,
  host: Host,
): Promise<number> {
  const path = checkedPath(words, values, host)
  const files = await openOutputs(values.out ?? [], [path])
  try {
    const printed: Format = values.json ? 'json' : values.format
    const report = await parseReportText(await readReportJson(path, host.signal))
    if (report.excerpt && !values.quiet) await sayCut(path, report, host)
    const formats = [printed, ...files.map(({ format }) => format)]
    const found = streamOf(await selected(report, values, formats, host))
    // What makes pseudonyms is part of the engine, which is not needed otherwise.
    const stream = values.redact ? await redacted(found, values, host) : found
    const code = exitCode(stream, values.failOn)
    await deliver(stream, values, files, host)
    return code
  } catch (error) {
    await Promise.all(files.map((file) => file.discard()))
    throw error
  }
}

async function sayCut(path: string, report: Report, host: Host): Promise<void> {
  const { escapeText } = await import('../../reports/text-escape.ts')
  const { connections, summary } = report
  host.stderr.write(
    `rstscope: ${escapeText(path)} holds ${connections.length} of ${summary.connections} connections: rows of the others are missing in what is made of it\n`,
  )
}

async function redacted(
  stream: ReportStream,
  values: OptionValues,
  host: Host,
): Promise<ReportStream> {
  const redaction = await redactionOf(stream, values, await host.loadEngine(), host)
  return redaction?.stream(stream) ?? stream
}

function checkedPath(words: string[], values: OptionValues, host: Host): string {
  const fail = (message: string): never => {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      message,
      'rstscope render REPORT.json, or REPORT.html',
    )
  }
  checkTogether(values, [], host)
  const [path] = words
  if (path === undefined || words.length > 1) {
    return fail(`render takes one saved report, ${words.length} given`)
  }
  if (path === '-' && host.stdinIsTerminal) {
    fail('- means standard input, and nothing is piped in')
  }
  return path
}

/** Formats of rows: one connection each, and no answer above them. */
const ROWS: readonly Format[] = ['csv', 'ndjson']

async function selected(
  report: Report,
  values: OptionValues,
  formats: Format[],
  host: Host,
): Promise<Report> {
  if (!isSelective(values)) return report
  const connections = selectedOf(report, values)
  const missing = whyNoVerdict(report)
  if (missing === null) return (await host.loadEngine()).selectReport(report, connections)
  refuseVerdict(missing, values, formats)
  return { ...report, connections }
}

/** Why a verdict about some connections of this report cannot be told; null where it can. */
function whyNoVerdict({ excerpt, connections }: Report): string | null {
  if (excerpt) return 'this page holds some of its connections only'
  const isOld = connections.some(({ headline }) => headline === undefined)
  return isOld
    ? 'this report is of an earlier version, which kept no headline of each connection'
    : null
}

/** Rows need no verdict above them. */
function refuseVerdict(missing: string, values: OptionValues, formats: Format[]): void {
  const isPrinted = !values.quiet || values.out?.includes('-')
  const asked = formats.slice(isPrinted ? 0 : 1).find((format) => !ROWS.includes(format))
  if (asked === undefined) return
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    `${missing}: ${asked} cannot be of some of them`,
    'add --format csv or --format ndjson, or run compare or analyze again with the selection',
  )
}
