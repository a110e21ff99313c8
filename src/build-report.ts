import type { Cases } from './compare-cases.ts'
import type { Leader } from './count-endings.ts'
import { clusterFindings, kubernetesReport } from './diagnosis/cluster-report.ts'
import { connectionReport } from './diagnosis/connection-report.ts'
import { type CaptureSigns, captureLimits } from './diagnosis/limits.ts'
import { type LeadingGroup, MOST_LISTED, verdictOf } from './diagnosis/verdict.ts'
import { whyOf } from './diagnosis/why.ts'
import { gatherFindings } from './gather-findings.ts'
import type { Case, Surroundings } from './model/case.ts'
import type { Cluster } from './model/cluster.ts'
import type { AddressPair } from './model/connection.ts'
import type { Connection, Limit, Report, ReportStream } from './model/report.ts'
import { REPORT_SCHEMA_ID } from './model/schema-id.ts'
import { type Selection, selector } from './selection.ts'
import { NOT_SELECTED, type Survey, surveyCases } from './survey-cases.ts'
import { VERSION } from './version.ts'

export interface ReportParts {
  command: Report['command']
  captures: Report['captures']
  clock: Report['clock']
  cases: Cases
  /** Per capture, for the limits. */
  signs: { signs: CaptureSigns; loss: string[] }[]
  limits: Limit[]
  selection: Selection
  /** What Kubernetes lists say; null where none were given. */
  cluster: Cluster | null
  /** A first line that outranks the verdict (no shared connection). */
  headline: string | null
}

/** Surveys all connections for the head of the report; its connections are made one by one, when asked for. */
export function buildReport(parts: ReportParts): ReportStream {
  const { cases } = parts
  const survey = surveyCases(cases, selector(cases, parts.selection), parts.cluster)
  const { counter, kinds, surroundings } = survey
  const summary = counter.summary(survey.matched)
  const found = gatherFindings(cases, survey, (index) =>
    connectionOf(cases.at(index), surroundings),
  )
  const head: ReportStream['head'] = {
    schema: REPORT_SCHEMA_ID,
    tool: { name: 'rstscope', version: VERSION },
    command: parts.command,
    captures: parts.captures,
    verdict: reportVerdict(parts, survey, summary.connections),
    clock: parts.clock,
    summary,
    ...kubernetesReport(parts.cluster, parts.captures),
    findings: [...found.findings, ...clusterFindings(parts.cluster, parts.captures)],
    limits: [
      ...parts.limits,
      ...found.limits,
      ...cases.links.limits,
      ...parts.signs.flatMap(({ signs, loss }) => captureLimits(signs, loss)),
    ],
  }
  return {
    head,
    *connections() {
      for (let i = 0; i < cases.count; i++) {
        if (kinds[i] !== NOT_SELECTED) yield connectionOf(cases.at(i), surroundings)
      }
    },
    at(id) {
      const kind = kinds[id - 1] ?? NOT_SELECTED
      return kind === NOT_SELECTED ? null : connectionOf(cases.at(id - 1), surroundings)
    },
    endings: () => ({ counts: counter.rows(), peerText: (peer) => cases.endpointText(peer) }),
    ends: (capture) => endsIn(capture, cases, kinds),
  }
}

function connectionOf(c: Case, surroundings: Surroundings): Connection {
  const causes = whyOf(c, surroundings)
  return connectionReport(c, causes, surroundings.cluster)
}

function* endsIn(capture: string, cases: Cases, kinds: Uint32Array): Iterable<AddressPair> {
  const tap = cases.sets.findIndex((set) => set.capture === capture)
  for (let i = 0; i < cases.count; i++) {
    const at = kinds[i] === NOT_SELECTED ? -1 : cases.indexAt(tap, i)
    if (at >= 0) yield cases.sets[tap]!.endpoints(at)
  }
}

/** Nothing to compare, or nothing selected, outranks what single connections say. */
function reportVerdict(parts: ReportParts, survey: Survey, selected: number): Report['verdict'] {
  const nothing = selected === 0 && parts.cases.count > 0
  const headline =
    parts.headline ?? (nothing ? 'NOTHING SELECTED: no connection fits the selection' : null)
  if (headline !== null) return { ...verdictOf(null, 0), headline }
  const leader = survey.counter.leader()
  return verdictOf(leader && leadingGroup(leader, parts.cases, survey), selected)
}

function leadingGroup(leader: Leader, cases: Cases, survey: Survey): LeadingGroup {
  const { group, others } = leader
  const ids: number[] = []
  const upstream = { own: -1, shown: -1 }
  for (let i = group.first - 1; ids.length < Math.min(group.count, MOST_LISTED); i++) {
    const kind = survey.kinds[i]!
    if (kind === NOT_SELECTED) continue
    cases.upstreamIds(i, upstream)
    if (leader.has(kind, upstream.own)) ids.push(i + 1)
  }
  const first = cases.at(group.first - 1)
  const example = connectionOf(first, survey.surroundings)
  return { kind: group.kind, first, example, count: group.count, ids, others }
}
