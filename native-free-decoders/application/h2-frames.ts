import type { H2Summary, Moment, Side } from './summary.ts'

/** Of a frame header (RFC 9113 §4.1). */
const HEADER = 9
/** PRI * HTTP/2.0 … SM (RFC 9113 §3.4). */
const PREFACE = 24
const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const GOAWAY = 7
const END_STREAM = 1

/** One direction of an HTTP/2 connection in plaintext: frame headers are read, payload is counted. */
class H2Stream {
  /** Bytes of preface or payload still to pass over. */
  left: number
  readonly head = new Uint8Array(HEADER + 8)
  have = 0
  /** Of the head: a frame header, and the first 8 bytes of a GOAWAY. */
  want = HEADER
  constructor(left: number) {
    this.left = left
  }
}

/**
 * What frames of an HTTP/2 connection say about its end without their content: GOAWAY (§6.8), RST_STREAM (§6.4), and
 * how many streams were opened and are over. Memory is bounded whatever is fed; nothing is decompressed.
 */
export class H2Frames {
  private readonly streams: readonly [H2Stream, H2Stream]
  private readonly client: 0 | 1
  private opened = 0
  private ended = 0
  private resets = 0
  private lastOpened = 0
  private goaway: (Moment & { direction: 0 | 1; lastStream: number; error: number }) | null = null
  private lost = false

  constructor(client: 0 | 1) {
    this.client = client
    const asClient = () => new H2Stream(PREFACE)
    const asServer = () => new H2Stream(0)
    this.streams = client === 0 ? [asClient(), asServer()] : [asServer(), asClient()]
  }

  feed(
    direction: 0 | 1,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    if (this.lost) return
    const s = this.streams[direction]
    let at = start
    while (at < end) {
      if (s.left > 0) {
        const passed = Math.min(s.left, end - at)
        s.left -= passed
        at += passed
        continue
      }
      s.head[s.have++] = bytes[at++]!
      if (s.have === s.want) this.headed(direction, s, frame, time)
    }
  }

  /** Payload that was not captured: the walk goes on behind it where it lies within one frame. */
  skip(direction: 0 | 1, length: number): void {
    const s = this.streams[direction]
    if (length <= s.left) s.left -= length
    else this.lost = true
  }

  summary(clientDirection: 0 | 1): H2Summary {
    const { goaway } = this
    const side = (direction: 0 | 1): Side => (direction === clientDirection ? 'client' : 'upstream')
    return {
      opened: this.opened,
      ended: this.ended,
      resets: this.resets,
      goaway:
        goaway === null
          ? null
          : {
              by: side(goaway.direction),
              lastStream: goaway.lastStream,
              error: goaway.error,
              frame: goaway.frame,
              time: goaway.time,
            },
      lostPlace: this.lost,
    }
  }

  private headed(direction: 0 | 1, s: H2Stream, frame: number, time: number): void {
    const { head } = s
    const length = head[0]! * 65536 + head[1]! * 256 + head[2]!
    const type = head[3]!
    const flags = head[4]!
    const id = (((head[5]! & 0x7f) << 24) | (head[6]! << 16) | (head[7]! << 8) | head[8]!) >>> 0
    if (type === GOAWAY && length >= 8 && s.want === HEADER) {
      s.want = HEADER + 8
      return
    }
    if (type === GOAWAY && s.want > HEADER) {
      const word = (at: number) =>
        ((head[at]! << 24) | (head[at + 1]! << 16) | (head[at + 2]! << 8) | head[at + 3]!) >>> 0
      this.goaway ??= { direction, lastStream: word(9) & 0x7fffffff, error: word(13), frame, time }
      s.left = length - 8
    } else {
      s.left = length
      this.count(direction, type, flags, id)
    }
    s.have = 0
    s.want = HEADER
  }

  private count(direction: 0 | 1, type: number, flags: number, id: number): void {
    if (type === RST_STREAM) {
      this.resets++
      this.ended++
      return
    }
    if (type !== HEADERS && type !== DATA) return
    if (direction === this.client) {
      if (type === HEADERS && id > this.lastOpened) {
        this.lastOpened = id
        this.opened++
      }
    } else if ((flags & END_STREAM) !== 0) this.ended++
  }
}
