import { type CaseLinks, caseLinks } from './case-links.ts'
import { EndpointIds } from './connections/endpoint-ids.ts'
import type { Pairing } from './correlation/pairing.ts'
import { singleSighting } from './correlation/pairing.ts'
import { onFirstClock } from './diagnosis/on-client-clock.ts'
import type { Case } from './model/case.ts'
import type { NsInterval } from './model/clock.ts'
import type { ConnectionSet } from './model/connection-set.ts'
import type { UnmatchedReason } from './model/report.ts'
import type { Sighting, TapPosition } from './model/sighting.ts'
import { pairedOrder } from './paired-order.ts'
import { pairedBriefs, singleBriefs } from './shape-briefs.ts'
import { outcomeOf } from './terminations/outcome.ts'

/** All connections of a report in a fixed order; the objects of one are made on request only. */
export interface Cases {
  readonly count: number
  /** The capture of each tap, and the zero of its relative times, ns since 1970. */
  readonly sets: readonly ConnectionSet[]
  readonly bases: bigint[]
  /** Which connection of a tap's capture it is; -1 where the tap did not see it. */
  indexAt(tap: number, index: number): number
  isMatched(index: number): boolean
  /** Its id where that is not its place in this order. */
  idAt?(index: number): number
  /** First and last packet at the tap that it is shown with, in relative ns of the first tap's clock. */
  startTime(index: number): number
  endTime(index: number): number
  /** Its upstream endpoint. */
  upstreamIds(index: number, out: UpstreamIds): void
  /** `10.8.1.15:8443`. */
  endpointText(id: number): string
  at(index: number): Case
  /** The connections around proxies. */
  readonly links: CaseLinks
  /** Says the least of a connection without making any object; false for one whose case must be looked at. */
  brief?(index: number, out: Brief): boolean
  /** Of one that has a brief: when it was closed, as its brief says. */
  closedAt?(index: number): number
}

/** Ids of an upstream endpoint: as the upstream side knows it (behind a Service, the pod's), and as it is shown. */
export interface UpstreamIds {
  own: number
  shown: number
}

/**
 * The least that a report over millions must know of a connection, filled in again for the next one. Times are ns on
 * the first tap's clock, NaN for none.
 */
export interface Brief {
  /**
   * Connections of one shape have the same outcome but for frames, times and endpoints, and the same causes unless
   * causes ask for what surrounds them. Small numbers from 0.
   */
  shape: number
  /** Its first FIN or ending RST, nearest to its sender. */
  closed: number
  /** When the upstream last sent payload, where payload went both ways. */
  aliveUntil: number
}

/** The connections of two captures: matched ones once, in order of their first packet on the client's clock. */
export function pairedCases(pairing: Pairing): Cases {
  const { client, upstream, matches, times } = pairing
  const sets = [client, upstream]
  const bases = [client.facts.baseNs, upstream.facts.baseNs]
  const order = pairedOrder(pairing)
  const ids = new EndpointIds()
  const indexAt = (tap: number, index: number) =>
    (tap === 0 ? order.client : order.upstream)[index]!
  const links = caseLinks({
    count: order.client.length,
    sets,
    indexAt,
    translate: (from, time, to) => times?.translate(from, time, to) ?? null,
    shown: (tap, time) => onFirstClock(bases, times, tap, time),
    isOnPath: () => true,
  })
  const shownTap = (index: number) => (order.client[index]! >= 0 ? 0 : 1)
  const upstreamIds = sets.map((set) =>
    remembered(set.count, (at) => set.endpointId(at, 'upstream', ids)),
  )
  const upstreamId = (tap: number, index: number) => upstreamIds[tap]!(indexAt(tap, index))
  return {
    count: order.client.length,
    sets,
    bases,
    indexAt,
    isMatched: (index) => order.client[index]! >= 0 && order.upstream[index]! >= 0,
    startTime(index) {
      const tap = shownTap(index)
      return onFirstClock(bases, times, tap, startOf(sets[tap]!, indexAt(tap, index)))
    },
    endTime(index) {
      const tap = shownTap(index)
      return onFirstClock(bases, times, tap, sets[tap]!.lastTime(indexAt(tap, index)))
    },
    upstreamIds(index, out) {
      out.shown = upstreamId(shownTap(index), index)
      out.own = order.upstream[index]! >= 0 ? upstreamId(1, index) : out.shown
    },
    endpointText: (id) => ids.text(id),
    ...pairedBriefs(pairing, indexAt, (index) => links.has(index) || links.isAtProxy(index)),
    at(index) {
      const c = order.client[index]!
      const u = order.upstream[index]!
      const isOneSided = c < 0 || u < 0
      const isProxied =
        isOneSided &&
        (links.isLikely(index, c < 0 ? 'proxied-from' : 'proxied-to') || links.isAtProxy(index))
      // The other capture is on the other side of a proxy, and so no tap of this connection.
      const taps = isProxied ? [c < 0 ? 1 : 0] : [0, 1]
      const sighting = isProxied
        ? pairing.alone(c < 0 ? 1 : 0, c < 0 ? u : c)
        : pairing.sighting(c, u)
      return {
        id: index + 1,
        sighting,
        outcome: outcomeOf(sighting),
        viewOutcomes: () => sighting.taps.map((_, tap) => outcomeAt(sighting, tap)),
        upstreamId: upstreamId(u >= 0 ? 1 : 0, index),
        bases: taps.map((tap) => bases[tap]!),
        zero: bases[0]!,
        captures: sets.map((set) => set.capture),
        between: [],
        match: c < 0 ? null : matches.methods[c]!,
        unmatchedReason: isProxied
          ? 'terminated-by-proxy'
          : c >= 0 && u >= 0
            ? null
            : unmatchedReason(sighting),
        links: links.of(index),
        onReportClock: (tap, time) =>
          times?.translate(taps[tap]!, time, 0) ?? exactOn(taps[tap]!, time),
        shownTime: (tap, time) => onFirstClock(bases, times, taps[tap]!, time),
      }
    },
    links,
  }
}

