const LF = 0x0a
/** The longest version 1 line, CRLF included (PROXY protocol §2.1). */
const LINE_LIMIT = 107
const V2_HEADER = 16

/** Counts off a PROXY protocol header in front of the client's first bytes, however it is split. */
export class ProxyPrefix {
  isComplete = false
  /** No end where the protocol wants one, or a gap in it: what follows cannot be found. */
  isLost = false
  private readonly version: 1 | 2
  private have = 0
  private length = 0

  constructor(version: 1 | 2) {
    this.version = version
  }

  /** Returns where the header ends in bytes[start, end), or `end`. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && !this.isComplete && !this.isLost) {
      if (this.version === 1) {
        this.have++
        this.isComplete = bytes[at] === LF
        if (!this.isComplete && this.have >= LINE_LIMIT) this.isLost = true
        at++
      } else if (this.have < V2_HEADER) {
        if (this.have >= 14) this.length = this.length * 256 + bytes[at]!
        this.have++
        at++
        this.isComplete = this.have === V2_HEADER && this.length === 0
      } else at += this.body(end - at)
    }
    return at
  }

  /** Bytes that were sent but not captured: returns how many of them lie behind the header. */
  skip(length: number): number {
    if (this.version === 1 || this.have < V2_HEADER) {
      this.isLost = true
      return 0
    }
    return length - this.body(length)
  }

  private body(available: number): number {
    const taken = Math.min(available, V2_HEADER + this.length - this.have)
    this.have += taken
    this.isComplete = this.have === V2_HEADER + this.length
    return taken
  }
}
