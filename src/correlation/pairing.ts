import type { ClockRelation } from '../model/clock.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import type { SharedClock, Sighting, Tap, TapPosition } from '../model/sighting.ts'
import { alignSegments } from './align.ts'
import { addHoles, addUnseen, type LossCount, lossReasons, newLossCount } from './capture-loss.ts'
import { relateClocks } from './clock.ts'
import { ObservationCollector } from './clock-observations.ts'
import { matchConnections } from './match.ts'
import { sharedClock, singleClock } from './shared-clock.ts'
import { tapPosition } from './tap-position.ts'

/** Pairs whose segments are compared to relate the clocks and to find loss; more of them add nothing. */
const MOST_COMPARED = 4000

/** Two captures of the same connections, on one clock. */
export class Pairing {
  readonly client: ConnectionSet
  readonly upstream: ConnectionSet
  readonly matches: Matches
  readonly relation: ClockRelation | null
  readonly clock: SharedClock | null
  readonly positions: Record<Side, TapPosition | null>
  readonly loss: Record<Side, string[]>

  constructor(client: ConnectionSet, upstream: ConnectionSet, toldOffset: SharedClock | null) {
    this.client = client
    this.upstream = upstream
    this.matches = matchConnections(client, upstream)
    const observations = new ObservationCollector()
    const loss = { client: newLossCount(client), upstream: newLossCount(upstream) }
    for (const [c, u] of this.sample()) this.comparePair(c, u, observations, loss)
    countUnmatched(client, this.matches.upstreamOf, loss.client)
    countUnmatched(upstream, this.matches.clientOf, loss.upstream)
    this.relation = relateClocks(observations.result(upstream.facts.baseNs - client.facts.baseNs))
    this.clock = this.relation === null ? toldOffset : sharedClock(this.relation)
    this.loss = { client: lossReasons(loss.client), upstream: lossReasons(loss.upstream) }
    this.positions = {
      client: tapPosition(client, 'client'),
      upstream: tapPosition(upstream, 'upstream'),
    }
  }

  /** Everything both taps saw of one connection; either index may be -1. */
  sighting(c: number, u: number): Sighting {
    const a = c < 0 ? null : this.client.view(c)
    const b = u < 0 ? null : this.upstream.view(u)
    const taps = [this.tap('client', a, b), this.tap('upstream', b, a)]
    const segments =
      a !== null && b !== null
        ? alignSegments(a, b, this.matches.shifts.get(c))
        : (a ?? b)!.segments.map((s) => ({
            from: s.from,
            seen: a !== null ? [s, null] : [null, s],
            covered: false,
          }))
    return { taps, segments, clock: this.clock }
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
      loss: this.loss[side],
      usualTtl: (of) => (known === null ? null : set.usualTtl(known.endpoints[of])),
    }
  }

  private comparePair(
    c: number,
    u: number,
    observations: ObservationCollector,
    loss: Record<Side, LossCount>,
  ): void {
    const a = this.client.view(c)
    const b = this.upstream.view(u)
    const segments = alignSegments(a, b, this.matches.shifts.get(c))
    observations.add(segments)
    addUnseen(loss.client, a)
    addUnseen(loss.upstream, b)
    addHoles(loss.client, segments, 0, 'client', a)
    addHoles(loss.upstream, segments, 1, 'upstream', b)
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

function countUnmatched(set: ConnectionSet, partner: Int32Array, loss: LossCount): void {
  let seen = 0
  for (let i = 0; i < partner.length && seen < MOST_COMPARED; i++) {
    if (partner[i]! >= 0) continue
    seen++
    addUnseen(loss, set.view(i))
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
  }
}

/** Signs of loss that a single capture shows. */
export function singleLoss(set: ConnectionSet): string[] {
  const loss = newLossCount(set)
  for (let i = 0; i < Math.min(set.count, MOST_COMPARED); i++) addUnseen(loss, set.view(i))
  return lossReasons(loss)
}
