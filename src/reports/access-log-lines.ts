import type { AccessLog, AccessLogLine, Connection, ReportStream } from '../model/report.ts'
import { plural } from './ending-table.ts'
import { type Layout, labelled } from './fact-lines.ts'
import { formatSeconds, formatTime, type TimeMode } from './time-format.ts'

type Head = ReportStream['head']

/** The line that was pasted on the command line needs no summary. */
const PASTED = '--line'
/** Lines of one connection that are shown; the JSON report has all. */
const MOST_LINES = 4

const VERDICTS: Record<AccessLogLine['agrees'], string> = {
  yes: 'they agree',
  no: 'they disagree',
  'cannot-tell': 'that proves nothing either way',
}

/** What the access log says of a connection, line by line, and whether the packets show it. */
export function logLines(connection: Connection, head: Head, layout: Layout): string[] {
  return labelled('log', logTexts(connection, head, layout.time), layout)
}

/** The same as sentences. */
export function logTexts(connection: Connection, head: Head, mode: TimeMode): string[] {
  const { accessLog } = connection
  const shown = tellingLines(accessLog)
  const zero = head.captures[0]?.firstPacketAt ?? null
  const texts = shown.map((line) => {
    const time = line.at === null ? '' : `  ${formatTime(line.at, mode, zero)}`
    return `${shortName(line.source)}:${line.line}${time}  ${lineText(line)}`
  })
  const left = accessLog.length - shown.length
  const more = left > 0 ? [`${left} more ${plural(left, 'line')} of this connection`] : []
  return [...texts, ...more]
}

/** Contradictions first, then other failed requests, then the last lines; in the order of the log. */
export function tellingLines(
  lines: readonly AccessLogLine[],
  most: number = MOST_LINES,
): AccessLogLine[] {
  const rank = (line: AccessLogLine) => (line.agrees === 'no' ? 0 : line.meaning !== null ? 1 : 2)
  const chosen = [...lines.entries()]
    .sort(([a, one], [b, other]) => rank(one) - rank(other) || b - a)
    .slice(0, most)
  return chosen.sort(([a], [b]) => a - b).map(([, line]) => line)
}

/** One access-log line in words, and whether the packets agree with it. */
export function lineText(line: AccessLogLine): string {
  const request = line.method === null ? 'TCP' : `${line.method} ${line.path ?? '-'}`
  const result = [line.code ?? '-', line.flags.join() || '-'].join(' ')
  const lasted = line.durationSeconds === null ? '' : `, ${formatSeconds(line.durationSeconds)}`
  const where = `${line.leg} leg, ${line.confidence}`
  const attempts = (line.attempts ?? 1) > 1 ? `, ${line.attempts} attempts` : ''
  return `${request}: ${result}${lasted}${attempts} (${where}): ${line.comparison}; ${VERDICTS[line.agrees]}`
}

export function shortName(source: string): string {
  return source.slice(source.lastIndexOf('/') + 1)
}

/** One line for each log: what was read of it and what became of that. */
export function logSummaries(head: Head, layout: Layout): string[] {
  return [
    ...labelled('logs', logSummaryTexts(head), layout),
    ...labelled('warning', logWarningTexts(head), layout, layout.style.yellow),
  ]
}

/** The same as sentences. */
export function logSummaryTexts({ accessLogs = [] }: Head): string[] {
  return accessLogs.filter(({ source }) => source !== PASTED).map(summaryText)
}

/** What of the logs could not be used. */
export function logWarningTexts({ accessLogs = [] }: Head): string[] {
  return accessLogs.flatMap(({ source, warnings: found }) =>
    found.map(({ code, message, line }) => {
      const where = line === null ? '' : ` (first: line ${line})`
      return `${source}: ${code}: ${message}${where}`
    }),
  )
}

/** What was read of one log and what became of it. */
export function summaryText(log: AccessLog): string {
  const parts = [
    `${log.lines} ${plural(log.lines, 'line')}${log.format === null ? '' : ` (${log.format})`}`,
    `${log.joined} joined`,
    log.ambiguous > 0 ? `${log.ambiguous} ambiguous` : '',
    `${log.errors} of failed requests`,
    log.unreadable > 0 ? `${log.unreadable} not read` : '',
    log.firstAt === null || log.lastAt === null
      ? ''
      : `${log.firstAt.slice(0, 19)}Z to ${log.lastAt.slice(11, 19)}Z`,
  ]
  return `${log.source}: ${parts.filter(Boolean).join(', ')}`
}
