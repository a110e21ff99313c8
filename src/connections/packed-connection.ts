import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { SegmentMoments } from '../model/segment-numbers.ts'
import * as L from './layout.ts'
import * as S from './segment-log.ts'
import { packWords, skipWords, unpackWords, unzigzag, zigzag } from './word-packer.ts'

/** Words of a state in an image: its plain words, padding, and each of its times as two. */
const IMAGE_TIMES = L.STATE_PLAIN_WORDS + 1
const IMAGE_STATE_WORDS = IMAGE_TIMES + 4 * L.S_TIMES_DOUBLES
/** Words of one row in an image: all of its fields but the links, and its time. */
const IMAGE_ROW_WORDS = 17
const TWO_32 = 4294967296
/** 52 days: shorter differences are exact. */
const MOST_NS = 2 ** 52

/**
 * A connection's state and rows without links, as they come out of the archive: the layouts of a live state and of
 * rows, rows one behind the other.
 */
export class UnpackedConnection {
  readonly state = new Uint32Array(L.STATE_WORDS)
  readonly stateDoubles = new Float64Array(this.state.buffer)
  rows = new Uint32Array(64 * S.ROW_WORDS)
  times = new Float64Array(this.rows.buffer)
  rowCount = 0

  ensureRows(count: number): void {
    if (this.rows.length < count * S.ROW_WORDS) {
      this.rows = new Uint32Array(count * 2 * S.ROW_WORDS)
      this.times = new Float64Array(this.rows.buffer)
    }
    this.rowCount = count
  }
}

/** What of each direction predicts its next row. */
class Predictor {
  readonly next = new Uint32Array(2)
  readonly acked = new Uint32Array(2)
  readonly flagsWindow = new Uint32Array(2)
  readonly small = new Uint32Array(2)
  readonly ipId = new Uint32Array(2)
  readonly tsVal = new Uint32Array(2)
  readonly tap = new Uint32Array(2)
  readonly seen = [false, false]

  reset(): void {
    // Faster than a call of fill() for each.
    for (let d = 0; d < 2; d++) {
      this.next[d] = 0
      this.acked[d] = 0
      this.flagsWindow[d] = 0
      this.small[d] = 0
      this.ipId[d] = 0
      this.tsVal[d] = 0
      this.tap[d] = 0
      this.seen[d] = false
    }
  }

  /** Takes a row that both the writer and the reader know by now. */
  learn(rows: Uint32Array, at: number, d: number): void {
    const flags = rows[at + S.R_FLAGS_WINDOW]! >>> 16
    this.flagsWindow[d] = rows[at + S.R_FLAGS_WINDOW]!
    this.small[d] = rows[at + S.R_SMALL]!
    this.ipId[d] = rows[at + S.R_IP_ID]!
    this.tsVal[d] = rows[at + S.R_TSVAL]!
    this.tap[d] = rows[at + S.R_TAP]!
    if ((flags & RST) !== 0) return
    const taken = ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0)
    const end = (rows[at + S.R_SEQ]! + rows[at + S.R_LENGTH]! + taken) >>> 0
    if (!this.seen[d] || delta(this.next[d]!, end) > 0) this.next[d] = end
    this.seen[d] = true
    if ((flags & ACK) !== 0) this.acked[d] = rows[at + S.R_ACK]!
  }
}

/** Flags below, window above: flags change more often. */
function turned(word: number): number {
  return ((word >>> 16) | (word << 16)) >>> 0
}

/**
 * Packs states and their rows, without loss, into a fraction of their size: every field as the difference from what
 * the rows before it predict, differences as group varints. About 20 bytes a row.
 */
export class ConnectionPacker {
  private image = new Uint32Array(1024)
  private view: DataView = new DataView(this.image.buffer)
  private readonly predictor = new Predictor()

