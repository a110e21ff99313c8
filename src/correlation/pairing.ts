import type { ClockRelation } from '../model/clock.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import type { Segment } from '../model/segment.ts'
import type { AlignedSegment, SharedClock, Sighting, Tap, TapPosition } from '../model/sighting.ts'
import { alignSegments } from './align.ts'
import {
  addHoles,
  addMissedArrivals,
  addUnseen,
  addUnseenOf,
  type LossCount,
  lossReasons,
  newLossCount,
} from './capture-loss.ts'
import { relateClocks } from './clock.ts'
import { ObservationCollector } from './clock-observations.ts'
import { matchConnections } from './match.ts'
import { type RequestClock, requestClock } from './request-clock.ts'
import { intervalClock, sharedClock, singleClock } from './shared-clock.ts'
import { tapPosition } from './tap-position.ts'
import { assignTapRoles } from './tap-roles.ts'

/** Pairs whose segments are compared to relate the clocks and to find loss; more of them add nothing. */
const MOST_COMPARED = 4000

/** Two captures of the same connections, on one clock. */
export class Pairing {
  readonly client: ConnectionSet
  readonly upstream: ConnectionSet
  readonly matches: Matches
  readonly relation: ClockRelation | null
  readonly clock: SharedClock | null
  /** Where no packet was seen at both: by the requests that a proxy between passed on. It orders legs, never packets. */
  readonly requests: RequestClock | null
  readonly doubt: string | null
  /** Where the clocks contradict each other: what the pairs say of their difference, from the least to the most, in ns. */
  readonly contradictoryRange: { low: number; high: number } | null
  /** The captures were given the wrong way round: packets arrive before they leave, and TTLs grow on the way. */
  readonly areSwapped: boolean
  readonly positions: Record<Side, TapPosition | null>
  readonly loss: Record<Side, string[]>
  private readonly isOneFile: boolean

  /** `isOneFile`: two points of one capture, so `toldOffset` is no guess and nobody said on which side they are. */
  constructor(
    client: ConnectionSet,
    upstream: ConnectionSet,
    toldOffset: SharedClock | null,
    toldHost: Side | null,
    isOneFile = false,
  ) {
    this.client = client
    this.isOneFile = isOneFile
    this.upstream = upstream
    this.matches = matchConnections(client, upstream)
    assignTapRoles(client, upstream, this.matches)
    this.positions = {
      client: toldHost === 'client' ? told('client') : tapPosition(client, 'client'),
      upstream: toldHost === 'upstream' ? told('upstream') : tapPosition(upstream, 'upstream'),
    }
    const observations = new ObservationCollector()
    const loss = { client: newLossCount(client), upstream: newLossCount(upstream) }
    for (const [c, u] of this.sample()) {
      const shift = this.matches.shifts.get(c)
      observations.add(alignSegments(client.view(c), upstream.view(u), shift))
    }
    const baseDelta = upstream.facts.baseNs - client.facts.baseNs
    this.relation = relateClocks(observations.result(baseDelta))
    const isTold = this.relation === null || isOneFile
    this.clock = isTold ? toldOffset : sharedClock(this.relation!)
    this.requests = this.clock === null ? requestClock(client, upstream, this.matches) : null
    const contradicts = this.relation !== null && !this.relation.consistent
    this.doubt = contradicts
      ? 'captures whose times agree: these two contradict each other (wrong files, or swapped?)'
      : null
    this.contradictoryRange = contradicts ? observations.range(Number(baseDelta)) : null
    this.areSwapped = contradicts && isSwapped(client, upstream, observations, baseDelta)
    for (const [c, u] of this.sample()) this.countLoss(c, u, loss)
    countUnmatched(client, this.matches.upstreamOf, loss.client)
    countUnmatched(upstream, this.matches.clientOf, loss.upstream)
    this.loss = { client: lossReasons(loss.client), upstream: lossReasons(loss.upstream) }
  }

  /** The captures' times as well as they can be related: for display, and for the order of legs. */
  get times(): SharedClock | null {
    return this.clock ?? (this.requests && intervalClock(this.requests))
  }

  /** What one tap saw of a connection that the other capture is not on the way of. */
  alone(tap: 0 | 1, index: number): Sighting {
    const side = tap === 0 ? 'client' : 'upstream'
    const view = this[side].view(index)
    return {
      taps: [this.tap(side, view, null)],
      segments: view.segments.map((s) => ({ from: s.from, seen: [s], covered: false })),
      clock: singleClock(),
      doubt: this.doubt,
      isPlaced: true,
    }
  }

  /** Everything both taps saw of one connection; either index may be -1. */
  sighting(c: number, u: number): Sighting {
    const a = c < 0 ? null : this.client.view(c)
    const b = u < 0 ? null : this.upstream.view(u)
    const segments =
      a !== null && b !== null
        ? this.align(c, a, b)
        : (a ?? b)!.segments.map((s) => ({
            from: s.from,
            seen: a !== null ? [s, null] : [null, s],
            covered: false,
          }))
    return this.sightingOf(segments, a, b)
  }

