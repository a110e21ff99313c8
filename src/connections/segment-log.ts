import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'

/** Kinds of `src/model/segment.ts`, by number. */
export const KIND_NEW = 0
export const KIND_RETRANSMISSION = 1
export const KIND_OUT_OF_ORDER = 2
export const KIND_KEEP_ALIVE = 3
export const KIND_ZERO_WINDOW_PROBE = 4
export const KIND_WINDOW_OR_ACK = 5
export const KIND_CHALLENGE_ACK = 6

/** Bits of the `bits` column. */
export const ROW_FROM_B = 1
export const ROW_TIMESTAMPS = 2
export const ROW_SACK = 4
export const ROW_SENDER_NEXT = 8
export const ROW_OTHER_ACK = 16
export const ROW_UNFILLED = 32
/** Kept although it lies between the first and the last segments. */
export const ROW_CONTROL = 64
/** Kept whatever comes after, beyond every bound on the number of rows: at most two RSTs and their surroundings. */
export const ROW_PINNED = 128
/** The snap length cut the TCP options: what they held is unknown, not absent. */
export const ROW_OPTIONS_CUT = 1 << 10
export const ROW_DIRECTION_SHIFT = 8

/**
 * The segments that are kept: columns with a free list, rows of one connection linked in file order. One row is
 * about 70 bytes; how many rows a connection may have is the retention rule's business (see keep-segment.ts).
 */
export class SegmentLog {
  private capacity: number
  private used = 0
  private free = 0
  /** Links are row + 1; 0 ends the list. */
  next: Uint32Array
  previous: Uint32Array
  frame: Uint32Array
  time: Float64Array
  seq: Uint32Array
  ack: Uint32Array
  flags: Uint16Array
  window: Uint16Array
  length: Uint32Array
  ttl: Uint8Array
  ipId: Int32Array
  tsVal: Uint32Array
  tsEcr: Uint32Array
  sackRight: Uint32Array
  digest: Uint32Array
  senderNext: Uint32Array
  otherAck: Uint32Array
  kind: Uint8Array
  bits: Uint16Array
  copies: Uint8Array
  tap: Uint32Array

  constructor(capacity = 4096) {
    this.capacity = capacity
    this.next = new Uint32Array(capacity)
    this.previous = new Uint32Array(capacity)
    this.frame = new Uint32Array(capacity)
    this.time = new Float64Array(capacity)
    this.seq = new Uint32Array(capacity)
    this.ack = new Uint32Array(capacity)
    this.flags = new Uint16Array(capacity)
    this.window = new Uint16Array(capacity)
    this.length = new Uint32Array(capacity)
    this.ttl = new Uint8Array(capacity)
    this.ipId = new Int32Array(capacity)
    this.tsVal = new Uint32Array(capacity)
    this.tsEcr = new Uint32Array(capacity)
    this.sackRight = new Uint32Array(capacity)
    this.digest = new Uint32Array(capacity)
    this.senderNext = new Uint32Array(capacity)
    this.otherAck = new Uint32Array(capacity)
    this.kind = new Uint8Array(capacity)
    this.bits = new Uint16Array(capacity)
    this.copies = new Uint8Array(capacity)
    this.tap = new Uint32Array(capacity)
  }

  /** A free row. Its columns hold old values: the caller sets every one. */
  take(): number {
    if (this.free !== 0) {
      const row = this.free - 1
      this.free = this.next[row]!
      return row
    }
    if (this.used === this.capacity) this.grow()
    return this.used++
  }

  release(row: number): void {
    this.next[row] = this.free
    this.free = row + 1
  }

  /** Writes the header fields of `p` into a row; links, kind and state columns are the caller's. */
  write(row: number, p: DecodedPacket, frame: number, time: number): void {
    this.frame[row] = frame
    this.time[row] = time
    this.seq[row] = p.seq
    this.ack[row] = p.ack
    this.flags[row] = p.flags
    this.window[row] = p.window
    this.length[row] = p.payloadLength
    this.ttl[row] = p.ttl
    this.ipId[row] = p.ipId
    this.tsVal[row] = p.tsVal
    this.tsEcr[row] = p.tsEcr
    this.sackRight[row] = p.sackRight
    this.copies[row] = 0
  }

  private grow(): void {
    this.capacity *= 2
    const n = this.capacity
    this.next = grown(this.next, new Uint32Array(n))
    this.previous = grown(this.previous, new Uint32Array(n))
    this.frame = grown(this.frame, new Uint32Array(n))
    this.time = grown(this.time, new Float64Array(n))
    this.seq = grown(this.seq, new Uint32Array(n))
    this.ack = grown(this.ack, new Uint32Array(n))
    this.flags = grown(this.flags, new Uint16Array(n))
    this.window = grown(this.window, new Uint16Array(n))
    this.length = grown(this.length, new Uint32Array(n))
    this.ttl = grown(this.ttl, new Uint8Array(n))
    this.ipId = grown(this.ipId, new Int32Array(n))
    this.tsVal = grown(this.tsVal, new Uint32Array(n))
    this.tsEcr = grown(this.tsEcr, new Uint32Array(n))
    this.sackRight = grown(this.sackRight, new Uint32Array(n))
    this.digest = grown(this.digest, new Uint32Array(n))
    this.senderNext = grown(this.senderNext, new Uint32Array(n))
    this.otherAck = grown(this.otherAck, new Uint32Array(n))
    this.kind = grown(this.kind, new Uint8Array(n))
    this.bits = grown(this.bits, new Uint16Array(n))
    this.copies = grown(this.copies, new Uint8Array(n))
    this.tap = grown(this.tap, new Uint32Array(n))
  }
}

/** `larger` with the contents of `old` at its start. */
export function grown<T extends { set(from: ArrayLike<number>): void }>(
  old: ArrayLike<number>,
  larger: T,
): T {
  larger.set(old)
  return larger
}