  /** Packs into `target` at `at` (which has room for the longest entry); returns the place behind. */
  pack(
    state: Uint32Array,
    stateDoubles: Float64Array,
    slot: number,
    log: S.SegmentLog,
    first: { frame: number; time: number; next: readonly [number, number] },
    target: Uint8Array,
    at: number,
  ): number {
    const base = slot * L.STATE_WORDS
    const rowCount = state[base + L.KEPT_COUNT]! + state[base + L.TAIL_COUNT]!
    const words = IMAGE_STATE_WORDS + rowCount * IMAGE_ROW_WORDS
    if (this.image.length < words) this.image = new Uint32Array(words * 2)
    const exact = this.imageOf(state, stateDoubles, slot, log, rowCount, first)
    target[at] = exact ? 1 : 0
    target[at + 1] = rowCount & 0xff
    target[at + 2] = rowCount >>> 8
    const padded = (words + 3) & ~3
    for (let i = words; i < padded; i++) this.image[i] = 0
    if (this.view.buffer !== target.buffer) this.view = new DataView(target.buffer)
    return packWords(this.image, padded, this.view, target.byteOffset + at + 3) - target.byteOffset
  }

  /** False when a time is no whole number of ns behind the one before: then times stand as they are. */
  private imageOf(
    state: Uint32Array,
    stateDoubles: Float64Array,
    slot: number,
    log: S.SegmentLog,
    rowCount: number,
    first: { frame: number; time: number; next: readonly [number, number] },
  ): boolean {
    const { image } = this
    const base = slot * L.STATE_WORDS
    for (let i = 0; i < L.STATE_PLAIN_WORDS; i++) image[i] = state[base + i]!
    image[L.ROW_FIRST] = 0
    image[L.ROW_KEPT] = 0
    image[L.ROW_LAST] = 0
    shiftState(image, first.frame, first.next, -1)
    image[L.STATE_PLAIN_WORDS] = 0
    const times = slot * L.STATE_DOUBLES + L.S_TIMES
    for (let exact = true; ; exact = false) {
      let fits = true
      for (let i = 0; i < 2 * L.S_TIMES_DOUBLES; i++) {
        const zero = i % L.S_TIMES_DOUBLES === L.ST_BYTES ? 0 : first.time
        const value = stateDoubles[times + i]!
        const to = IMAGE_TIMES + i * 2
        if (value === 0) {
          // No time at all, or no bytes.
          image[to] = 0
          image[to + 1] = 0
          continue
        }
        const later = value - zero + 1
        if (!writeTime(image, to, later, value, exact)) fits = false
        else if (exact && later - 1 + zero !== value) fits = false
      }
      if (this.imageRows(state[base + L.ROW_FIRST]!, log, rowCount, first, exact) && fits)
        return exact
      if (!exact) return false
    }
  }

  private imageRows(
    firstLink: number,
    log: S.SegmentLog,
    rowCount: number,
    first: { frame: number; time: number },
    exact: boolean,
  ): boolean {
    const { image, predictor } = this
    const rows = log.words
    predictor.reset()
    let frame = first.frame
    let time = first.time
    let bits = 0
    let fits = true
    let link = firstLink
    for (let i = 0; i < rowCount; i++) {
      const row = link - 1
      const at = row * S.ROW_WORDS
      const to = IMAGE_STATE_WORDS + i * IMAGE_ROW_WORDS
      const d = rows[at + S.R_BITS]! & S.ROW_FROM_B
      image[to] = rows[at + S.R_BITS]! ^ bits
      image[to + 1] = rows[at + S.R_FRAME]! - frame
      image[to + 2] = zigzag((rows[at + S.R_SEQ]! - predictor.next[d]!) | 0)
      image[to + 3] = zigzag((rows[at + S.R_ACK]! - predictor.next[1 - d]!) | 0)
      image[to + 4] = turned(rows[at + S.R_FLAGS_WINDOW]! ^ predictor.flagsWindow[d]!)
      image[to + 5] = rows[at + S.R_LENGTH]!
      image[to + 6] = rows[at + S.R_SMALL]! ^ predictor.small[d]!
      image[to + 7] = zigzag((rows[at + S.R_IP_ID]! - predictor.ipId[d]!) | 0)
      image[to + 8] = zigzag((rows[at + S.R_TSVAL]! - predictor.tsVal[d]!) | 0)
      image[to + 9] = zigzag((rows[at + S.R_TSECR]! - predictor.tsVal[1 - d]!) | 0)
      image[to + 10] = rows[at + S.R_SACK_RIGHT]!
      image[to + 11] = rows[at + S.R_DIGEST]!
      image[to + 12] = zigzag((rows[at + S.R_SENDER_NEXT]! - predictor.next[d]!) | 0)
      image[to + 13] = zigzag((rows[at + S.R_OTHER_ACK]! - predictor.acked[1 - d]!) | 0)
      image[to + 14] = rows[at + S.R_TAP]! ^ predictor.tap[d]!
      const now = log.times[row * S.ROW_DOUBLES + S.R_TIME]!
      if (!writeTime(image, to + 15, now - time, now, exact)) fits = false
      else if (exact && time + (now - time) !== now) fits = false
      predictor.learn(rows, at, d)
      bits = rows[at + S.R_BITS]!
      frame = rows[at + S.R_FRAME]!
      time = now
      link = rows[at + S.R_NEXT]!
    }
    return fits
  }
}