  private sightingOf(
    segments: AlignedSegment[],
    a: ConnectionView | null,
    b: ConnectionView | null,
  ): Sighting {
    const taps = [this.tap('client', a, b), this.tap('upstream', b, a)]
    const { clock, doubt } = this
    return { taps, segments, clock, doubt, isPlaced: !this.isOneFile }
  }

  private tap(side: Side, view: ConnectionView | null, other: ConnectionView | null): Tap {
    const set = side === 'client' ? this.client : this.upstream
    const known = view ?? other
    return {
      capture: set.capture,
      side,
      view,
      captureStart: 0,
      captureEnd: set.totals.lastPacketTime,
      inHost: this.positions[side],
      loss: [...(this.loss?.[side] ?? []), ...oneWay(side, view, other)],
      usualTtl: (of) => (known === null ? null : set.usualTtl(known.endpoints[of])),
    }
  }

  private align(c: number, a: ConnectionView, b: ConnectionView): AlignedSegment[] {
    return alignSegments(a, b, this.matches.shifts.get(c), this.isPossible)
  }

  private readonly isPossible = (x: Segment, y: Segment) => isPossible(this.clock, x, y)

  private countLoss(c: number, u: number, loss: Record<Side, LossCount>): void {
    const a = this.client.view(c)
    const b = this.upstream.view(u)
    const sighting = this.sightingOf(this.align(c, a, b), a, b)
    addUnseen(loss.client, a)
    addUnseen(loss.upstream, b)
    addHoles(loss.client, sighting, 0, 'client')
    addHoles(loss.upstream, sighting, 1, 'upstream')
    addMissedArrivals(loss.client, sighting, 0, 'client')
    addMissedArrivals(loss.upstream, sighting, 1, 'upstream')
  }

  /** Matched pairs, evenly spread when there are very many. */
  private *sample(): Iterable<[number, number]> {
    const { upstreamOf } = this.matches
    let matched = 0
    for (const u of upstreamOf) if (u >= 0) matched++
    const step = Math.max(1, Math.ceil(matched / MOST_COMPARED))
    let n = 0
    for (let c = 0; c < upstreamOf.length; c++) {
      const u = upstreamOf[c]!
      if (u >= 0 && n++ % step === 0) yield [c, u]
    }
  }
}

/** The user says that this side's capture was taken in that host. */
function told(host: Side): TapPosition {
  return { host, basis: '--at', told: true }
}

/** Read the other way round, do the clocks agree, and do the TTLs say so too? */
function isSwapped(
  client: ConnectionSet,
  upstream: ConnectionSet,
  observations: ObservationCollector,
  baseDelta: bigint,
): boolean {
  const taps = tapPosition(client, 'upstream') !== null && tapPosition(upstream, 'client') !== null
  if (!taps) return false
  const given = observations.result(baseDelta)
  const turned = relateClocks({ ...given, direction: given.direction.map((d) => 1 - d) })
  return turned?.consistent === true
}

/** Longest time that a packet is taken to travel between the taps. */
const LONGEST_TRAVEL_NS = 10e9

/** A copy arrives after it left, and not ages after. */
function isPossible(clock: SharedClock | null, client: Segment, upstream: Segment): boolean {
  if (clock === null) return true
  const { low, high } = clock.translate(1, upstream.time, 0)
  const early = client.from === 'client' ? high - client.time : client.time - low
  const late = client.from === 'client' ? low - client.time : client.time - high
  return early >= -TIMESTAMP_SLACK_NS && late <= LONGEST_TRAVEL_NS
}

/** Timestamps of one host may be this much off each other (batching, several queues). */
const TIMESTAMP_SLACK_NS = 1e6

/** A capture that holds nothing of what its own side sent in a connection cannot show its RST either. */
function oneWay(side: Side, view: ConnectionView | null, other: ConnectionView | null): string[] {
  if (view === null || other === null) return []
  const sent = other[side].packets - other[side].resets
  return sent > 0 && view[side].packets === 0 ? [`it holds nothing that the ${side} sent`] : []
}

function countUnmatched(set: ConnectionSet, partner: Int32Array, loss: LossCount): void {
  let seen = 0
  for (let i = 0; i < partner.length && seen < MOST_COMPARED; i++) {
    if (partner[i]! >= 0) continue
    seen++
    addUnseenOf(loss, set, i)
  }
}

/** What a single capture saw of one of its connections. */
export function singleSighting(
  set: ConnectionSet,
  index: number,
  position: TapPosition | null,
  loss: string[],
): Sighting {
  const view = set.view(index)
  return {
    taps: [
      {
        capture: set.capture,
        side: position?.host ?? null,
        view,
        captureStart: 0,
        captureEnd: set.totals.lastPacketTime,
        inHost: position,
        loss,
        usualTtl: (of) => set.usualTtl(view.endpoints[of]),
      },
    ],
    segments: view.segments.map((s) => ({ from: s.from, seen: [s], covered: false })),
    clock: singleClock(),
    doubt: null,
    isPlaced: false,
  }
}

/** Signs of loss that a single capture shows. */
export function singleLoss(set: ConnectionSet): string[] {
  const loss = newLossCount(set)
  for (let i = 0; i < Math.min(set.count, MOST_COMPARED); i++) addUnseenOf(loss, set, i)
  return lossReasons(loss)
}
