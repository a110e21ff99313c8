import type { NsInterval } from '../model/clock.ts'
import type { LegSides } from './asked.ts'
import { type CandidateLegs, candidateLegs, type LegRows } from './leg-candidates.ts'
import { type LegLink, LegLinks } from './leg-links.ts'
import type { Leg } from './legs.ts'
import { linkById, type Told } from './link-by-id.ts'
import { linkByLine } from './link-by-line.ts'
import { linkByFirstBytes, linkByHeader, linkBySize, type StreamPair } from './link-streams.ts'
import { requestClock } from './request-clock.ts'

export type { LegRows } from './leg-candidates.ts'
export type { LegLink } from './leg-links.ts'

export interface ProxiedInput extends LegRows {
  /** A time of one tap on the clock of another, which may be unbounded; null where nobody knows. */
  translate(from: number, time: number, to: number): NsInterval | null
}

export interface Proxied {
  links: LegLink[]
  /** Connections that were not looked at, requests of long connections that left no mark, and links that were let go. */
  passedOver: number
  unmarked: number
  dropped: number
  /** By requests, where packets relate no clocks: how far the second tap's clock is ahead of the first's, each counted from its own base. */
  clock: NsInterval | null
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
  let clock: NsInterval | null = null
  for (const [near, far] of pairsOf(taps)) {
    const here = candidates[near]!.legs.filter((leg) => {
      return isAlone(leg.row) && !links.has(leg.row, 'downstream')
    })
    const there = candidates[far]!.legs.filter((leg) => {
      return isAlone(leg.row) && !links.has(leg.row, 'upstream')
    })
    const found = linkAcross(input, near, here, far, there, links)
    if (near === 0 && far === 1) clock = found
  }
  return {
    links: links.list(),
    ...countLeftOut(candidates, links),
    dropped: links.dropped,
    clock,
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

/** Returns the clock that the requests themselves gave, where it was needed. */
function linkAcross(
  input: ProxiedInput,
  near: number,
  downstream: Leg[],
  far: number,
  upstream: Leg[],
  links: LegLinks,
): NsInterval | null {
  if (downstream.length === 0 || upstream.length === 0) return null
  const isRelated = input.translate(far, 0, near) !== null
  const ahead = isRelated ? null : requestClock(downstream, upstream)
  const there = isRelated
    ? (time: number) => input.translate(far, time, near)!
    : ahead && ((time: number) => ({ low: time - ahead.high, high: time - ahead.low }))
  linkSides({ downstream, upstream, there, together: false }, near, links)
  return ahead
}

function linkSides(sides: LegSides, tap: number, links: LegLinks): void {
  const told: Told = { passedOn: new Set(), received: new Set() }
  const tellAll = (pairs: readonly StreamPair[]) => {
    for (const pair of pairs) links.add({ ...pair, asked: null }, tap)
  }
  tellAll(linkByHeader(sides))
  linkById(sides, told, (found) => links.add(found, tap))
  linkByLine(sides, told, (found) => links.add(found, tap))
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
