import { FIN, RST } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { Segment } from '../model/segment.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'

export function other(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}

/** The tap on a side that saw the connection, or -1. */
export function tapAt(sighting: Sighting, side: Side): number {
  const { taps } = sighting
  for (let i = 0; i < taps.length; i++) {
    if (taps[i]!.side === side && taps[i]!.view !== null) return i
  }
  return -1
}

/** The first tap that saw this segment; asked of each, so that it takes no callback. */
export function anyTap({ seen }: AlignedSegment): number {
  for (let i = 0; i < seen.length; i++) if (seen[i] !== null) return i
  return -1
}

/** The sighting that is nearest to its sender, and at which tap. */
export function nearestToSender(
  sighting: Sighting,
  segment: AlignedSegment,
): { tap: number; segment: Segment } {
  const home = tapAt(sighting, segment.from)
  const tap = home >= 0 && segment.seen[home] ? home : anyTap(segment)
  return { tap, segment: segment.seen[tap]! }
}

/** The sighting that is nearest to its receiver, and at which tap. */
export function nearestToReceiver(
  sighting: Sighting,
  segment: AlignedSegment,
): { tap: number; segment: Segment } {
  const far = tapAt(sighting, other(segment.from))
  const tap = far >= 0 && segment.seen[far] ? far : anyTap(segment)
  return { tap, segment: segment.seen[tap]! }
}

export function isReset(s: Segment): boolean {
  return (s.flags & RST) !== 0
}

/** One past the last sequence number of a segment, FIN counted. */
export function endOf(s: Segment): number {
  return advance(s.seq, s.length + ((s.flags & FIN) !== 0 ? 1 : 0))
}

/** Does this segment carry bytes or a FIN beyond what its sender had sent? */
export function isNewData(s: Segment): boolean {
  if (s.length === 0 && (s.flags & FIN) === 0) return false
  if (s.kind === 'keep-alive') return false
  return s.senderNext === null || delta(s.senderNext, endOf(s)) > 0
}

/**
 * The first segment by which `side` shows, after the given moment, that its connection lives: new data, a FIN, or an
 * acknowledgement of something that it had not acknowledged before.
 */
export function livesOn(
  view: ConnectionView,
  side: Side,
  afterFrame: number,
  afterTime: number,
): Segment | null {
  let acked: number | null = null
  for (const s of view.segments) {
    if (s.from !== side || isReset(s)) continue
    const advances = acked !== null && delta(acked, s.ack) > 0
    if (s.frame > afterFrame && s.time > afterTime && (advances || isNewData(s))) return s
    if (acked === null || delta(acked, s.ack) > 0) acked = s.ack
  }
  return null
}

/** The first segment of `side` after a frame that is not a RST. */
export function speaksAfter(
  view: ConnectionView,
  side: Side,
  afterFrame: number,
  afterTime: number,
): Segment | null {
  for (const s of view.segments) {
    if (s.from === side && !isReset(s) && s.frame > afterFrame && s.time > afterTime) return s
  }
  return null
}

const DEFAULT_ROUND_TRIP_NS = 100e6

/** Time from a SYN to its answer at a tap, in ns; a guess where the handshake is not in view. */
export function roundTripNs(view: ConnectionView): number {
  let syn: number | null = null
  for (const s of view.segments) {
    if (s.from === 'client' && (s.flags & 0x12) === 0x02) syn = s.time
    if (s.from === 'upstream' && (s.flags & 0x12) === 0x12 && syn !== null) {
      // From the SYN-ACK to its ACK is the other half at a tap near the upstream.
      const answer = view.segments.find((a) => a.from === 'client' && a.frame > s.frame)
      return Math.max(s.time - syn, 0) + Math.max((answer?.time ?? s.time) - s.time, 0)
    }
  }
  return DEFAULT_ROUND_TRIP_NS
}

/** A host may have sent a segment in the moment in which a RST passed its tap but had not reached the socket. */
const SOCKET_GRACE_NS = 2e6

/**
 * How long after a RST passed the tap of `side` that side's segments may still be older than it, in ns: the round trip
 * between the tap and the host, read off the handshake, with a grace for the way to the socket.
 */
export function reactionNs(view: ConnectionView, side: Side, inHost: boolean): number {
  let asked: number | null = null
  for (const s of view.segments) {
    const isQuestion =
      side === 'client'
        ? s.from === 'upstream' && (s.flags & 0x12) === 0x12
        : s.from === 'client' && (s.flags & 0x12) === 0x02
    if (isQuestion) asked = s.time
    else if (asked !== null && s.from === side) return SOCKET_GRACE_NS + Math.max(0, s.time - asked)
  }
  return inHost ? SOCKET_GRACE_NS : DEFAULT_ROUND_TRIP_NS
}