/** The connections of one capture. */
export function singleCases(
  set: ConnectionSet,
  position: TapPosition | null,
  loss: string[],
): Cases {
  const bases = [set.facts.baseNs]
  const ids = new EndpointIds()
  const upstreamId = remembered(set.count, (index) => set.endpointId(index, 'upstream', ids))
  const indexAt = (_tap: number, index: number) => index
  const links = caseLinks({
    count: set.count,
    sets: [set],
    indexAt,
    translate: (_from, time) => ({ low: time, high: time }),
    shown: (_tap, time) => time,
    isOnPath: () => false,
  })
  const briefs = singleBriefs(set)
  return {
    count: set.count,
    sets: [set],
    bases,
    indexAt,
    isMatched: () => false,
    startTime: (index) => startOf(set, index),
    endTime: (index) => set.lastTime(index),
    upstreamIds(index, out) {
      out.own = upstreamId(index)
      out.shown = out.own
    },
    endpointText: (id) => ids.text(id),
    brief: (index, out) => !links.has(index) && briefs.brief(index, out),
    closedAt: briefs.closedAt,
    links,
    at(index) {
      const sighting = singleSighting(set, index, position, loss)
      const outcome = outcomeOf(sighting)
      return {
        id: index + 1,
        sighting,
        outcome,
        viewOutcomes: () => [outcome],
        upstreamId: upstreamId(index),
        bases,
        zero: bases[0]!,
        captures: [set.capture],
        between: [],
        match: null,
        unmatchedReason: null,
        links: links.of(index),
        onReportClock: exactOn,
        shownTime: (_, time) => time,
      }
    },
  }
}

/** A number for each index, found when it is first asked for: every pass over the connections asks again. */
function remembered(count: number, find: (index: number) => number): (index: number) => number {
  const known = new Int32Array(count)
  return (index) => {
    const id = known[index]! - 1
    if (id >= 0) return id
    const found = find(index)
    known[index] = found + 1
    return found
  }
}

/** Time of a connection's first packet, under whatever addresses. */
export function startOf(set: ConnectionSet, index: number): number {
  return set.hasFolds(index) ? set.view(index).firstTime : set.firstTime(index)
}

/** Without a relation of the clocks only the first tap's own times are known. */
function exactOn(tap: number, time: number): NsInterval {
  return tap === 0
    ? { low: time, high: time }
    : { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
}

/** How the connection ended as one tap alone shows it. */
export function outcomeAt(sighting: Sighting, tap: number) {
  const here = sighting.taps[tap]!
  if (here.view === null) return null
  if (sighting.taps.every((t, i) => i === tap || t.view === null)) return outcomeOf(sighting)
  return outcomeOf({
    taps: [here],
    segments: here.view.segments.map((s) => ({ from: s.from, seen: [s], covered: false })),
    clock: null,
    doubt: null,
    isPlaced: false,
  })
}

export function unmatchedReason(sighting: Sighting): UnmatchedReason {
  const seenBy = sighting.taps.findIndex((tap) => tap.view !== null)
  const missing = 1 - seenBy
  const view = sighting.taps[seenBy]!.view!
  const other = sighting.taps[missing]!
  if (sighting.clock === null) return 'unknown'
  const first = sighting.clock.translate(seenBy, view.firstTime, missing)
  const last = sighting.clock.translate(seenBy, view.lastTime, missing)
  if (last.high < other.captureStart || first.low > other.captureEnd) return 'tap-not-covering'
  const onlySyns = view.upstream.packets === view.upstream.resets && view.client.isn !== null
  if (seenBy === 0 && onlySyns && other.loss.length === 0) return 'dropped-before-tap'
  return 'unknown'
}
