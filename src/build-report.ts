import type { AccessLogs } from './access-logs.ts'
import type { Cases } from './compare-cases.ts'
import type { Leader } from './count-endings.ts'
import { clusterFindings, kubernetesReport } from './diagnosis/cluster-report.ts'
import { connectionReport } from './diagnosis/connection-report.ts'
import { inOrder } from './diagnosis/findings.ts'
import { storyInHeadline } from './diagnosis/legs.ts'
import { type CaptureSigns, captureLimits } from './diagnosis/limits.ts'
import { localReplyFinding } from './diagnosis/local-replies.ts'
import { type LeadingGroup, MOST_LISTED, NOTHING_SELECTED, verdictOf } from './diagnosis/verdict.ts'
import { whyOf } from './diagnosis/why.ts'
import { gatherFindings } from './gather-findings.ts'
import type { Case } from './model/case.ts'
import type { Cluster } from './model/cluster.ts'
import type { AddressPair } from './model/connection.ts'
import type { Connection, Finding, Limit, Report, ReportStream } from './model/report.ts'
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
  /** What access logs tell; null where none were given. */
  logs: AccessLogs | null
}

/** Surveys all connections for the head of the report; its connections are made one by one, when asked for. */
export function buildReport(parts: ReportParts): ReportStream {
  const { cases, logs, cluster } = parts
  const isSelected = selector(cases, parts.selection, logs?.selected)
  const survey = surveyCases(cases, isSelected, { cluster, lines: logs?.linesOf ?? null })
  const { counter, kinds } = survey
  const connectionAt = (index: number) => connectionOf(cases.at(index), survey, logs)
  const summary = counter.summary(survey.matched)
  const found = gatherFindings(cases, survey, connectionAt, (index) =>
    survey.surroundings.repeated(cases.at(index), 'idle'),
  )
  const told = logs?.findings(survey)
  const head: ReportStream['head'] = {
    schema: REPORT_SCHEMA_ID,
    tool: { name: 'rstscope', version: VERSION },
    command: parts.command,
    captures: parts.captures,
    verdict: reportVerdict(parts, survey, summary.connections),
    clock: parts.clock,
    summary,
    ...kubernetesReport(cluster, parts.captures),
    ...(logs === null ? {} : { accessLogs: logs.reports }),
    findings: inOrder([
      ...found.findings,
      ...clusterFindings(cluster, parts.captures),
      ...(told?.findings ?? []),
      ...localReplies(survey, cases),
    ]),
    limits: [
      ...parts.limits,
      ...found.limits,
      ...cases.links.limits,
      ...(logs?.limits ?? []),
      ...(told?.limits ?? []),
      ...parts.signs.flatMap(({ signs, loss }) => captureLimits(signs, loss)),
    ],
  }
  return {
    head,
    *connections() {
      for (let i = 0; i < cases.count; i++) {
        if (kinds[i] !== NOT_SELECTED) yield connectionAt(i)
      }
    },
    at(id) {
      const kind = kinds[id - 1] ?? NOT_SELECTED
      return kind === NOT_SELECTED ? null : connectionAt(id - 1)
    },
    endings: () => ({ counts: counter.rows(), peerText: (peer) => cases.endpointText(peer) }),
    ends: (capture) => endsIn(capture, cases, kinds),
  }
}

function localReplies(survey: Survey, cases: Cases): Finding[] {
  const finding = localReplyFinding(survey.localReplies, (id) => cases.at(id - 1))
  return finding === null ? [] : [finding]
}

function connectionOf(c: Case, { surroundings }: Survey, logs: AccessLogs | null): Connection {
  const legs = storyInHeadline(c, surroundings)
  const connection = connectionReport(c, whyOf(c, surroundings), surroundings.cluster, legs)
  return logs === null ? connection : { ...connection, accessLog: logs.linesOn(c) }
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
  const headline = parts.headline ?? parts.logs?.headline ?? (nothing ? NOTHING_SELECTED : null)
  if (headline !== null) return { ...verdictOf(null, 0), headline }
  const leader = survey.counter.leader()
  return verdictOf(leader && leadingGroup(leader, parts, survey), selected)
}

function leadingGroup(leader: Leader, parts: ReportParts, survey: Survey): LeadingGroup {
  const { cases, logs } = parts
  const { group, others } = leader
  const ids: number[] = []
  const upstream = { own: -1, shown: -1 }
  for (let i = group.first - 1; ids.length < Math.min(group.count, MOST_LISTED); i++) {
    const kind = survey.kinds[i]!
    if (kind === NOT_SELECTED) continue
    cases.upstreamIds(i, upstream)
    if (leader.has(kind, upstream.own)) ids.push(i + 1)
  }
  const example = connectionOf(cases.at(group.first - 1), survey, logs)
  return { kind: group.kind, example, count: group.count, ids, others }
}