/** Unpacks what `ConnectionPacker` packed. */
export class ConnectionUnpacker {
  private image = new Uint32Array(1024)
  private readonly predictor = new Predictor()

  /** Returns the place behind the entry. */
  unpack(
    bytes: Uint8Array,
    at: number,
    first: { frame: number; time: number; next: readonly [number, number] },
    to: UnpackedConnection,
  ): number {
    const exact = bytes[at] === 1
    const rowCount = bytes[at + 1]! | (bytes[at + 2]! << 8)
    const count = (IMAGE_STATE_WORDS + rowCount * IMAGE_ROW_WORDS + 3) & ~3
    if (this.image.length < count) this.image = new Uint32Array(count * 2)
    const end = unpackWords(bytes, at + 3, this.image, count)
    const { image } = this
    for (let i = 0; i < L.STATE_PLAIN_WORDS; i++) to.state[i] = image[i]!
    shiftState(to.state, first.frame, first.next, 1)
    for (let i = 0; i < 2 * L.S_TIMES_DOUBLES; i++) {
      const zero = i % L.S_TIMES_DOUBLES === L.ST_BYTES ? 0 : first.time
      const value = readTime(image, IMAGE_TIMES + i * 2, exact)
      to.stateDoubles[L.S_TIMES + i] = !exact ? value : value === 0 ? 0 : value - 1 + zero
    }
    to.ensureRows(rowCount)
    this.rows(rowCount, first, exact, to)
    return end
  }

  /** Of the rows of an entry only who sent each and when, its flags and its payload: the rest is passed over. */
  unpackMoments(
    bytes: Uint8Array,
    at: number,
    firstTime: number,
    clientDirection: 0 | 1,
    into: SegmentMoments,
  ): void {
    const exact = bytes[at] === 1
    const rowCount = bytes[at + 1]! | (bytes[at + 2]! << 8)
    const count = (rowCount * IMAGE_ROW_WORDS + 3) & ~3
    if (this.image.length < count) this.image = new Uint32Array(count * 2)
    const { image } = this
    unpackWords(bytes, skipWords(bytes, at + 3, IMAGE_STATE_WORDS), image, count)
    const flags: [number, number] = [0, 0]
    let bits = 0
    let time = firstTime
    for (let i = 0; i < rowCount; i++) {
      const from = i * IMAGE_ROW_WORDS
      bits ^= image[from]!
      const d = (bits & S.ROW_FROM_B) as 0 | 1
      // Flags lie below the window there.
      flags[d] ^= image[from + 4]! & 0xffff
      const value = readTime(image, from + 15, exact)
      time = exact ? time + value : value
      into.from[i] = d ^ clientDirection
      into.time[i] = time
      into.flags[i] = flags[d]
      into.length[i] = image[from + 5]!
    }
    into.count = rowCount
  }

