import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionView } from '../model/connection.ts'
import type { SequenceShift } from '../model/pair.ts'
import type { Segment } from '../model/segment.ts'
import type { AlignedSegment } from '../model/sighting.ts'

const NO_SHIFT: SequenceShift = { client: 0, upstream: 0 }

/**
 * Pairs the segments that two taps saw of one connection. A pair has equal numbers, length and control flags and,
 * where both have them, equal TSval and IP ID: so that a lost first copy is not paired with its retransmission.
 */
export function alignSegments(
  a: ConnectionView,
  b: ConnectionView,
  shift: SequenceShift = NO_SHIFT,
  isPossible: (a: Segment, b: Segment) => boolean = () => true,
): AlignedSegment[] {
  const waiting = new Map<string, number[]>()
  b.segments.forEach((s, i) => {
    const key = keyOf(s, shift)
    const list = waiting.get(key)
    if (list === undefined) waiting.set(key, [i])
    else list.push(i)
  })
  const partnerOfA = new Int32Array(a.segments.length).fill(-1)
  const partnerOfB = new Int32Array(b.segments.length).fill(-1)
  for (const strict of [true, false]) {
    a.segments.forEach((s, i) => {
      if (partnerOfA[i]! >= 0) return
      const list = waiting.get(keyOf(s, NO_SHIFT))
      if (list === undefined) return
      const at = list.findIndex((k) => {
        const other = b.segments[k]!
        return agrees(s, other, strict) && isPossible(s, other)
      })
      if (at < 0) return
      const k = list[at]!
      list.splice(at, 1)
      partnerOfA[i] = k
      partnerOfB[k] = i
    })
  }
  return inOneOrder(a, b, partnerOfA, partnerOfB, shift)
}

function keyOf(s: Segment, shift: SequenceShift): string {
  const control = s.flags & (SYN | FIN | RST)
  const seq = (s.seq - shift[s.from]) >>> 0
  const other = s.from === 'client' ? shift.upstream : shift.client
  const ack = (s.flags & ACK) !== 0 ? (s.ack - other) >>> 0 : 'none'
  return `${s.from} ${seq} ${ack} ${s.length} ${control}`
}

/**
 * Strictly: the same IP ID and timestamps, or none of them at both taps. Loosely: data whose timestamps agree (a
 * device may rewrite the ID).
 */
function agrees(a: Segment, b: Segment, strict: boolean): boolean {
  const cut = a.optionsCut || b.optionsCut
  if (!cut && a.hasTimestamps !== b.hasTimestamps) return false
  const stamped = a.hasTimestamps && b.hasTimestamps
  if (stamped && a.tsVal !== b.tsVal) return false
  if (!strict) return stamped && a.length > 0
  if (a.ipId >= 0 && b.ipId >= 0 && a.ipId !== b.ipId) return false
  // Without either, nothing but the header's other fields tells two segments apart.
  const anonymous = a.ipId <= 0 && !stamped
  return !anonymous || (a.flags === b.flags && a.window === b.window)
}

/** Merges both lists so that each tap's own order is kept; paired segments stand once. */
function inOneOrder(
  a: ConnectionView,
  b: ConnectionView,
  partnerOfA: Int32Array,
  partnerOfB: Int32Array,
  shift: SequenceShift,
): AlignedSegment[] {
  const merged: AlignedSegment[] = []
  let k = 0
  const takeB = (until: number) => {
    for (; k < until; k++) {
      if (partnerOfB[k]! >= 0) continue
      const s = b.segments[k]!
      merged.push({ from: s.from, seen: [null, s], covered: isCovered(s, a, shift, -1) })
    }
  }
  a.segments.forEach((s, i) => {
    const partner = partnerOfA[i]!
    if (partner >= 0) {
      if (partner >= k) {
        takeB(partner)
        k = partner + 1
      }
      merged.push({ from: s.from, seen: [s, b.segments[partner]!], covered: false })
    } else {
      merged.push({ from: s.from, seen: [s, null], covered: isCovered(s, b, shift, 1) })
    }
  })
  takeB(b.segments.length)
  return merged
}

/** Do segments of the other tap hold these bytes in other pieces? Control segments are never covered. */
function isCovered(s: Segment, other: ConnectionView, shift: SequenceShift, sign: 1 | -1): boolean {
  if (s.length === 0 || (s.flags & (SYN | RST)) !== 0) return false
  const from = (s.seq + sign * shift[s.from]) >>> 0
  const end = (from + s.length) >>> 0
  let reached = from
  const pieces = other.segments
    .filter((o) => o.from === s.from && o.length > 0 && (o.flags & RST) === 0)
    .sort((x, y) => delta(y.seq, x.seq))
  for (const piece of pieces) {
    if (delta(piece.seq, reached) < 0) continue
    const pieceEnd = (piece.seq + piece.length) >>> 0
    if (delta(reached, pieceEnd) > 0) reached = pieceEnd
    if (delta(end, reached) >= 0) return true
  }
  return false
}
