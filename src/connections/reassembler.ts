import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'

/** Takes the payload of one direction in order; what was sent but not captured is skipped. */
export interface StreamSink {
  feed(
    direction: 0 | 1,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void
  skip(direction: 0 | 1, length: number, frame: number, time: number): void
}

export interface HeldSegment {
  seq: number
  length: number
  /** The captured part of the payload. */
  bytes: Uint8Array
  frame: number
  time: number
}

const MOST_HELD_SEGMENTS = 256
const MOST_HELD_BYTES = 512 * 1024

/**
 * Segments that arrived ahead of a hole, by stream. Bounded per stream and in all; what a bound gives up is
 * counted. Overlaps: the bytes that came first win, as in most receivers.
 */
export class Reassembler {
  /** Streams whose hole was given up because a bound was reached. */
  boundReached = 0
  private readonly held = new Map<number, HeldSegment[]>()
  private heldBytes = 0
  private readonly mostBytes: number

  constructor(mostBytes = 64 * 1024 * 1024) {
    this.mostBytes = mostBytes
  }

  /** Keeps a copy of a segment that lies ahead of the next expected byte. False when a bound is reached. */
  hold(
    stream: number,
    seq: number,
    length: number,
    bytes: Uint8Array,
    start: number,
    captured: number,
    frame: number,
    time: number,
  ): boolean {
    let list = this.held.get(stream)
    if (list === undefined) {
      list = []
      this.held.set(stream, list)
    }
    let at = list.length
    while (at > 0 && delta(seq, list[at - 1]!.seq) > 0) at--
    const before = list[at - 1]
    if (before !== undefined && before.seq === seq && before.length >= length) return true
    if (
      list.length >= MOST_HELD_SEGMENTS ||
      this.bytesOf(list) + captured > MOST_HELD_BYTES ||
      this.heldBytes + captured > this.mostBytes
    ) {
      this.boundReached++
      return false
    }
    const copy = bytes.slice(start, start + captured)
    list.splice(at, 0, { seq, length, bytes: copy, frame, time })
    this.heldBytes += captured
    return true
  }

  /** The sequence number of the first held segment of a stream; -1 when none is held. */
  firstHeld(stream: number): number {
    const list = this.held.get(stream)
    return list === undefined || list.length === 0 ? -1 : list[0]!.seq
  }

  /** Delivers what now follows `expected` without a hole; returns the new expected sequence number. */
  drain(stream: number, direction: 0 | 1, expected: number, sink: StreamSink): number {
    const list = this.held.get(stream)
    if (list === undefined) return expected
    let taken = 0
    let next = expected
    for (const segment of list) {
      const offset = delta(segment.seq, next)
      if (offset < 0) break
      taken++
      this.heldBytes -= segment.bytes.length
      if (offset >= segment.length) continue
      deliver(
        sink,
        direction,
        segment.bytes,
        0,
        segment.bytes.length,
        segment.length,
        offset,
        segment.frame,
        segment.time,
      )
      next = advance(segment.seq, segment.length)
    }
    if (taken === list.length) this.held.delete(stream)
    else list.splice(0, taken)
    return next
  }

  /** Lets go of all that a stream holds. */
  discard(stream: number): void {
    const list = this.held.get(stream)
    if (list === undefined) return
    this.heldBytes -= this.bytesOf(list)
    this.held.delete(stream)
  }

  /** Takes what a stream held out, for another reassembler to `adopt`. */
  take(stream: number): HeldSegment[] {
    const list = this.held.get(stream) ?? []
    this.discard(stream)
    return list
  }

  adopt(stream: number, list: HeldSegment[]): void {
    if (list.length === 0) return
    this.held.set(stream, list)
    this.heldBytes += this.bytesOf(list)
  }

  /** Every stream that still holds segments. */
  streams(): number[] {
    return [...this.held.keys()]
  }

  private bytesOf(list: readonly HeldSegment[]): number {
    let sum = 0
    for (const segment of list) sum += segment.bytes.length
    return sum
  }
}

/** Feeds a payload from byte `offset` on: the captured part as bytes, the rest as a skip. */
export function deliver(
  sink: StreamSink,
  direction: 0 | 1,
  bytes: Uint8Array,
  start: number,
  captured: number,
  length: number,
  offset: number,
  frame: number,
  time: number,
): void {
  if (offset < captured) sink.feed(direction, bytes, start + offset, start + captured, frame, time)
  const missing = length - Math.max(offset, captured)
  if (missing > 0) sink.skip(direction, missing, frame, time)
}
