import { parseProxyV1, parseProxyV2, V2_HEADER, V2_IPV6 } from './proxy-header.ts'
import type { ProxyHeader } from './summary.ts'

const LF = 0x0a
/** The longest version 1 line, CRLF included (PROXY protocol §2.1). */
const LINE_LIMIT = 107

/** Takes a PROXY protocol header off the client's first bytes, however it is split. */
export class ProxyPrefix {
  isComplete = false
  /** No end where the protocol wants one, or a gap in it: what follows cannot be found. */
  isLost = false
  private readonly version: 1 | 2
  /** As much of the header as names addresses. */
  private readonly held = new Uint8Array(LINE_LIMIT)
  private have = 0
  private length = 0
  private hasGap = false

  constructor(version: 1 | 2) {
    this.version = version
  }

  /** Who the proxy says it speaks for; null where the header does not say it, or not all of it was seen. */
  get header(): ProxyHeader | null {
    if (!this.isComplete || this.hasGap) return null
    return this.version === 1 ? parseProxyV1(this.held, this.have) : parseProxyV2(this.held)
  }

  /** Returns where the header ends in bytes[start, end), or `end`. */
  feed(bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && !this.isComplete && !this.isLost) {
      if (this.version === 1) {
        this.held[this.have++] = bytes[at]!
        this.isComplete = bytes[at] === LF
        if (!this.isComplete && this.have >= LINE_LIMIT) this.isLost = true
        at++
      } else if (this.have < V2_HEADER) {
        if (this.have >= 14) this.length = this.length * 256 + bytes[at]!
        this.held[this.have++] = bytes[at++]!
        this.isComplete = this.have === V2_HEADER && this.length === 0
      } else {
        const from = this.have
        const taken = this.body(end - at)
        const kept = Math.min(taken, V2_HEADER + V2_IPV6 - from)
        for (let i = 0; i < kept; i++) this.held[from + i] = bytes[at + i]!
        at += taken
      }
    }
    return at
  }

  /** Bytes that were sent but not captured: returns how many of them lie behind the header. */
  skip(length: number): number {
    this.hasGap = true
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
