import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import type { ConnectionView } from '../model/connection.ts'
import type { SequenceShift } from '../model/pair.ts'
import type { Segment } from '../model/segment.ts'
import type { AlignedSegment } from '../model/sighting.ts'
import { HashChains, hashOf } from './hash-chains.ts'
import { SeenBytes } from './seen-bytes.ts'

const NO_SHIFT: SequenceShift = { client: 0, upstream: 0 }
const CONTROL = SYN | FIN | RST

// Scratch of the one alignment that is being made: millions are made, one after the other.
const waiting = new HashChains()
let partnerOfA = new Int32Array(512)
let partnerOfB = new Int32Array(512)

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
  partnerOfA = cleared(partnerOfA, a.segments.length)
  partnerOfB = cleared(partnerOfB, b.segments.length)
  waiting.reset(b.segments.length)
  // From the last to the first: chains then name the earliest segment first.
  for (let k = b.segments.length - 1; k >= 0; k--) {
    const s = b.segments[k]!
    waiting.add(k, hashOf(seqOf(s, shift), ackOf(s, shift)))
  }
  pairUp(a, b, shift, true, isPossible)
  pairUp(a, b, shift, false, isPossible)
  return inOneOrder(a, b, shift)
}

function pairUp(
  a: ConnectionView,
  b: ConnectionView,
  shift: SequenceShift,
  strict: boolean,
  isPossible: (a: Segment, b: Segment) => boolean,
): void {
  for (let i = 0; i < a.segments.length; i++) {
    if (partnerOfA[i]! >= 0) continue
    const s = a.segments[i]!
    const hash = hashOf(seqOf(s, NO_SHIFT), ackOf(s, NO_SHIFT))
    let before = -1
    for (let k = waiting.first(hash); k >= 0; k = waiting.after(k)) {
      const other = b.segments[k]!
      if (hasSameNumbers(s, other, shift) && agrees(s, other, strict) && isPossible(s, other)) {
        waiting.removeAfter(before, hash)
        partnerOfA[i] = k
        partnerOfB[k] = i
        break
      }
      before = k
    }
  }
}

/** Sequence number as the client's tap has it. */
function seqOf(s: Segment, shift: SequenceShift): number {
  return (s.seq - (s.from === 'client' ? shift.client : shift.upstream)) >>> 0
}

/** Acknowledgement number as the client's tap has it; 0 without. */
function ackOf(s: Segment, shift: SequenceShift): number {
  if ((s.flags & ACK) === 0) return 0
  return (s.ack - (s.from === 'client' ? shift.upstream : shift.client)) >>> 0
}

function hasSameNumbers(a: Segment, b: Segment, shift: SequenceShift): boolean {
  return (
    a.from === b.from &&
    a.length === b.length &&
    ((a.flags ^ b.flags) & (CONTROL | ACK)) === 0 &&
    seqOf(a, NO_SHIFT) === seqOf(b, shift) &&
    ackOf(a, NO_SHIFT) === ackOf(b, shift)
  )
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
function inOneOrder(a: ConnectionView, b: ConnectionView, shift: SequenceShift): AlignedSegment[] {
  const merged: AlignedSegment[] = []
  const bytesOfA = new SeenBytes(a)
  const bytesOfB = new SeenBytes(b)
  let k = 0
  const takeB = (until: number) => {
    for (; k < until; k++) {
      if (partnerOfB[k]! >= 0) continue
      const s = b.segments[k]!
      const covered = hasBytes(s) && bytesOfA.hold(s.from, seqOf(s, shift), s.length)
      merged.push({ from: s.from, seen: [null, s], covered })
    }
  }
  for (let i = 0; i < a.segments.length; i++) {
    const s = a.segments[i]!
    const partner = partnerOfA[i]!
    if (partner >= 0) {
      if (partner >= k) {
        takeB(partner)
        k = partner + 1
      }
      merged.push({ from: s.from, seen: [s, b.segments[partner]!], covered: false })
    } else {
      const from = (s.seq + shift[s.from]) >>> 0
      const covered = hasBytes(s) && bytesOfB.hold(s.from, from, s.length)
      merged.push({ from: s.from, seen: [s, null], covered })
    }
  }
  takeB(b.segments.length)
  return merged
}

/** Could the other tap hold these bytes in other pieces? Control segments are never covered. */
function hasBytes(s: Segment): boolean {
  return s.length > 0 && (s.flags & (SYN | RST)) === 0
}

function cleared(column: Int32Array<ArrayBuffer>, count: number): Int32Array<ArrayBuffer> {
  const roomy = count <= column.length ? column : new Int32Array(count * 2)
  return roomy.fill(-1, 0, count)
}
