import { RECORD_LIMIT } from './first-bytes.ts'
import type { Moment } from './summary.ts'
import type { TlsSession } from './tls-session.ts'

export const CHANGE_CIPHER_SPEC = 20
export const ALERT = 21
export const HANDSHAKE = 22
export const APPLICATION_DATA = 23

export const CLIENT_HELLO = 1
export const SERVER_HELLO = 2

/** Bytes of one hello that are held while it is incomplete; what lies beyond is walked, not read. */
const HELLO_LIMIT = 16384

/**
 * Walks the TLS records of one direction by counting, and the handshake messages in them until they are
 * encrypted. Holds bytes only of a hello that is split over segments or records.
 */
export class TlsRecords {
  /** Two record headers, or a hello, an alert or a ChangeCipherSpec: this is TLS. */
  confirmed: boolean
  /** The bytes after the first record were no record: this never was TLS. */
  refuted = false
  /** The next record header cannot be found any more. */
  lost = false
  /** Body bytes of the record under way that have not been sent. */
  missing = 0
  lastType = 0
  lastLength = 0
  lastFrame = 0
  lastTime = 0
  /** Completed records. */
  records = 0
  /** ChangeCipherSpec was sent (in TLS 1.3 it means nothing). */
  changedCipher = false
  /** TLS 1.2: the encrypted handshake record after ChangeCipherSpec, its Finished. */
  finished: Moment | null = null
  /** First application-data record that is in use of the session, and how many there were. */
  firstApplicationData: Moment | null = null
  applicationRecords = 0
  /** Anything encrypted was sent. */
  sawProtected = false
  /** A message header of the plaintext handshake was not captured: messages since then are unknown. */
  handshakeLost = false

  private readonly direction: 0 | 1
  private headerHave = 0
  private type = 0
  private length = 0
  private opaque = false
  /** The handshake bytes of this record belong to no message whose header was seen. */
  private unaligned = false
  private messageHave = 0
  private messageType = 0
  private messageLength = 0
  private messageMissing = 0
  private hello: Uint8Array | null = null
  private helloLength = 0
  /** Bytes of the hello were cut out, so that what follows cannot be read. */
  private helloCut = false
  private alertLevel = -1
  private alertDescription = -1

  constructor(direction: 0 | 1, confirmed: boolean) {
    this.direction = direction
    this.confirmed = confirmed
  }

  /** No record is under way. */
  get atBoundary(): boolean {
    return this.headerHave === 0
  }

