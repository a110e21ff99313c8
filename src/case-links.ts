import { EndpointIds } from './connections/endpoint-ids.ts'
import { type LegLink, linkProxied } from './correlation/proxied.ts'
import { onFirstClock } from './diagnosis/on-client-clock.ts'
import type { CaseLink } from './model/case.ts'
import type { NsInterval } from './model/clock.ts'
import type { ConnectionSet } from './model/connection-set.ts'
import type { Limit } from './model/report.ts'
import type { SharedClock } from './model/sighting.ts'

/** The connections around proxies, by index in the order of a report. */
export interface CaseLinks {
  has(index: number, relation?: CaseLink['relation']): boolean
  of(index: number): CaseLink[]
  /** A tap's time on the first tap's clock, as far as packets or linked requests relate the two. */
  onFirstClock(tap: number, time: number): NsInterval
  /** Pairs that are more than a guess. */
  likely: number
  limits: Limit[]
}

const UNKNOWN: NsInterval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/** Links the connections of a report's captures; `clock` relates the captures' times, where packets do. */
export function caseLinks(
  count: number,
  sets: readonly ConnectionSet[],
  indexAt: (tap: number, index: number) => number,
  clock: SharedClock | null,
): CaseLinks {
  const bases = sets.map((set) => set.facts.baseNs)
  const found = linkProxied({
    count,
    sets,
    indexAt,
    newTable: () => new EndpointIds(),
    translate: (from, time, to) => clock?.translate(from, time, to) ?? null,
  })
  const toFirst = (tap: number, time: number): NsInterval => {
    if (tap === 0) return { low: time, high: time }
    if (clock !== null) return clock.translate(tap, time, 0)
    if (found.clock === null || tap !== 1) return UNKNOWN
    return { low: time - found.clock.high, high: time - found.clock.low }
  }
  const shown = (tap: number, time: number): number => {
    const { low, high } = toFirst(tap, time)
    const isKnown = Number.isFinite(low) && Number.isFinite(high)
    return isKnown ? (low + high) / 2 : onFirstClock(bases, clock, tap, time)
  }
  const links = new Map<number, CaseLink[]>()
  const add = (index: number, link: CaseLink) => {
    const list = links.get(index)
    if (list === undefined) links.set(index, [link])
    else list.push(link)
  }
  for (const link of found.links) {
    const facts = factsOf(link, shown)
    const { downstream, upstream } = link
    add(downstream, { connection: upstream + 1, relation: 'proxied-to', ...facts })
    add(upstream, { connection: downstream + 1, relation: 'proxied-from', ...facts })
  }
  for (const list of links.values()) list.sort(decisiveFirst)
  return {
    has: (index, relation) => {
      const list = links.get(index)
      return list?.some((link) => relation === undefined || link.relation === relation) ?? false
    },
    of: (index) => links.get(index) ?? [],
    onFirstClock: toFirst,
    likely: found.links.filter(({ confidence }) => confidence !== 'unclear').length,
    limits: limitsOf(found),
  }
}

function factsOf(link: LegLink, shown: (tap: number, time: number) => number) {
  const { basis, confidence, requests, tap, firstAt, lastAt, last } = link
  return {
    basis,
    confidence,
    requests,
    firstAt: shown(tap, firstAt),
    lastAt: shown(tap, lastAt),
    ...last,
  }
}

function decisiveFirst(a: CaseLink, b: CaseLink): number {
  return Number(b.owed) - Number(a.owed) || a.firstAt - b.firstAt || a.connection - b.connection
}

function limitsOf(found: { passedOver: number; unmarked: number; dropped: number }): Limit[] {
  const { passedOver, unmarked, dropped } = found
  const limits: Limit[] = []
  const add = (message: string) => limits.push({ code: 'bound-reached', message })
  if (passedOver > 0) {
    add(`${passedOver} connections were not looked at for the other leg of a proxy: too many`)
  }
  if (unmarked > 0) {
    add(
      `${unmarked} requests in the middle of long connections around a proxy left no mark: connections that they came through may lack their links`,
    )
  }
  if (dropped > 0) add(`${dropped} links of connections that have very many were let go`)
  return limits
}
