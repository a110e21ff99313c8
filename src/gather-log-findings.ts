import type { Cases } from './compare-cases.ts'
import { compareWithPackets } from './context/access-log/agreement.ts'
import type { Connections } from './context/access-log/connection-index.ts'
import { isFailure } from './context/access-log/failure.ts'
import type { JoinedLogs } from './context/access-log/join-logs.ts'
import { describeLine, legTexts } from './context/access-log/line-text.ts'
import { parseTransportFailure } from './context/access-log/reset-reasons.ts'
import {
  accessLogFindings,
  type Disagreement,
  type LogFacts,
} from './diagnosis/access-log-findings.ts'
import { evidenceOf } from './diagnosis/evidence.ts'
import { MOST_LISTED } from './diagnosis/verdict.ts'
import { isTcpLine } from './model/access-log.ts'
import { type Case, type LinesOf, shownTap } from './model/case.ts'
import type { Evidence, Finding, Limit } from './model/report.ts'
import { NOT_SELECTED, type Survey } from './survey-cases.ts'

interface Gathered {
  cases: Cases
  survey: Survey
  places: Connections
  logs: JoinedLogs
  linesOf: LinesOf
  /** The report is about all connections. */
  isWhole: boolean
}

/** Connections whose lines are held beside their packets for the head of a report. */
const MOST_COMPARED = 20_000
const MOST_EXAMPLES = 5

/** What logs and packets say of each other, over all connections of a report. */
export function gatherLogFindings(gathered: Gathered): { findings: Finding[]; limits: Limit[] } {
  const { logs, isWhole } = gathered
  const { found: contradicted, left } = disagreements(gathered)
  const findings = accessLogFindings({
    disagreements: contradicted,
    missing: isWhole
      ? { count: logs.missing.count, examples: missingEvidence(logs) }
      : { count: 0, examples: [] },
    withoutPort: withoutPort(gathered),
    untold: isWhole ? untold(gathered, contradicted) : { count: 0, connections: [], evidence: [] },
  })
  return { findings, limits: left === 0 ? [] : [comparedLimit(left)] }
}

function comparedLimit(left: number): Limit {
  return {
    code: 'bound-reached',
    message: `access logs: the lines of ${left} further connections were not held against their packets for RS301; each connection's own lines are`,
  }
}

/** Only where a request failed or a connection ended badly can the two contradict each other. */
function disagreements({ cases, survey, logs, linesOf }: Gathered): {
  found: Disagreement[]
  /** Connections that were too many. */
  left: number
} {
  const found: Disagreement[] = []
  let compared = 0
  for (const index of logs.indices()) {
    const kind = survey.kinds[index]!
    if (kind === NOT_SELECTED) continue
    const lines = linesOf(index)
    const isOrdinary = survey.counter.endings[kind]!.benign
    if (isOrdinary && !lines.some(({ line }) => isFailure(line))) continue
    if (++compared > MOST_COMPARED) continue
    const c = cases.at(index)
    for (const joined of lines) {
      const { agrees, text, observations } = compareWithPackets(c, joined)
      if (agrees !== 'no') continue
      const source = `${logs.summaries[joined.line.source]!.source} line ${joined.line.number}`
      const evidence = observations.map((one) => evidenceOf(c, one))
      found.push({ connection: c.id, text: `${source}: ${text}`, evidence })
    }
  }
  return { found, left: Math.max(0, compared - MOST_COMPARED) }
}

/** Requests for which the proxy's own kernel had no source port left: connect() failed before any packet. */
function withoutPort({ cases, survey, logs, linesOf }: Gathered): LogFacts['withoutPort'] {
  const found: LogFacts['withoutPort'] = { count: 0, connections: [], evidence: [] }
  for (const index of logs.indices()) {
    if (survey.kinds[index] === NOT_SELECTED) continue
    const failed = linesOf(index).filter(
      ({ line }) =>
        line.transportFailure !== null &&
        parseTransportFailure(line.transportFailure).kind === 'no-local-port',
    )
    const [first] = failed
    if (first === undefined) continue
    found.count += failed.length
    found.connections.push(index + 1)
    if (found.evidence.length >= MOST_EXAMPLES) continue
    const c = cases.at(index)
    const source = `${logs.summaries[first.line.source]!.source} line ${first.line.number}`
    const text = `${source}: ${describeLine(first.line)}`
    found.evidence.push(evidenceOf(c, { tap: shownTap(c.sighting), segment: null, text }))
  }
  return found
}

function missingEvidence({ missing, summaries }: JoinedLogs): Evidence[] {
  return missing.lines.slice(0, MOST_EXAMPLES).map(({ line, leg, capture }) => {
    const where = legTexts(line).find((text) => text.includes(`(${leg} leg)`))
    const source = `${summaries[line.source]!.source} line ${line.number}`
    const text = `${source}: ${describeLine(line)}; this capture shows no connection ${where}`
    return { capture, frame: null, at: null, text }
  })
}

/** Details of resets that no request was under way for. */
const WITHOUT_REQUEST = new Set(['idle', 'after-complete-response'])

function untold(
  { cases, survey, places, logs, linesOf }: Gathered,
  contradicted: readonly Disagreement[],
): LogFacts['untold'] {
  const known = new Set(contradicted.map(({ connection }) => connection))
  const found: LogFacts['untold'] = { count: 0, connections: [], evidence: [] }
  const { endings } = survey.counter
  for (let i = 0; i < cases.count; i++) {
    const kind = survey.kinds[i]!
    if (kind === NOT_SELECTED) continue
    const { benign, by, detail } = endings[kind]!
    if (benign || by === null || WITHOUT_REQUEST.has(detail)) continue
    // A TCP line has no flag for a reset in mid-stream.
    const isTold = linesOf(i).some(({ line }) => isFailure(line) || isTcpLine(line))
    if (isTold || known.has(i + 1)) continue
    const life = places.life(i, 'upstream')
    const atEnd = { ...life, start: life.end }
    if (![...places.pairs(i)].some((pair) => logs.tellsOf(pair, atEnd))) continue
    found.count++
    if (found.connections.length < MOST_LISTED) found.connections.push(i + 1)
    if (found.evidence.length < MOST_EXAMPLES) found.evidence.push(...resetEvidence(cases.at(i)))
  }
  return found
}

function resetEvidence(c: Case): Evidence[] {
  const first = c.outcome.firstReset?.evidence[0]
  return first === undefined ? [] : [evidenceOf(c, first)]
}
