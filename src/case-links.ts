import { EndpointIds } from './connections/endpoint-ids.ts'
import { type LegLink, linkProxied } from './correlation/proxied.ts'
import { type CaseLink, endpointText } from './model/case.ts'
import type { NsInterval } from './model/clock.ts'
import type { ConnectionSet } from './model/connection-set.ts'
import type { Limit } from './model/report.ts'

/** The connections around proxies, by index in the order of a report. */
export interface CaseLinks {
  has(index: number): boolean
  /** Is it linked so by more than a guess? */
  isLikely(index: number, relation: CaseLink['relation']): boolean
  of(index: number): CaseLink[]
  /** Links two connections by what a log says; where they are linked already, the surer of both stands. */
  learn(
    downstream: number,
    upstream: number,
    facts: Omit<CaseLink, 'connection' | 'relation'>,
  ): void
  /** Is the proxy at its other end known from connections that are linked, though this one may not be? */
  isAtProxy(index: number): boolean
  /** Is any pair more than chance: likely, or a guess whose times agree by the captures' own clocks? */
  isAny: boolean
  limits: Limit[]
}

const RANK = { certain: 0, probable: 1, unclear: 2 } as const

/** What links are made of: the connections of a report by its captures, and how their times relate. */
export interface LinkInput {
  count: number
  sets: readonly ConnectionSet[]
  indexAt(tap: number, index: number): number
  /** Null where nothing relates the two taps. */
  translate(from: number, time: number, to: number): NsInterval | null
  /** A tap's time as the report shows it: on its first tap's clock. */
  shown(tap: number, time: number): number
  /** Is the second tap further from the client than the first? Taps beside each other link nothing. */
  isOnPath(near: number, far: number): boolean
}

export function caseLinks(input: LinkInput): CaseLinks {
  const { count, sets, indexAt, shown } = input
  const bases = sets.map((set) => set.facts.baseNs)
  const found = linkProxied({ ...input, newTable: () => new EndpointIds() })
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
  const settle = (index: number, told: CaseLink) => {
    const known = links
      .get(index)
      ?.find((link) => link.connection === told.connection && link.relation === told.relation)
    if (known === undefined) add(index, told)
    else {
      if (RANK[told.confidence] < RANK[known.confidence]) {
        known.confidence = told.confidence
        known.basis = `${told.basis}, ${known.basis}`
      }
      // The request that failed is what the end is about, whatever went well before.
      if (told.owed && !known.owed) {
        known.owed = true
        known.downstreamStatus = told.downstreamStatus
        known.lastAt = told.lastAt
      } else known.downstreamStatus ||= told.downstreamStatus
    }
    links.get(index)!.sort(decisiveFirst)
  }
  return {
    has: (index) => links.size > 0 && links.has(index),
    isLikely: (index, relation) => {
      const list = links.get(index) ?? []
      return list.some((link) => link.relation === relation && link.confidence !== 'unclear')
    },
    of: (index) => links.get(index) ?? [],
    learn(downstream, upstream, facts) {
      settle(downstream, { connection: upstream + 1, relation: 'proxied-to', ...facts })
      settle(upstream, { connection: downstream + 1, relation: 'proxied-from', ...facts })
    },
    isAtProxy: atProxy(found.links, count, sets, indexAt),
    isAny: found.links.some((link) => {
      return link.confidence !== 'unclear' || isNear(link, sets, bases, indexAt)
    }),
    limits: limitsOf(found),
  }
}

/** Requests of two captures whose clocks nobody relates, so far apart by those clocks, are hardly the same. */
const NEAR_NS = 60e9

function isNear(
  { downstream, upstream }: LegLink,
  sets: readonly ConnectionSet[],
  bases: readonly bigint[],
  indexAt: (tap: number, index: number) => number,
): boolean {
  const wall = (index: number) => {
    const tap = sets.findIndex((_, t) => indexAt(t, index) >= 0)
    return Number(bases[tap]! - bases[0]!) + sets[tap]!.firstTime(indexAt(tap, index))
  }
  return Math.abs(wall(downstream) - wall(upstream)) <= NEAR_NS
}

/**
 * A connection of one capture to an endpoint where others end at a proxy ends there, too, and one from the host from
 * which others come as its upstream legs comes from there.
 */
function atProxy(
  links: readonly LegLink[],
  count: number,
  sets: readonly ConnectionSet[],
  indexAt: (tap: number, index: number) => number,
): (index: number) => boolean {
  const likely = links.filter(({ confidence }) => confidence !== 'unclear')
  if (sets.length < 2 || likely.length === 0) return () => false
  const only = (index: number) => {
    const taps = sets.flatMap((_, tap) => (indexAt(tap, index) >= 0 ? [tap] : []))
    return taps.length === 1 ? taps[0]! : -1
  }
  const ends = (index: number) => sets[only(index)]!.endpoints(indexAt(only(index), index))
  const accepting = new Set<string>()
  const opening = new Set<string>()
  for (const { downstream, upstream } of likely) {
    if (only(downstream) === 0) accepting.add(endpointText(ends(downstream).upstream))
    if (only(upstream) === sets.length - 1) opening.add(ends(upstream).client.address)
  }
  const known = new Uint8Array(count)
  for (let index = 0; index < count; index++) {
    const tap = only(index)
    const isKnown =
      tap === 0
        ? accepting.has(endpointText(ends(index).upstream))
        : tap === sets.length - 1 && opening.has(ends(index).client.address)
    if (isKnown) known[index] = 1
  }
  return (index) => known[index] === 1
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
