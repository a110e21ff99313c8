import { HeldBytes } from './held-bytes.ts'
import type { TlsSession } from './tls-session.ts'

export const CLIENT_HELLO = 1
export const SERVER_HELLO = 2

/** Bytes of one hello that are held while it is incomplete; what lies beyond is walked, not read. */
const HELLO_LIMIT = 16384

/**
 * Walks the plaintext handshake messages of one direction, over record boundaries. Holds bytes only of a hello
 * that is split over segments or records.
 */
export class TlsHandshakeMessages {
  /** A message header was not captured: messages since then may be unknown. */
  lost = false

  private direction: 0 | 1 = 0
  /** The handshake bytes of this record belong to no message whose header was seen. */
  private unaligned = false
  private have = 0
  private type = 0
  private length = 0
  private missing = 0
  private readonly hello = new HeldBytes(HELLO_LIMIT)
  /** Bytes of the hello were cut out, so that what follows cannot be read. */
  private helloCut = false

  /** Begins at the start of a record; nothing is left of what it walked before. */
  begin(direction: 0 | 1, lost: boolean): void {
    this.direction = direction
    this.lost = lost
    this.unaligned = false
    this.have = 0
    this.type = 0
    this.length = 0
    this.missing = 0
    this.hello.clear()
    this.helloCut = false
  }

  /** No message is under way. */
  get atBoundary(): boolean {
    return this.have === 0
  }

  /** The hello of this type that is under way, as far as it was captured without a gap, or null. */
  partialHello(type: number): Uint8Array | null {
    if (this.type !== type || this.missing === 0 || this.hello.length === 0) return null
    return this.hello.bytes.subarray(0, this.hello.kept)
  }

  /** A record begins: after a gap its start is taken for the start of a message, if that fits into it. */
  startRecord(): void {
    this.unaligned = false
  }

  /** Bytes of a record of `recordLength`. */
  feed(
    session: TlsSession,
    recordLength: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    let at = start
    while (at < end && !this.unaligned) {
      if (this.have < 4) {
        this.headerByte(session, recordLength, bytes[at++]!, frame, time)
        continue
      }
      const taken = Math.min(this.missing, end - at)
      const isHello = this.type === CLIENT_HELLO || this.type === SERVER_HELLO
      if (isHello && !this.helloCut) {
        if (taken === this.length) {
          const stop = at + Math.min(taken, HELLO_LIMIT)
          session.hello(this.direction, this.type, bytes, at, stop)
        } else this.hello.append(bytes, at, at + taken)
      }
      this.missing -= taken
      at += taken
      if (this.missing === 0) this.endMessage(session, frame, time)
    }
  }

  /** Bytes that were sent but not captured. */
  skip(session: TlsSession, length: number, frame: number, time: number): void {
    let left = length
    while (left > 0 && !this.unaligned) {
      if (this.have < 4) {
        this.unaligned = true
        this.lost = true
        this.have = 0
        return
      }
      const taken = Math.min(this.missing, left)
      this.readHeldHello(session)
      this.helloCut = true
      this.missing -= taken
      left -= taken
      if (this.missing === 0) this.endMessage(session, frame, time)
    }
  }

  /** Reads what is held of an incomplete hello, and lets go of it. */
  readHeldHello(session: TlsSession): void {
    const { hello } = this
    if (hello.length === 0) return
    session.hello(this.direction, this.type, hello.bytes, 0, hello.kept)
    hello.clear()
  }

  private headerByte(
    session: TlsSession,
    recordLength: number,
    byte: number,
    frame: number,
    time: number,
  ): void {
    const index = this.have++
    if (index === 0) {
      this.type = byte
      this.length = 0
      return
    }
    this.length = this.length * 256 + byte
    if (index !== 3) return
    if (this.lost && this.length + 4 > recordLength) {
      this.unaligned = true
      this.have = 0
      return
    }
    this.missing = this.length
    this.helloCut = false
    this.hello.clear()
    session.messageStarts(this.direction, this.type)
    if (this.length === 0) this.endMessage(session, frame, time)
  }

  private endMessage(session: TlsSession, frame: number, time: number): void {
    this.have = 0
    this.readHeldHello(session)
    session.message(this.direction, this.type, this.length, frame, time)
  }
}
