import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import { surelyCovers } from '../model/coverage.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'

/** Signs that a capture lacks packets that passed its tap (VERDICTS §5: loss is found before anything is called injected). */
export interface LossCount {
  dropped: number
  unseenSegments: number
  /** Segments that the other tap saw coming from this side and that this one does not show. */
  holes: number
  /** Segments that this side acknowledged and this capture does not show. */
  missedArrivals: number
  firstHole: { frame: number; from: Side } | null
}

export function newLossCount(set: ConnectionSet): LossCount {
  return {
    dropped: set.facts.droppedByCapture ?? 0,
    unseenSegments: 0,
    holes: 0,
    missedArrivals: 0,
    firstHole: null,
  }
}

/** Adds what a capture alone shows: bytes that were acknowledged though no segment held them. */
export function addUnseen(loss: LossCount, view: ConnectionView): void {
  // A side that was never seen is a one-way capture, which is told apart; holes need both.
  if (view.client.packets === 0 || view.upstream.packets === 0) return
  loss.unseenSegments += view.client.unseenSegments + view.upstream.unseenSegments
}

/** The same of one of a capture's connections, which becomes an object only where it may add something. */
export function addUnseenOf(loss: LossCount, set: ConnectionSet, index: number): void {
  if (set.unseenSegments(index) > 0 || set.hasFolds(index)) addUnseen(loss, set.view(index))
}

/** A packet that passed the other tap this long before a capture's end should be in it. */
const FLIGHT_NS = 50e6

/**
 * Adds what the other tap proves: a segment that left this tap's side and arrived over there, while this capture was
 * running, but is not in it.
 */
export function addHoles(loss: LossCount, sighting: Sighting, tap: number, side: Side): void {
  const other = 1 - tap
  const view = sighting.taps[tap]!.view!
  const complete = view.contiguousFrom === view.firstFrame
  let before = false
  let pending: AlignedSegment[] = []
  for (const segment of sighting.segments) {
    if (segment.from !== side) continue
    const here = segment.seen[tap]
    if (here) {
      const contiguous = complete || here.frame >= view.contiguousFrom
      if (before && contiguous) for (const hole of pending) count(loss, hole, other)
      pending = []
      before = contiguous
    } else if (isHole(segment, other, view)) {
      pending.push(segment)
    }
  }
  if (!before) return
  // After the last segment seen here nothing but the time tells that it should have been seen.
  for (const hole of pending) {
    const s = hole.seen[other]!
    if (s.length === 0 && (s.flags & FIN) === 0) continue
    if (surelyCovers(sighting, tap, other, s.time, FLIGHT_NS, 0)) count(loss, hole, other)
  }
}

/**
 * Adds what this side's own acknowledgements prove: a segment that left the other side, is in no copy in this capture
 * and was acknowledged all the same had arrived here.
 */
export function addMissedArrivals(
  loss: LossCount,
  sighting: Sighting,
  tap: number,
  side: Side,
): void {
  const other = 1 - tap
  const view = sighting.taps[tap]!.view!
  const far = sighting.taps[other]!.view!
  const complete = view.contiguousFrom === view.firstFrame
  if (!complete) return
  for (const segment of sighting.segments) {
    const s = segment.seen[other]
    if (segment.from === side || s == null || segment.seen[tap] || segment.covered) continue
    const control = (s.flags & (SYN | FIN)) !== 0 ? 1 : 0
    if ((s.flags & RST) !== 0 || s.length + control === 0) continue
    if (view.segments.some((o) => o.from === s.from && o.seq === s.seq)) continue
    const acked = far[side].acked ?? view[side].acked
    const arrived = acked !== null && delta((s.seq + s.length + control) >>> 0, acked) >= 0
    if (arrived && surelyCovers(sighting, tap, other, s.time, 0, FLIGHT_NS)) loss.missedArrivals++
  }
}

function count(loss: LossCount, segment: AlignedSegment, other: number): void {
  loss.holes++
  loss.firstHole ??= { frame: segment.seen[other]!.frame, from: segment.from }
}

/** RSTs are what is being judged; data in other pieces and ACKs that a later ACK merged are no holes. */
function isHole(segment: AlignedSegment, other: number, view: ConnectionView): boolean {
  const s = segment.seen[other]!
  if (segment.covered || (s.flags & RST) !== 0) return false
  if ((s.flags & (SYN | FIN)) !== 0 || s.length > 0) return true
  return (s.flags & ACK) !== 0 && !view.segments.some((o) => o.from === s.from && o.ack === s.ack)
}

/** The signs as sentences; empty when nothing speaks for loss. */
export function lossReasons(loss: LossCount): string[] {
  const reasons: string[] = []
  if (loss.dropped > 0) reasons.push(`the capturing program dropped ${loss.dropped} packets`)
  if (loss.unseenSegments > 0) {
    const times = loss.unseenSegments === 1 ? 'once' : `${loss.unseenSegments} times`
    reasons.push(`data was acknowledged ${times} that it does not show`)
  }
  if (loss.holes > 0) {
    const segments = loss.holes === 1 ? 'a segment' : `${loss.holes} segments`
    reasons.push(`${segments} that arrived at the other side left here unseen`)
  }
  if (loss.missedArrivals > 0) {
    const segments = loss.missedArrivals === 1 ? 'a segment' : `${loss.missedArrivals} segments`
    reasons.push(`${segments} acknowledged by this side did not make it into the file`)
  }
  return reasons
}
