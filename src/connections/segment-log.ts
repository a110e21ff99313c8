import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'

/** Kinds of `src/model/segment.ts`, by number. */
export const KIND_NEW = 0
export const KIND_RETRANSMISSION = 1
export const KIND_OUT_OF_ORDER = 2
export const KIND_KEEP_ALIVE = 3
export const KIND_ZERO_WINDOW_PROBE = 4
export const KIND_WINDOW_OR_ACK = 5
export const KIND_CHALLENGE_ACK = 6

/** Bits of a row. */
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

/** Words of one row: all that is known of one segment lies in one or two cache lines. */
export const ROW_WORDS = 20
/** Links to the next and the previous row of the connection, + 1; 0 ends the list. */
export const R_NEXT = 0
export const R_PREVIOUS = 1
export const R_FRAME = 2
export const R_SEQ = 3
export const R_ACK = 4
/** Flags in the high half, window in the low one. */
export const R_FLAGS_WINDOW = 5
export const R_LENGTH = 6
/** Kind, copies and TTL, a byte each from the lowest. */
export const R_SMALL = 7
/** One more copy, and all that can be counted. */
export const COPY = 1 << 8
export const COPIES = 0xff00
/** Signed; -1 for none. */
export const R_IP_ID = 8
export const R_TSVAL = 9
export const R_TSECR = 10
export const R_SACK_RIGHT = 11
export const R_DIGEST = 12
export const R_SENDER_NEXT = 13
export const R_OTHER_ACK = 14
export const R_TAP = 15
export const R_BITS = 16
/** The time, a double, as index into `times`: `row * ROW_DOUBLES + R_TIME`. */
export const ROW_DOUBLES = ROW_WORDS / 2
export const R_TIME = 9

/** Rows of one connection lie together in blocks of so many: walking them touches few pages. */
const BLOCK_BITS = 3
const BLOCK_ROWS = 1 << BLOCK_BITS

/**
 * The segments that are kept: rows of fixed size, in blocks that belong to one connection each, linked in file order.
 * How many rows a connection may have is the retention rule's business (see keep-segment.ts).
 */
export class SegmentLog {
  words: Uint32Array
  /** The same memory, for the times. */
  times: Float64Array
  /** Rows in use of each block. */
  private taken: Uint8Array
  /** The block behind each block of a connection, as long as none of its rows is released alone. */
  private following: Uint32Array
  private readonly freeBlocks: number[] = []
  private blocks = 0

  /** Memory for `capacity` rows is reserved, not used: untouched pages cost nothing. */
  constructor(capacity = 4096) {
    const blocks = Math.ceil(capacity / BLOCK_ROWS)
    this.words = new Uint32Array(blocks * BLOCK_ROWS * ROW_WORDS)
    this.times = new Float64Array(this.words.buffer)
    this.taken = new Uint8Array(blocks)
    this.following = new Uint32Array(blocks)
  }

  /**
   * A row for a connection whose last row is `last` (+ 1; 0: it has none). It holds old values: the caller sets every
   * one.
   */
  take(last: number): number {
    // The last row is the newest of its block: what follows it there is free.
    if ((last & (BLOCK_ROWS - 1)) !== 0) {
      this.taken[last >>> BLOCK_BITS]!++
      return last
    }
    let block = this.freeBlocks.pop()
    if (block === undefined) {
      if (this.blocks === this.taken.length) this.grow()
      block = this.blocks++
    }
    this.taken[block] = 1
    if (last !== 0) this.following[(last - 1) >>> BLOCK_BITS] = block
    return block << BLOCK_BITS
  }

  release(row: number): void {
    const block = row >>> BLOCK_BITS
    if (--this.taken[block]! === 0) this.freeBlocks.push(block)
  }

  /** Releases all rows of a connection that never released one, without looking at any. */
  releaseRun(first: number, count: number): void {
    let block = first >>> BLOCK_BITS
    for (let left = count; left > 0; left -= BLOCK_ROWS) {
      this.taken[block] = 0
      this.freeBlocks.push(block)
      block = this.following[block]!
    }
  }

  /** Writes the header fields of `p` into a row; links, bits, kind and what was known before are the caller's. */
  write(row: number, p: DecodedPacket, frame: number, time: number): void {
    const w = this.words
    const at = row * ROW_WORDS
    w[at + R_FRAME] = frame
    w[at + R_SEQ] = p.seq
    w[at + R_ACK] = p.ack
    w[at + R_FLAGS_WINDOW] = (p.flags << 16) | p.window
    w[at + R_LENGTH] = p.payloadLength
    w[at + R_SMALL] = p.ttl << 16
    w[at + R_IP_ID] = p.ipId
    w[at + R_TSVAL] = p.tsVal
    w[at + R_TSECR] = p.tsEcr
    w[at + R_SACK_RIGHT] = p.sackRight
    this.times[row * ROW_DOUBLES + R_TIME] = time
  }

  private grow(): void {
    const blocks = this.taken.length * 2
    this.words = grown(this.words, new Uint32Array(blocks * BLOCK_ROWS * ROW_WORDS))
    this.times = new Float64Array(this.words.buffer)
    this.taken = grown(this.taken, new Uint8Array(blocks))
    this.following = grown(this.following, new Uint32Array(blocks))
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