  private rows(
    rowCount: number,
    first: { frame: number; time: number },
    exact: boolean,
    to: UnpackedConnection,
  ): void {
    const { image, predictor } = this
    const { rows, times } = to
    predictor.reset()
    let { frame, time } = first
    let bits = 0
    for (let i = 0; i < rowCount; i++) {
      const from = IMAGE_STATE_WORDS + i * IMAGE_ROW_WORDS
      const at = i * S.ROW_WORDS
      bits ^= image[from]!
      const d = bits & S.ROW_FROM_B
      frame = (frame + image[from + 1]!) >>> 0
      rows[at + S.R_BITS] = bits
      rows[at + S.R_FRAME] = frame
      rows[at + S.R_SEQ] = predictor.next[d]! + unzigzag(image[from + 2]!)
      rows[at + S.R_ACK] = predictor.next[1 - d]! + unzigzag(image[from + 3]!)
      rows[at + S.R_FLAGS_WINDOW] = turned(image[from + 4]!) ^ predictor.flagsWindow[d]!
      rows[at + S.R_LENGTH] = image[from + 5]!
      rows[at + S.R_SMALL] = image[from + 6]! ^ predictor.small[d]!
      rows[at + S.R_IP_ID] = predictor.ipId[d]! + unzigzag(image[from + 7]!)
      rows[at + S.R_TSVAL] = predictor.tsVal[d]! + unzigzag(image[from + 8]!)
      rows[at + S.R_TSECR] = predictor.tsVal[1 - d]! + unzigzag(image[from + 9]!)
      rows[at + S.R_SACK_RIGHT] = image[from + 10]!
      rows[at + S.R_DIGEST] = image[from + 11]!
      rows[at + S.R_SENDER_NEXT] = predictor.next[d]! + unzigzag(image[from + 12]!)
      rows[at + S.R_OTHER_ACK] = predictor.acked[1 - d]! + unzigzag(image[from + 13]!)
      rows[at + S.R_TAP] = image[from + 14]! ^ predictor.tap[d]!
      const value = readTime(image, from + 15, exact)
      time = exact ? time + value : value
      times[i * S.ROW_DOUBLES + S.R_TIME] = time
      predictor.learn(rows, at, d)
    }
  }
}

/** Frames count from the connection's first one, sequence numbers from the last one sent; `sign` 1 turns it back. */
function shiftState(
  words: Uint32Array,
  firstFrame: number,
  next: readonly [number, number],
  sign: 1 | -1,
): void {
  words[L.LAST_FRAME]! += sign * firstFrame
  for (let d = 0; d < 2; d++) {
    const at = L.S_DIRECTION + d * L.S_DIRECTION_WORDS
    // Zero stands for none, so the first frame counts as one.
    if (words[at + L.S_LAST_PAYLOAD_FRAME] !== 0) {
      words[at + L.S_LAST_PAYLOAD_FRAME]! += sign * (firstFrame - 1)
    }
    // As next − value both ways: the same turn back and forth.
    words[at + L.S_FIN] = next[d]! - words[at + L.S_FIN]!
    words[at + L.S_EXPECTED] = next[d]! - words[at + L.S_EXPECTED]!
  }
}

const scratch = new Float64Array(1)
const scratchWords = new Uint32Array(scratch.buffer)

/** A time as two words: a difference in whole ns, or the double itself. False when a difference does not fit. */
function writeTime(
  image: Uint32Array,
  at: number,
  difference: number,
  value: number,
  exact: boolean,
): boolean {
  if (!exact) {
    scratch[0] = value
    image[at] = scratchWords[0]!
    image[at + 1] = scratchWords[1]!
    return true
  }
  // NaN fails as well.
  if (!(difference >= 0 && difference < MOST_NS)) return false
  const low = difference >>> 0
  const high = (difference - low) / TWO_32
  image[at] = low
  image[at + 1] = high
  return high >>> 0 === high
}

function readTime(image: Uint32Array, at: number, exact: boolean): number {
  if (exact) return image[at + 1]! * TWO_32 + image[at]!
  scratchWords[0] = image[at]!
  scratchWords[1] = image[at + 1]!
  return scratch[0]!
}