  /** Moves past the hello in SSL 2.0 format whose first bytes these are; records follow it. */
  startAfter(sslv2Length: number): void {
    this.type = 0
    this.length = sslv2Length
    this.missing = sslv2Length
    this.headerHave = 5
  }

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
        this.headerByte(session, bytes[at++]!)
        continue
      }
      const taken = Math.min(this.missing, end - at)
      if (this.type === HANDSHAKE && !this.opaque)
        this.handshake(session, bytes, at, at + taken, frame, time)
      else if (this.type === ALERT && this.length === 2) this.alertBytes(bytes, at, at + taken)
      this.missing -= taken
      at += taken
      if (this.missing === 0) this.endRecord(session, frame, time)
    }
  }

  /** Bytes that were sent but not captured: counted off within a record, fatal across a header. */
  skip(session: TlsSession, length: number, frame: number, time: number): void {
    if (this.lost || length === 0) return
    if (this.headerHave < 5 || length > this.missing) {
      // The body up to here is known to have been sent.
      if (this.headerHave === 5) this.skipBody(session, this.missing, frame, time)
      this.lose(session)
      return
    }
    this.skipBody(session, length, frame, time)
  }

  /** The hello under way as far as it was captured: type 1 or 2 and its bytes, or null. */
  partialHello(type: number): Uint8Array | null {
    if (this.messageType !== type || this.messageMissing === 0) return null
    return this.hello === null || this.helloCut ? null : this.hello.subarray(0, this.helloLength)
  }

  private lose(session: TlsSession): void {
    this.readHeldHello(session)
    this.lost = true
    this.missing = 0
    this.headerHave = 0
  }

  private skipBody(session: TlsSession, length: number, frame: number, time: number): void {
    if (this.type === HANDSHAKE && !this.opaque) this.skipHandshake(session, length, frame, time)
    this.missing -= length
    if (this.missing === 0) this.endRecord(session, frame, time)
  }

  private headerByte(session: TlsSession, byte: number): void {
    const index = this.headerHave++
    if (index === 0) this.type = byte
    else if (index === 3) this.length = byte * 256
    else if (index === 4) this.length += byte
    const valid =
      index === 0
        ? byte >= CHANGE_CIPHER_SPEC && byte <= 24
        : index === 1
          ? byte === 3
          : index === 2
            ? byte <= 4
            : index === 3 || this.length <= RECORD_LIMIT
    if (!valid) {
      if (!this.confirmed) this.refuted = true
      this.lose(session)
      return
    }
    if (index !== 4) return
    if (this.records > 0) this.confirmed = true
    this.missing = this.length
    this.alertLevel = -1
    this.alertDescription = -1
    this.opaque = this.type === HANDSHAKE && session.isEncrypted(this)
    this.unaligned = false
    // Empty application-data records are legal (RFC 5246 §6.2.1); there is no body to wait for.
    if (this.length === 0) this.headerHave = 0
  }

  private endRecord(session: TlsSession, frame: number, time: number): void {
    this.headerHave = 0
    if (this.type === 0) return
    this.records++
    this.lastType = this.type
    this.lastLength = this.length
    this.lastFrame = frame
    this.lastTime = time
    if (this.type === ALERT && this.length === 2) {
      session.alert(this.direction, this.alertLevel, this.alertDescription, frame, time)
    } else {
      session.record(this.direction, this.type, this.length, this.opaque, frame, time)
    }
  }

  private alertBytes(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at++) {
      if (this.missing - (at - start) === 2) this.alertLevel = bytes[at]!
      else this.alertDescription = bytes[at]!
    }
  }

  private handshake(
    session: TlsSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    let at = start
    while (at < end) {
      if (this.unaligned) return
      if (this.messageMissing === 0 || this.messageHave < 4) {
        this.messageByte(session, bytes[at++]!, frame, time)
        continue
      }
      const taken = Math.min(this.messageMissing, end - at)
      const isHello = this.messageType === CLIENT_HELLO || this.messageType === SERVER_HELLO
      if (isHello && !this.helloCut) {
        if (taken === this.messageLength) {
          const stop = at + Math.min(taken, HELLO_LIMIT)
          session.hello(this.direction, this.messageType, bytes, at, stop)
        } else this.hold(bytes, at, at + taken)
      }
      this.messageMissing -= taken
      at += taken
      if (this.messageMissing === 0) this.endMessage(session, frame, time)
    }
  }

  private messageByte(session: TlsSession, byte: number, frame: number, time: number): void {
    const index = this.messageHave++
    if (index === 0) {
      this.messageType = byte
      this.messageLength = 0
      return
    }
    this.messageLength = this.messageLength * 256 + byte
    if (index !== 3) return
    if (this.handshakeLost && this.messageLength + 4 > this.length) {
      // After a gap the start of a record is taken for the start of a message only if it fits into the record.
      this.unaligned = true
      this.messageHave = 0
      return
    }
    this.messageMissing = this.messageLength
    this.helloCut = false
    this.helloLength = 0
    session.messageStarts(this.direction, this.messageType)
    if (this.messageLength === 0) this.endMessage(session, frame, time)
  }

  private endMessage(session: TlsSession, frame: number, time: number): void {
    this.messageHave = 0
    this.readHeldHello(session)
    session.message(this.direction, this.messageType, this.messageLength, frame, time)
  }

  private hold(bytes: Uint8Array, start: number, end: number): void {
    const wanted = Math.min(this.helloLength + (end - start), HELLO_LIMIT)
    let held = this.hello
    if (held === null || held.length < wanted) {
      const size = Math.min(this.messageLength, HELLO_LIMIT, Math.max(wanted, 2 * this.helloLength))
      const larger = new Uint8Array(size)
      if (held !== null) larger.set(held.subarray(0, this.helloLength))
      held = larger
      this.hello = held
    }
    for (let at = start; this.helloLength < wanted; at++) held[this.helloLength++] = bytes[at]!
  }

  private readHeldHello(session: TlsSession): void {
    const held = this.hello
    this.hello = null
    if (held !== null) {
      session.hello(this.direction, this.messageType, held, 0, this.helloLength)
    }
  }

  private skipHandshake(session: TlsSession, length: number, frame: number, time: number): void {
    let left = length
    while (left > 0 && !this.unaligned) {
      if (this.messageMissing === 0 || this.messageHave < 4) {
        this.unaligned = true
        this.handshakeLost = true
        this.messageHave = 0
        this.messageMissing = 0
        return
      }
      const taken = Math.min(this.messageMissing, left)
      this.readHeldHello(session)
      this.helloCut = true
      this.messageMissing -= taken
      left -= taken
      if (this.messageMissing === 0) this.endMessage(session, frame, time)
    }
  }
}
