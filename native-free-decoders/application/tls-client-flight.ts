import type { Moments } from './moments.ts'
import { FLIGHT_AT, LARGE_RECORD_AT } from './tls-moments.ts'

type Progress = 0 | 1 | 2 | 3 | 4
const NOTHING = 0
const AFTER_EMPTY_CERTIFICATE = 1
/** A record that holds a certificate, and perhaps all of the flight. */
const AFTER_CERTIFICATE = 2
const AFTER_CERTIFICATE_VERIFY = 3
const COMPLETE = 4

/** No useful certificate message is smaller. */
const SMALLEST_CERTIFICATE = 200
const LARGEST_PLAINTEXT = 16384

/**
 * The TLS 1.3 client's last flight told apart by the sizes of its encrypted records: a record is its messages,
 * one byte of content type and the AEAD tag (RFC 8446 §5.2). Finished is 4 + hash bytes, an empty Certificate 8.
 * Stacks send Certificate, CertificateVerify and Finished as three records or as one; which of the two it was
 * shows in the record that follows, so a large first record is the whole flight until that says otherwise.
 */
export class ClientFlight {
  /** Cipher suite, 0 while unknown. */
  cipher = 0
  certificate: 'not-requested' | 'sent' | 'empty' | 'unknown' = 'unknown'
  /** Application records that were first taken for a part of the flight. */
  extraRecords = 0
  private progress: Progress = NOTHING
  private largeIsFull = false
  private passedEarlyData = false

  private readonly moments: Moments

  constructor(moments: Moments) {
    this.moments = moments
  }

  /** Nothing was sent yet; nothing is left of an earlier flight. */
  begin(): void {
    this.cipher = 0
    this.certificate = 'unknown'
    this.extraRecords = 0
    this.progress = NOTHING
    this.largeIsFull = false
    this.passedEarlyData = false
  }

  /** Size of an encrypted alert: level, description, content type, tag. */
  get alertLength(): number {
    return 3 + this.tag
  }

  get isComplete(): boolean {
    return this.progress === COMPLETE
  }

  /** The moment at which the flight was complete, if it is set; a single large record counts as all of it. */
  get finishedAt(): number {
    return this.progress === AFTER_CERTIFICATE ? LARGE_RECORD_AT : FLIGHT_AT
  }

  /** The next protected record of the client; `afterEarlyData` when 0-RTT data may precede the Finished. */
  record(length: number, afterEarlyData: boolean, frame: number, time: number): void {
    if (this.isFinishedSize(length, 0)) {
      // Right after the ServerHello it is the Finished; later, 0-RTT data in flight may have been in between.
      if (this.progress === NOTHING && !this.passedEarlyData) this.certificate = 'not-requested'
      this.end(frame, time)
      return
    }
    if (this.progress === NOTHING) {
      if (afterEarlyData) this.passedEarlyData = true
      else if (length !== this.alertLength) this.first(length, frame, time)
    } else if (this.progress === AFTER_EMPTY_CERTIFICATE) {
      // Anything but an alert here is a Finished of a size that is not known.
      if (length !== this.alertLength) this.end(frame, time)
    } else if (this.progress === AFTER_CERTIFICATE && this.largeIsFull) {
      this.largeIsFull = length >= LARGEST_PLAINTEXT + 1 + this.tag
      this.moments.set(LARGE_RECORD_AT, frame, time)
    } else if (this.progress === AFTER_CERTIFICATE && isCertificateVerify(length - 9 - this.tag)) {
      this.progress = AFTER_CERTIFICATE_VERIFY
    } else {
      this.settle()
      this.extraRecords++
    }
  }

  /** What followed shows that the large record was the whole flight. */
  settle(): void {
    if (this.progress === AFTER_CERTIFICATE_VERIFY) this.extraRecords++
    else if (this.progress !== AFTER_CERTIFICATE) return
    const { moments } = this
    this.end(moments.frame(LARGE_RECORD_AT), moments.time(LARGE_RECORD_AT))
  }

  private first(length: number, frame: number, time: number): void {
    if (length === 8 + 1 + this.tag) {
      this.certificate = 'empty'
      this.progress = AFTER_EMPTY_CERTIFICATE
    } else if (this.isFinishedSize(length, 8)) {
      this.certificate = 'empty'
      this.end(frame, time)
    } else {
      this.certificate = length >= SMALLEST_CERTIFICATE ? 'sent' : 'unknown'
      this.progress = AFTER_CERTIFICATE
      this.moments.set(LARGE_RECORD_AT, frame, time)
      this.largeIsFull = length >= LARGEST_PLAINTEXT + 1 + this.tag
    }
  }

  private end(frame: number, time: number): void {
    this.moments.set(FLIGHT_AT, frame, time)
    this.progress = COMPLETE
  }

  private isFinishedSize(length: number, before: number): boolean {
    const hash = length - before - 5 - this.tag
    if (this.cipher === 0) return hash === 32 || hash === 48
    return hash === (this.cipher === AES_256_GCM_SHA384 ? 48 : 32)
  }

  private get tag(): number {
    return this.cipher === AES_128_CCM_8 ? 8 : 16
  }
}

const AES_256_GCM_SHA384 = 0x1302
const AES_128_CCM_8 = 0x1305

/**
 * Whether a CertificateVerify can hold a signature of this many bytes: Ed25519, Ed448, ECDSA in DER over P-256,
 * P-384 and P-521, RSA of 1024 to 8192 bits.
 */
function isCertificateVerify(signature: number): boolean {
  return (
    signature === 64 ||
    signature === 114 ||
    (signature >= 67 && signature <= 72) ||
    (signature >= 98 && signature <= 104) ||
    (signature >= 133 && signature <= 139) ||
    signature === 128 ||
    signature === 256 ||
    signature === 384 ||
    signature === 512 ||
    signature === 1024
  )
}
