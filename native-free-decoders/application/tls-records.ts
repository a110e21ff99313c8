import { RECORD_LIMIT } from './first-bytes.ts'
import type { Moments } from './moments.ts'
import type { TlsHandshakeMessages } from './tls-handshake-messages.ts'
import { FINISHED_AT, IN_USE_AT, LAST_RECORD_AT } from './tls-moments.ts'
import type { TlsSession } from './tls-session.ts'

export const CHANGE_CIPHER_SPEC = 20
export const ALERT = 21
export const HANDSHAKE = 22
export const APPLICATION_DATA = 23
const HEARTBEAT = 24
/** Not a record: a hello in SSL 2.0 format that precedes them. */
const SSLV2_HELLO = 0

/** Walks the TLS records of one direction by counting; nothing of their bodies is held. */
export class TlsRecords {
  /** Two record headers, or a hello, an alert or a ChangeCipherSpec: this is TLS. */
  confirmed = false
  /** The bytes after the first record were no record: this never was TLS. */
  refuted = false
  /** The next record header cannot be found any more. */
  lost = false
  /** Body bytes of the record under way that have not been sent. */
  missing = 0
  lastType = 0
  lastLength = 0
  /** Completed records. */
  records = 0
  /** ChangeCipherSpec was sent (in TLS 1.3 it means nothing). */
  changedCipher = false
  /** Application-data records that are in use of the session. */
  applicationRecords = 0
  /** Anything encrypted was sent. */
  sawProtected = false
  /** A message header of the plaintext handshake was not captured. */
  handshakeLost = false

  readonly direction: 0 | 1
  /** Of its session. */
  private readonly moments: Moments
  private headerHave = 0
  private type = 0
  private length = 0
  private encrypted = false
  /** Only while the handshake is in plaintext. */
  private messages: TlsHandshakeMessages | null = null
  private alertLevel = -1
  private alertDescription = -1

  constructor(direction: 0 | 1, moments: Moments) {
    this.direction = direction
    this.moments = moments
  }

  /** Begins with the first byte of its direction; nothing is left of what it walked before. */
  begin(confirmed: boolean): void {
    this.confirmed = confirmed
    this.refuted = false
    this.lost = false
    this.missing = 0
    this.lastType = 0
    this.lastLength = 0
    this.records = 0
    this.changedCipher = false
    this.applicationRecords = 0
    this.sawProtected = false
    this.handshakeLost = false
    this.headerHave = 0
    this.type = 0
    this.length = 0
    this.encrypted = false
    this.messages = null
    this.alertLevel = -1
    this.alertDescription = -1
  }

  /** Up to TLS 1.2, its Finished was sent. */
  get isFinished(): boolean {
    return this.moments.isSet(FINISHED_AT + this.direction)
  }

  /** Application data in use of the session was sent. */
  get isInUse(): boolean {
    return this.moments.isSet(IN_USE_AT + this.direction)
  }

  /** No record is under way. */
  get atBoundary(): boolean {
    return this.headerHave === 0
  }

  /** Moves past the hello in SSL 2.0 format whose first bytes come next; records follow it. */
  startAfter(sslv2Length: number): void {
    this.type = SSLV2_HELLO
    this.length = sslv2Length
    this.missing = sslv2Length
    this.headerHave = 5
  }

  /** The hello of this type that is under way, as far as it was captured without a gap, or null. */
  partialHello(type: number): Uint8Array | null {
    return this.messages?.partialHello(type) ?? null
  }

  /** The next bytes[start, end) of the direction. */
  feed(
    session: TlsSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    let at = start
    while (at < end && !this.lost) {
      if (this.headerHave < 5) {
        if (this.headerHave === 0 && at + 5 <= end && isHeader(bytes, at)) {
          this.headerHave = 5
          this.type = bytes[at]!
          this.length = bytes[at + 3]! * 256 + bytes[at + 4]!
          at += 5
          this.startRecord(session)
        } else this.headerByte(session, bytes[at++]!)
        continue
      }
      const stop = at + Math.min(this.missing, end - at)
      if (this.type === HANDSHAKE && !this.encrypted) {
        this.messages?.feed(session, this.length, bytes, at, stop, frame, time)
      } else if (this.type === ALERT && this.length === 2) this.alertBytes(bytes, at, stop)
      this.missing -= stop - at
      at = stop
      if (this.missing === 0) this.endRecord(session, frame, time)
    }
  }

