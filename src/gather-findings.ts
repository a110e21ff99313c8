import type { Cases } from './compare-cases.ts'
import { WordTable } from './connections/word-table.ts'
import { CATALOGUE } from './diagnosis/catalogue.ts'
import { findingIndex, findingOf, inOrder } from './diagnosis/findings.ts'
import { MOST_LISTED } from './diagnosis/verdict.ts'
import type { Connection, Finding, Limit } from './model/report.ts'
import { NOT_SELECTED, type Survey } from './survey-cases.ts'

/** Findings of one report; more groups than these are counted in a limit. */
const MOST_FINDINGS = 50

interface Group {
  finding: number
  upstream: number
  count: number
  benign: boolean
  first: number
  ids: number[]
  last: number
}

/** What was found, by code and upstream endpoint, worst first; and a limit where there were too many such groups. */
export function gatherFindings(
  cases: Pick<Cases, 'count' | 'upstreamIds' | 'endpointText'>,
  survey: Pick<Survey, 'counter' | 'kinds'>,
  connectionAt: (index: number) => Connection,
  /** How many connections of its endpoint ended after as long a silence as this one. */
  repeatedAs: (index: number) => number,
): { findings: Finding[]; limits: Limit[] } {
  const groups = leadingGroups(survey)
  const shown = groups.slice(0, MOST_FINDINGS)
  listMembers(shown, cases, survey)
  const findings = shown.map((group) => {
    const example = connectionAt(group.first - 1)
    const { firstReset } = example
    return findingOf({
      entry: CATALOGUE[group.finding]!,
      benign: group.benign,
      count: group.count,
      ids: group.ids,
      upstream: cases.endpointText(group.upstream),
      example,
      lastAt: group.last === group.first ? example.endedAt : connectionAt(group.last - 1).endedAt,
      repeated: firstReset?.idleSeconds == null ? 0 : repeatedAs(group.first - 1),
    })
  })
  return { findings: inOrder(findings), limits: limitsOf(groups.slice(MOST_FINDINGS)) }
}

function limitsOf(left: readonly Group[]): Limit[] {
  if (left.length === 0) return []
  const connections = left.reduce((sum, { count }) => sum + count, 0)
  return [
    {
      code: 'bound-reached',
      message: `${left.length} further findings, of ${connections} connections, are not listed: the connections themselves say it`,
    },
  ]
}

const RANK = { error: 0, warning: 1, info: 2 } as const

/** All groups, those first that are worst and largest. */
function leadingGroups({ counter }: Pick<Survey, 'counter'>): Group[] {
  const indexes = counter.endings.map(findingIndex)
  const table = new WordTable(2)
  const groups: Group[] = []
  for (const { kind, upstream, count, first } of counter.cellsInOrder()) {
    const finding = indexes[kind]!
    if (finding < 0) continue
    table.key[0] = finding
    table.key[1] = upstream
    const at = table.intern()
    const { benign } = counter.endings[kind]!
    const known = groups[at]
    if (known === undefined)
      groups.push({ finding, upstream, count, benign, first, ids: [], last: first })
    else {
      known.count += count
      known.benign &&= benign
      if (first < known.first) known.first = first
    }
  }
  const rank = (g: Group) => (g.benign ? 2 : RANK[CATALOGUE[g.finding]!.severity])
  return groups.sort((a, b) => rank(a) - rank(b) || b.count - a.count || a.first - b.first)
}

/** Which connections belong to each group: the first `MOST_LISTED`, and the last. */
function listMembers(
  groups: readonly Group[],
  cases: Pick<Cases, 'count' | 'upstreamIds'>,
  { counter, kinds }: Pick<Survey, 'counter' | 'kinds'>,
): void {
  if (groups.length === 0) return
  const indexes = Int32Array.from(counter.endings, findingIndex)
  const isShown = new Uint8Array(CATALOGUE.length)
  const table = new WordTable(2)
  for (const { finding, upstream } of groups) {
    table.key[0] = finding
    table.key[1] = upstream
    table.intern()
    isShown[finding] = 1
  }
  const ids = { own: -1, shown: -1 }
  for (let i = 0; i < cases.count; i++) {
    const kind = kinds[i]!
    if (kind === NOT_SELECTED) continue
    const finding = indexes[kind]!
    if (finding < 0 || isShown[finding] === 0) continue
    cases.upstreamIds(i, ids)
    table.key[0] = finding
    table.key[1] = ids.own
    const at = table.find()
    if (at < 0) continue
    const group = groups[at]!
    if (group.ids.length < MOST_LISTED) group.ids.push(i + 1)
    group.last = i + 1
  }
}
