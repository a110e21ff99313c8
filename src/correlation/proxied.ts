import type { NsInterval } from '../model/clock.ts'
import type { LegSides } from './asked.ts'
import { type CandidateLegs, candidateLegs, type LegRows } from './leg-candidates.ts'
import { type LegLink, LegLinks, type Sighted } from './leg-links.ts'
import type { Leg } from './legs.ts'
import { linkAttempts } from './link-attempts.ts'
import { linkById, type Told } from './link-by-id.ts'
import { linkByLine } from './link-by-line.ts'
import { linkByFirstBytes, linkByHeader, linkBySize, type StreamPair } from './link-streams.ts'

export type { LegRows } from './leg-candidates.ts'
export type { LegLink } from './leg-links.ts'

export interface ProxiedInput extends LegRows {
  /** Is the second tap further from the client than the first? */
  isOnPath(near: number, far: number): boolean
  /** A time of one tap on the clock of another, which may be unbounded; null where nobody knows. */
  translate(from: number, time: number, to: number): NsInterval | null
}

export interface Proxied {
  links: LegLink[]
  /** Connections that were not looked at, requests of long connections that left no mark, and links that were let go. */
  passedOver: number
  unmarked: number
  dropped: number
}

/**
 * Links the connections around proxies (VERDICTS §6): first within each capture, which shows by its addresses who is a
 * proxy, then what only one capture saw with what only the other did.
 */
export function linkProxied(input: ProxiedInput): Proxied {
  const links = new LegLinks(input.count)
  const taps = input.sets.map((_, tap) => tap)
  const isAlone = (row: number) => taps.filter((tap) => input.indexAt(tap, row) >= 0).length === 1
  const candidates = taps.map((tap) =>
    candidateLegs(input, tap, taps.length > 1 ? isAlone : NO_ROW),
  )
  candidates.forEach(({ legs }, tap) => {
    const exact = (time: number) => ({ low: time, high: time })
    linkSides({ downstream: legs, upstream: legs, there: exact, together: true }, tap, links)
  })
  for (const [near, far] of pairsOf(taps)) {
    if (!input.isOnPath(near, far)) continue
    const here = candidates[near]!.legs.filter((leg) => {
      return isAlone(leg.row) && !links.has(leg.row, 'downstream')
    })
    const there = candidates[far]!.legs.filter((leg) => {
      return isAlone(leg.row) && !links.has(leg.row, 'upstream')
    })
    linkAcross(input, near, here, far, there, links)
  }
  return {
    links: links.list(),
    ...countLeftOut(candidates, links),
    dropped: links.dropped,
  }
}

const NO_ROW = () => false

/** Neighbours on the path first. */
function pairsOf(taps: readonly number[]): [number, number][] {
  const pairs = taps.flatMap((near) =>
    taps.slice(near + 1).map((far): [number, number] => [near, far]),
  )
  return pairs.sort((a, b) => a[1] - a[0] - (b[1] - b[0]))
}

function linkAcross(
  input: ProxiedInput,
  near: number,
  downstream: Leg[],
  far: number,
  upstream: Leg[],
  links: LegLinks,
): void {
  if (downstream.length === 0 || upstream.length === 0) return
  const isRelated = input.translate(far, 0, near) !== null
  const there = isRelated ? (time: number) => input.translate(far, time, near)! : null
  const isIndirect = throughAnother(input, near, far)
  linkSides({ downstream, upstream, there, together: false, isIndirect }, near, links)
}

/**
 * Between the proxies of two pods there is a connection that both captures show: then what only one of them shows is two
 * legs away.
 */
function throughAnother(
  input: ProxiedInput,
  near: number,
  far: number,
): (d: Leg, u: Leg) => boolean {
  const hosts = new Set<string>()
  for (let row = 0; row < input.count; row++) {
    const c = input.indexAt(near, row)
    const u = input.indexAt(far, row)
    if (c < 0 || u < 0) continue
    const client = input.sets[near]!.endpoints(c).client.address
    hosts.add(`${client} ${input.sets[far]!.endpoints(u).upstream.address}`)
  }
  return (d, u) =>
    hosts.size > 0 &&
    d.asUpstream.some((from) => u.asClient.some((to) => hosts.has(`${from} ${to}`)))
}

interface Sides extends LegSides {
  isIndirect?: (d: Leg, u: Leg) => boolean
}

function linkSides(sides: Sides, tap: number, links: LegLinks): void {
  const told: Told = { passedOn: new Set(), received: new Set() }
  const tell = (found: Sighted) => {
    const isIndirect = sides.isIndirect?.(found.downstream, found.upstream) ?? false
    links.add(isIndirect ? { ...found, basis: `${found.basis}, two legs away` } : found, tap)
  }
  const tellAll = (pairs: readonly StreamPair[]) => {
    for (const pair of pairs) tell({ ...pair, asked: null })
  }
  tellAll(linkByHeader(sides))
  linkById(sides, told, tell)
  linkByLine(sides, told, tell)
  linkAttempts(sides, told, tell)
  tellAll(linkByFirstBytes(sides))
  tellAll(
    linkBySize({
      ...sides,
      downstream: sides.downstream.filter(({ row }) => !links.has(row, 'downstream')),
      upstream: sides.upstream.filter(({ row }) => !links.has(row, 'upstream')),
    }),
  )
}

function countLeftOut(candidates: readonly CandidateLegs[], links: LegLinks) {
  let passedOver = 0
  let unmarked = 0
  for (const { legs, passedOver: more } of candidates) {
    passedOver += more
    for (const leg of legs) {
      // Of a connection that nobody links nothing is missing.
      const isLinked = links.has(leg.row, 'downstream') || links.has(leg.row, 'upstream')
      if (isLinked) unmarked += leg.unmarked
    }
  }
  return { passedOver, unmarked }
}