  /** Bytes that were sent but not captured: counted off within a record, fatal across a header. */
  skip(session: TlsSession, length: number, frame: number, time: number): void {
    if (this.lost || length === 0) return
    // The body up to the next header is known to have been sent.
    const counted = this.headerHave === 5 ? Math.min(length, this.missing) : 0
    if (counted > 0) {
      if (this.type === HANDSHAKE && !this.encrypted)
        this.skipHandshake(session, counted, frame, time)
      this.missing -= counted
      if (this.missing === 0) this.endRecord(session, frame, time)
    }
    if (counted < length) this.lose(session)
  }

  private skipHandshake(session: TlsSession, length: number, frame: number, time: number): void {
    if (this.messages === null) return
    this.messages.skip(session, length, frame, time)
    if (this.messages.lost) this.handshakeLost = true
  }

  private lose(session: TlsSession): void {
    this.messages?.readHeldHello(session)
    this.endMessages(session)
    this.lost = true
    this.missing = 0
    this.headerHave = 0
  }

  private headerByte(session: TlsSession, byte: number): void {
    const index = this.headerHave++
    if (index === 0) this.type = byte
    else if (index === 3) this.length = byte * 256
    else if (index === 4) this.length += byte
    if (!this.isPlausible(index, byte)) {
      if (!this.confirmed) this.refuted = true
      this.lose(session)
      return
    }
    if (index === 4) this.startRecord(session)
  }

  private isPlausible(index: number, byte: number): boolean {
    if (index === 0) return byte >= CHANGE_CIPHER_SPEC && byte <= HEARTBEAT
    if (index === 1) return byte === 3
    if (index === 2) return byte <= 4
    return this.length <= RECORD_LIMIT
  }

  private startRecord(session: TlsSession): void {
    if (this.records > 0) this.confirmed = true
    this.missing = this.length
    this.alertLevel = -1
    this.alertDescription = -1
    this.encrypted = this.type === HANDSHAKE && session.isEncrypted(this)
    if (this.type === HANDSHAKE && !this.encrypted) {
      this.messages ??= this.beginMessages(session)
      this.messages.startRecord()
    } else if (this.messages?.atBoundary) this.endMessages(session)
    // Empty application-data records are legal (RFC 5246 §6.2.1); there is no body to wait for.
    if (this.length === 0) this.headerHave = 0
  }

  private beginMessages(session: TlsSession): TlsHandshakeMessages {
    const messages = session.parts.messages.take()
    messages.begin(this.direction, this.handshakeLost)
    return messages
  }

  /** Gives the walker of handshake messages back. */
  endMessages({ parts }: TlsSession): void {
    if (this.messages !== null) parts.messages.give(this.messages)
    this.messages = null
  }

  private endRecord(session: TlsSession, frame: number, time: number): void {
    this.headerHave = 0
    if (this.type === SSLV2_HELLO) return
    this.records++
    this.lastType = this.type
    this.lastLength = this.length
    this.moments.set(LAST_RECORD_AT + this.direction, frame, time)
    if (this.type === ALERT && this.length === 2) {
      session.alert(this.direction, this.alertLevel, this.alertDescription, frame, time)
    } else {
      session.record(this.direction, this.type, this.length, this.encrypted, frame, time)
    }
  }

  private alertBytes(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      if (this.missing - (at - start) === 2) this.alertLevel = bytes[at]!
      else this.alertDescription = bytes[at]!
    }
  }
}

/** A whole plausible record header. */
function isHeader(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at]! >= CHANGE_CIPHER_SPEC &&
    bytes[at]! <= HEARTBEAT &&
    bytes[at + 1] === 3 &&
    bytes[at + 2]! <= 4 &&
    bytes[at + 3]! * 256 + bytes[at + 4]! <= RECORD_LIMIT
  )
}
