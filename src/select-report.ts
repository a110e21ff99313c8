import { EndingCounter } from './count-endings.ts'
import { inOrder } from './diagnosis/findings.ts'
import { MOST_LISTED, NOTHING_SELECTED, verdictOf } from './diagnosis/verdict.ts'
import { gatherFindings } from './gather-findings.ts'
import { endpointText } from './model/case.ts'
import { endingOf } from './model/ending.ts'
import type { Connection, Finding, Report } from './model/report.ts'
import { NOT_SELECTED } from './survey-cases.ts'

/**
 * A saved report about some of its connections only: verdict, summary and findings are those that `compare` and
 * `analyze` give with the same selection, but for how often a time repeats and what logs and lists tell of all
 * connections, which stay as they were. Every connection must have its `headline`.
 */
export function selectReport(report: Report, selected: readonly Connection[]): Report {
  const chosen = new Selected(selected)
  const { counter } = chosen
  const summary = counter.summary(selected.filter(({ match }) => match !== null).length)
  const found = gatherFindings(
    chosen,
    chosen,
    (index) => chosen.at(index),
    () => 0,
  )
  const findings = found.findings.map((finding) => asBefore(finding, report.findings))
  return {
    ...report,
    verdict: verdictOfSelected(report, chosen, selected.length),
    summary,
    findings: inOrder([...findings, ...report.findings.filter(isAboutAll)]),
    connections: [...selected],
    limits: [...report.limits, ...found.limits, ofSaved(selected.length, report)],
  }
}

/** Selected connections as the survey of a capture would have counted them. */
class Selected {
  readonly counter = new EndingCounter()
  /** By id - 1. */
  readonly kinds: Uint32Array
  readonly count: number
  private readonly byIndex = new Map<number, Connection>()
  private readonly numbers = new Map<string, number>()
  private readonly texts: string[] = []

  constructor(connections: readonly Connection[]) {
    this.count = connections.reduce((most, { id }) => Math.max(most, id), 0)
    this.kinds = new Uint32Array(this.count).fill(NOT_SELECTED)
    for (const connection of connections) {
      const index = connection.id - 1
      this.byIndex.set(index, connection)
      this.kinds[index] = this.counter.kindOf(endingOf(connection))
      const { own, shown } = this.idsOf(connection)
      this.counter.add(connection.id, this.kinds[index]!, own, shown)
    }
  }

  at(index: number): Connection {
    return this.byIndex.get(index)!
  }

  upstreamIds(index: number, out: { own: number; shown: number }): void {
    Object.assign(out, this.idsOf(this.at(index)))
  }

  endpointText(id: number): string {
    return this.texts[id]!
  }

  /** The upstream end as the innermost capture that saw it knows it, and as it is shown. */
  private idsOf({ upstream, views }: Connection): { own: number; shown: number } {
    const innermost = Object.values(views).findLast((view) => view !== null)
    return {
      own: this.numberOf(innermost?.upstream ?? upstream),
      shown: this.numberOf(upstream),
    }
  }

  private numberOf(end: { address: string; port: number }): number {
    const text = endpointText(end)
    const known = this.numbers.get(text)
    if (known !== undefined) return known
    this.numbers.set(text, this.texts.length)
    return this.texts.push(text) - 1
  }
}

function verdictOfSelected(
  { verdict, limits }: Report,
  chosen: Selected,
  count: number,
): Report['verdict'] {
  // Captures that share nothing share nothing of a selection either.
  const isUnshared = limits.some(({ code }) => code === 'no-shared-connection')
  if (isUnshared) return { ...verdictOf(null, 0), headline: verdict.headline }
  if (count === 0) return { ...verdictOf(null, 0), headline: NOTHING_SELECTED }
  const leader = chosen.counter.leader()
  if (leader === null) return verdictOf(null, count)
  const { group, others } = leader
  const ids: number[] = []
  const upstream = { own: -1, shown: -1 }
  for (let i = group.first - 1; ids.length < Math.min(group.count, MOST_LISTED); i++) {
    if (chosen.kinds[i] === NOT_SELECTED) continue
    chosen.upstreamIds(i, upstream)
    if (leader.has(chosen.kinds[i]!, upstream.own)) ids.push(i + 1)
  }
  const example = chosen.at(group.first - 1)
  return verdictOf({ kind: group.kind, example, count: group.count, ids, others }, count)
}

/** Of a finding with the same example, what was counted over all connections is known: its reason. */
function asBefore(finding: Finding, all: readonly Finding[]): Finding {
  const before = all.find(
    ({ code, connections }) => code === finding.code && connections[0] === finding.connections[0],
  )
  return before === undefined ? finding : { ...finding, why: before.why }
}

/** What logs and lists tell, of requests and objects and not of single connections (RS3xx, and RS212). */
function isAboutAll({ code }: Finding): boolean {
  return code.startsWith('RS3') || code === 'RS212'
}

function ofSaved(count: number, { connections }: Report): Report['limits'][number] {
  return {
    code: 'saved-selection',
    message: `${count} of the ${connections.length} connections of a saved report were selected: how often a time repeats, and findings of logs and lists, are of all of them`,
  }
}
