import { FIN, RST } from '../../native-free-decoders/decoded-packet.ts'
import type { Side } from '../model/connection.ts'
import { covers, surelyCovers } from '../model/coverage.ts'
import type { ResetEvent } from '../model/outcome.ts'
import type { Segment } from '../model/segment.ts'
import type { Sighting, Tap } from '../model/sighting.ts'
import { other, tapAt } from './taps.ts'

/**
 * A kernel answers a segment for which it has no socket, though neither its own FIN nor a RST that it got is in view: what
 * took the socket away may have been lost by the capture.
 */
export function goneWithoutReason(tap: Tap, event: ResetEvent, rst: Segment): boolean {
  if (event.anatomy !== 'passive') return false
  return !tap.view!.segments.some(
    (s) =>
      s.frame < rst.frame &&
      ((s.from === event.from && (s.flags & FIN) !== 0) ||
        (s.from !== event.from && (s.flags & RST) !== 0)),
  )
}

/**
 * A passive RST in the name of a host whose FIN is in its capture: the kernel of that host has no socket any more, and
 * answers late data so. That neither that data nor the RST is there may be the capture's doing as well as a device's.
 */
export function hadClosed(tap: Tap, event: ResetEvent): boolean {
  if (event.anatomy !== 'passive' || event.oddTtl !== null || tap.view === null) return false
  return tap.view.segments.some((s) => s.from === event.from && (s.flags & FIN) !== 0)
}

/** A segment that left for this side and is not in its capture: lost on the way, or by the capture. */
export function missingArrival(sighting: Sighting, side: Side, home: number): string | null {
  const far = tapAt(sighting, other(side))
  if (far < 0) return null
  const missing = sighting.segments.some((segment) => {
    const s = segment.seen[far]
    if (segment.from === side || s == null || segment.seen[home] || segment.covered) return false
    return (s.flags & RST) === 0 && covers(sighting, home, far, s.time)
  })
  return missing ? 'not everything that was sent to it is there' : null
}

/** The capture's own word on direction outranks addresses (SLL packet type, pcapng flags). */
export function contradictsDirection(tap: Tap, side: Side, rst: Segment): boolean {
  if (rst.direction !== 'arriving') return false
  const others = tap.view!.segments.filter((s) => s.from === side && (s.flags & RST) === 0)
  return others.length > 0 && others.every((s) => s.direction === 'leaving')
}

/** Other packets of that side at its tap, whose TTL the RST's can be held against. */
export function hasBaseline(tap: Tap, side: Side): boolean {
  const facts = tap.view![side]
  return facts.packets > facts.resets || (tap.usualTtl?.(side) ?? null) !== null
}

/** The same RST was seen leaving, once less often than it arrived: copies folded at one tap and not at the other. */
export function hasTwinLeaving(all: readonly ResetEvent[], e: ResetEvent, here: number): boolean {
  const there = e.segment.seen.findIndex((s) => s !== null)
  const mine = e.segment.seen[there]!
  return all.some((f) => {
    const twin = f.segment.seen[there]
    if (f.from !== e.from || !f.segment.seen[here] || twin == null) return false
    const same = twin.seq === mine.seq && twin.flags === mine.flags && twin.ipId === mine.ipId
    return same && Math.abs(twin.time - mine.time) <= COPY_NS
  })
}

/** A RST the other way, that arrived at this RST's apparent sender and did not leave its own. */
export function forgedOtherWay(
  sighting: Sighting,
  event: ResetEvent,
  all: readonly ResetEvent[],
): { tap: number; segment: Segment } | null {
  const side = event.from
  const there = tapAt(sighting, side)
  const here = tapAt(sighting, other(side))
  if (there < 0 || here < 0 || sighting.taps[here]!.loss.length > 0) return null
  // Two RSTs that continue their senders are theirs, each missed by its own tap.
  if (event.continuesSender) return null
  for (const e of all) {
    if (e.from === side || e.continuesSender || hasTwinLeaving(all, e, here)) continue
    if (e.segment.seen[here] || !e.segment.seen[there]) continue
    if (!surelyCovers(sighting, here, there, e.segment.seen[there].time, 0, 0)) continue
    return { tap: there, segment: e.segment.seen[there]! }
  }
  return null
}

/** Copies of one RST lie no further apart. */
const COPY_NS = 1e6
