import type { Cases } from './compare-cases.ts'
import { causesOf } from './diagnosis/causes.ts'
import { connectionReport } from './diagnosis/connection-report.ts'
import { type CaptureSigns, captureLimits } from './diagnosis/limits.ts'
import { SurroundingsCollector } from './diagnosis/surroundings.ts'
import { VerdictCollector } from './diagnosis/verdict.ts'
import type { Case, Surroundings } from './model/case.ts'
import type { ConnectionSet } from './model/connection-set.ts'
import type { Connection, Limit, Report, ReportStream, Summary } from './model/report.ts'
import { REPORT_SCHEMA_ID } from './model/schema-id.ts'
import { isSelected, type Selection } from './selection.ts'
import { VERSION } from './version.ts'

/** Connections that are kept as objects between the passes; more are made again. */
const MOST_CACHED = 20_000

export interface ReportParts {
  command: Report['command']
  captures: Report['captures']
  clock: Report['clock']
  cases: Cases
  /** Per capture, for the limits. */
  sets: { set: ConnectionSet; loss: string[] }[]
  limits: Limit[]
  selection: Selection
  /** A first line that outranks the verdict (no shared connection). */
  headline: string | null
}

/**
 * Two passes over the connections, one at a time: what surrounds each, then its causes, the summary and the verdict.
 * The report that comes out makes its connections again on request unless there are few of them.
 */
export function buildReport(parts: ReportParts): ReportStream {
  const { cases, selection } = parts
  const cache = cases.count <= MOST_CACHED ? new Array<Case | undefined>(cases.count) : null
  const caseAt = (i: number): Case => {
    const known = cache?.[i]
    if (known !== undefined) return known
    const made = cases.at(i)
    if (cache !== null) cache[i] = made
    return made
  }
  const collector = new SurroundingsCollector()
  const signs = parts.sets.map(({ set, loss }) => newSigns(set, loss))
  for (let i = 0; i < cases.count; i++) {
    const c = caseAt(i)
    collector.add(c)
    c.sighting.taps.forEach((tap, k) => {
      noteSigns(signs[k]!, tap.view)
    })
  }
  const surroundings = collector.result()
  const report = (i: number): Connection | null => {
    const c = caseAt(i)
    const connection = connectionReport(c, causesOf(c, surroundings))
    return isSelected(connection, selection) ? connection : null
  }
  const { summary, verdict } = summarise(cases.count, report, caseAt, surroundings)
  const head: ReportStream['head'] = {
    schema: REPORT_SCHEMA_ID,
    tool: { name: 'rstscope', version: VERSION },
    command: parts.command,
    captures: parts.captures,
    verdict: verdictOf(parts, summary.connections, verdict),
    clock: parts.clock,
    summary,
    findings: [],
    limits: [...parts.limits, ...signs.flatMap(captureLimits)],
  }
  return {
    head,
    *connections() {
      for (let i = 0; i < cases.count; i++) {
        const connection = report(i)
        if (connection !== null) yield connection
      }
    },
  }
}

/** Nothing to compare, or nothing selected, outranks what single connections say. */
function verdictOf(
  parts: ReportParts,
  selected: number,
  verdict: Report['verdict'],
): Report['verdict'] {
  const nothing = selected === 0 && parts.cases.count > 0
  const headline =
    parts.headline ?? (nothing ? 'NOTHING SELECTED: no connection fits the selection' : null)
  if (headline === null) return verdict
  const { by, confidence, ...rest } = NO_VERDICT
  return { by, confidence, headline, ...rest }
}

const NO_VERDICT: Omit<Report['verdict'], 'headline'> = {
  by: null,
  confidence: 'certain',
  cause: null,
  connections: [],
  others: 0,
  because: [],
  against: [],
  settles: [],
}

function summarise(
  count: number,
  report: (i: number) => Connection | null,
  caseAt: (i: number) => Case,
  _surroundings: Surroundings,
): { summary: Summary; verdict: Report['verdict'] } {
  const summary: Summary = {
    connections: 0,
    matched: 0,
    benign: 0,
    byTermination: {
      'rst-without-fin': 0,
      'rst-after-fin': 0,
      'fin-close': 0,
      'handshake-never-completed': 0,
      'tls-aborted': 0,
      open: 0,
    },
    byFirstReset: { upstream: 0, client: 0, between: 0, undetermined: 0 },
    byCause: {},
  }
  const verdict = new VerdictCollector()
  for (let i = 0; i < count; i++) {
    const connection = report(i)
    if (connection === null) continue
    summary.connections++
    if (connection.match !== null) summary.matched++
    if (connection.benign) summary.benign++
    summary.byTermination[connection.termination]++
    if (connection.firstReset !== null) summary.byFirstReset[connection.firstReset.by]++
    const cause = connection.causes[0]
    if (cause !== undefined) summary.byCause[cause.id] = (summary.byCause[cause.id] ?? 0) + 1
    verdict.add(caseAt(i), connection)
  }
  return { summary, verdict: verdict.result(summary.connections) }
}

function newSigns(
  set: ConnectionSet,
  loss: string[],
): CaptureSigns & { upstreamPorts: Set<number> } {
  return { set, loss, oneWay: 0, connections: 0, upstreamPorts: new Set() }
}

function noteSigns(
  signs: CaptureSigns & { upstreamPorts: Set<number> },
  view: Case['sighting']['taps'][number]['view'],
): void {
  if (view === null) return
  signs.connections++
  const answered = view.client.packets > 0 && view.upstream.packets > 0
  // A SYN that nothing answered is no sign of a one-way capture.
  if (!answered && view.packets > 1 && (view.midstream || view.client.bytes > 0)) signs.oneWay++
  for (const pair of [view.endpoints, ...view.alsoSeenAs]) {
    if (signs.upstreamPorts.size < 2) signs.upstreamPorts.add(pair.upstream.port)
  }
}
