import type { Cases } from './compare-cases.ts'
import { compareWithPackets } from './context/access-log/agreement.ts'
import { ConnectionIndex } from './context/access-log/connection-index.ts'
import { type JoinedLogs, joinLogs } from './context/access-log/join-logs.ts'
import { describeLine } from './context/access-log/line-text.ts'
import { secondsOf, timeText } from './diagnosis/time-text.ts'
import type { EngineOptions } from './engine-options.ts'
import { gatherLogFindings } from './gather-log-findings.ts'
import { findLine } from './line-selection.ts'
import { linkByLines } from './log-links.ts'
import { logPlaces } from './log-places.ts'
import type { JoinedLine } from './model/access-log.ts'
import type { Case, LinesOf } from './model/case.ts'
import type { AccessLog, AccessLogLine, Finding, Limit } from './model/report.ts'
import type { Survey } from './survey-cases.ts'

/** What access logs add to a report. */
export interface AccessLogs {
  reports: AccessLog[]
  linesOf: LinesOf
  /** The lines of one connection, held beside its packets. */
  linesOn(c: Case): AccessLogLine[]
  /** The connections that `--line` selects; null without it. */
  selected: ReadonlySet<number> | null
  /** That the line of `--line` has no connection. */
  headline: string | null
  limits: Limit[]
  findings(survey: Survey): { findings: Finding[]; limits: Limit[] }
}

/** How the line of `--line` is called among the logs. */
const PASTED = '--line'

/** Reads the logs and joins their lines to the connections. Rejects with a `RstscopeError` where one cannot be read. */
export async function readAccessLogs(cases: Cases, options: EngineOptions): Promise<AccessLogs> {
  const { accessLogs = [], accessLogFormat, line, signal, selection = {} } = options
  const places = logPlaces(cases)
  const index = new ConnectionIndex(places)
  const pasted = line === undefined ? [] : [{ name: PASTED, input: new TextEncoder().encode(line) }]
  const logs = await joinLogs([...accessLogs, ...pasted], accessLogFormat, index, signal)
  const clock = logs.clocks.at(-1)!
  linkByLines(cases, logs)
  const found = line === undefined ? null : findLine(line, accessLogFormat, index, clock)
  const linesOf = line === undefined ? logs.linesOf : withoutTwins(logs, accessLogs.length)
  // What only part of the connections is asked about cannot say what is missing from all of them.
  const isWhole = line === undefined && Object.values(selection).every((one) => one === undefined)
  return {
    reports: logs.summaries.map(({ first, last, warnings, ...counts }) => ({
      ...counts,
      firstAt: first === null ? null : timeText(first, 0),
      lastAt: last === null ? null : timeText(last, 0),
      warnings,
    })),
    linesOf,
    linesOn: (c) => linesOf(c.id - 1).map((joined) => lineReport(c, joined, logs)),
    selected: found?.selected ?? null,
    headline: found?.headline ?? null,
    limits: [...(found?.limits ?? []), ...boundLimits(logs)],
    findings: (survey) => gatherLogFindings({ cases, survey, places, logs, linesOf, isWhole }),
  }
}

/** Without the pasted line where a log that was given has it, too. */
function withoutTwins(logs: JoinedLogs, pasted: number): LinesOf {
  return (index) => {
    const lines = logs.linesOf(index)
    const key = ({ line, leg }: JoinedLine) => `${leg} ${describeLine(line)} ${line.requestId}`
    const known = new Set(lines.filter(({ line }) => line.source !== pasted).map(key))
    return lines.filter((joined) => joined.line.source !== pasted || !known.has(key(joined)))
  }
}

function boundLimits({ unlisted }: JoinedLogs): Limit[] {
  if (unlisted === 0) return []
  const message = `access logs: ${unlisted} lines that belong to connections are counted and not listed: of each connection the last requests that went well and the first that failed are kept`
  return [{ code: 'bound-reached', message }]
}

function lineReport(c: Case, joined: JoinedLine, logs: JoinedLogs): AccessLogLine {
  const { line, leg, confidence, basis, others } = joined
  const { agrees, meaning, text } = compareWithPackets(c, joined)
  return {
    source: logs.summaries[line.source]!.source,
    line: line.number,
    leg,
    confidence,
    basis,
    candidates: [...others],
    at: line.startNs === null ? null : timeText(line.startNs, 0),
    durationSeconds: line.durationNs === null ? null : secondsOf(line.durationNs),
    method: line.method,
    path: line.path,
    protocol: line.protocol,
    code: line.code,
    flags: line.flags,
    details: line.details,
    terminationDetails: line.terminationDetails,
    transportFailure: line.transportFailure,
    bytesReceived: line.bytesReceived,
    bytesSent: line.bytesSent,
    requestId: line.requestId,
    cluster: line.cluster,
    attempts: line.attempts,
    localCloseReason: line.localClose[leg],
    detectedCloseType: line.detectedClose[leg],
    meaning,
    agrees,
    comparison: text,
  }
}
