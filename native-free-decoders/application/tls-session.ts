import type { Moment, TlsStage } from './summary.ts'
import { alertAborts, alertName } from './tls-alert.ts'
import { ClientFlight } from './tls-client-flight.ts'
import { CLIENT_HELLO, SERVER_HELLO } from './tls-handshake-messages.ts'
import {
  type ClientHello,
  readClientHello,
  readServerHello,
  type ServerHello,
  TLS_1_3,
} from './tls-hello.ts'
import {
  CLIENT_HELLO_AT,
  FINISHED_AT,
  IN_USE_AT,
  SERVER_HELLO_AT,
  tlsMoments,
} from './tls-moments.ts'
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  HANDSHAKE,
  TlsRecords,
} from './tls-records.ts'
import type { WalkerParts } from './walker-parts.ts'

const CERTIFICATE = 11
const SERVER_KEY_EXCHANGE = 12
const CERTIFICATE_REQUEST = 13
const SERVER_HELLO_DONE = 14
const CLIENT_KEY_EXCHANGE = 16
/** An empty certificate_list: three length bytes (RFC 5246 §7.4.6). */
const EMPTY_CERTIFICATE = 3

/** What both directions of one TLS connection said, put together: how far the handshake came. */
export class TlsSession {
  readonly parts: WalkerParts
  /** The record walkers of direction 0 and 1. */
  a: TlsRecords | null = null
  b: TlsRecords | null = null
  /** The direction of the TLS client, -1 while unknown. */
  client: -1 | 0 | 1 = -1
  /** Negotiated, as on the wire; 0 while unknown. */
  version = 0
  offered: ClientHello | null = null
  offeredVersion = 0
  alpnSelected: string | null = null
  cipher = 0
  helloRetry = false
  /** 0-RTT was offered, in the first ClientHello. */
  earlyDataOffered = false
  resumed = false
  serverFlight = false
  certificate: 'not-requested' | 'sent' | 'empty' | 'unknown' = 'unknown'
  readonly moments = tlsMoments()
  readonly flight = new ClientFlight(this.moments)
  firstAlert: (Moment & { direction: 0 | 1; name: string }) | null = null
  private certificateRequested = false
  private serverHelloDone = false
  private retrying = false
  private readonly recordsA = new TlsRecords(0, this.moments)
  private readonly recordsB = new TlsRecords(1, this.moments)

  constructor(parts: WalkerParts) {
    this.parts = parts
  }

  /** Nothing was said yet; nothing is left of an earlier session. */
  begin(): void {
    this.a = null
    this.b = null
    this.client = -1
    this.version = 0
    this.offered = null
    this.offeredVersion = 0
    this.alpnSelected = null
    this.cipher = 0
    this.helloRetry = false
    this.earlyDataOffered = false
    this.resumed = false
    this.moments.clear()
    this.serverFlight = false
    this.certificate = 'unknown'
    this.flight.begin()
    this.firstAlert = null
    this.certificateRequested = false
    this.serverHelloDone = false
    this.retrying = false
  }

  /** The record walker of a direction, begun when that direction turns out to speak TLS. */
  start(direction: 0 | 1, confirmed: boolean): TlsRecords {
    const records = direction === 0 ? this.recordsA : this.recordsB
    records.begin(confirmed)
    if (direction === 0) this.a = records
    else this.b = records
    return records
  }

  /** Gives itself and its parts back: nobody may use it any more. */
  end(): void {
    this.a?.endMessages(this)
    this.b?.endMessages(this)
    this.parts.sessions.give(this)
  }

  of(direction: 0 | 1): TlsRecords | null {
    return direction === 0 ? this.a : this.b
  }

  /** Whether the connection is TLS at all: confirmed in one direction, or probable in both. */
  get confirmed(): boolean {
    const { a, b } = this
    if (a?.confirmed || b?.confirmed) return true
    return a !== null && b !== null && !a.refuted && !b.refuted
  }

  /** Handshake records after ChangeCipherSpec are encrypted, but for TLS 1.3, where that is a dummy. */
  isEncrypted(records: TlsRecords): boolean {
    return records.changedCipher && this.version !== TLS_1_3
  }

  /** A ClientHello in SSL 2.0 format, known by its first bytes. */
  sslv2Hello(direction: 0 | 1, version: number, frame: number, time: number): void {
    this.client = direction
    this.moments.set(CLIENT_HELLO_AT, frame, time)
    this.offeredVersion = version
  }

  /** The header of a message says who speaks, before the message is complete. */
  messageStarts(direction: 0 | 1, type: number): void {
    if (this.client !== -1) return
    if (type === CLIENT_HELLO || type === CLIENT_KEY_EXCHANGE) this.client = direction
    else if (isServerMessage(type)) this.client = other(direction)
  }

  /** The bytes of a hello, whole or as far as they were captured. */
  hello(direction: 0 | 1, type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === CLIENT_HELLO && direction === this.client) {
      const hello = readClientHello(bytes, start, end)
      if (hello.earlyData) this.earlyDataOffered = true
      this.offered = hello
      if (hello.version !== 0) this.offeredVersion = hello.version
    } else if (type === SERVER_HELLO && direction !== this.client) {
      this.chosen(readServerHello(bytes, start, end))
    }
  }

  private chosen(hello: ServerHello): void {
    if (hello.helloRetry) this.helloRetry = true
    this.version = hello.version
    if (hello.version === 0 && this.offered?.complete && this.offeredVersion < TLS_1_3) {
      this.version = this.offeredVersion
    }
    // A HelloRetryRequest comes only from TLS 1.3.
    if (hello.helloRetry) this.version = TLS_1_3
    this.cipher = hello.cipher
    if (hello.alpn !== null) this.alpnSelected = hello.alpn
    if (hello.preSharedKey) {
      this.resumed = true
      this.certificate = 'not-requested'
    }
    this.retrying = hello.helloRetry
  }

  /** A plaintext handshake message is complete. */
  message(direction: 0 | 1, type: number, length: number, frame: number, time: number): void {
    if (direction === this.client) {
      if (type === CLIENT_HELLO) this.moments.setOnce(CLIENT_HELLO_AT, frame, time)
      else if (this.sawServerHello) this.serverFlight = true
      if (type === CERTIFICATE) {
        this.certificate = length === EMPTY_CERTIFICATE ? 'empty' : 'sent'
      }
      return
    }
    if (type === SERVER_HELLO) {
      if (!this.retrying) this.moments.setOnce(SERVER_HELLO_AT, frame, time)
      this.retrying = false
    } else if (type === CERTIFICATE_REQUEST) this.certificateRequested = true
    else if (type === SERVER_HELLO_DONE) {
      this.serverHelloDone = true
      this.serverFlight = true
      const lost = this.of(direction)?.handshakeLost
      if (!this.certificateRequested && !lost) this.certificate = 'not-requested'
    }
  }

  /** A plaintext alert; level and description are -1 where they were not captured. */
  alert(direction: 0 | 1, level: number, description: number, frame: number, time: number): void {
    if (this.firstAlert !== null) return
    if (description === -1) this.firstAlert = { frame, time, direction, name: 'not-captured' }
    else if (alertAborts(level, description)) {
      this.firstAlert = { frame, time, direction, name: alertName(description) }
    }
  }

  /** A record other than a plaintext alert is complete. */
  record(
    direction: 0 | 1,
    type: number,
    length: number,
    encrypted: boolean,
    frame: number,
    time: number,
  ): void {
    const records = this.of(direction)!
    if (type === CHANGE_CIPHER_SPEC) {
      if (this.version !== TLS_1_3) records.changedCipher = true
    } else if (type === HANDSHAKE) {
      this.handshakeRecord(records, direction, encrypted, frame, time)
    } else if (type === APPLICATION_DATA) {
      records.sawProtected = true
      this.protectedRecord(records, direction, length, frame, time)
    } else if (type === ALERT) records.sawProtected = true
  }

  private handshakeRecord(
    records: TlsRecords,
    direction: 0 | 1,
    encrypted: boolean,
    frame: number,
    time: number,
  ): void {
    const fromServer = this.client !== -1 && direction !== this.client
    if (!encrypted) {
      // A server's first handshake record holds the ServerHello, even where its bytes were not captured.
      if (fromServer && records.handshakeLost) this.moments.setOnce(SERVER_HELLO_AT, frame, time)
      return
    }
    records.sawProtected = true
    if (records.isFinished) return
    this.moments.set(FINISHED_AT + direction, frame, time)
    if (this.client === -1) return
    this.serverFlight = true
    if (fromServer && !this.serverHelloDone && !records.handshakeLost && this.sawServerHello) {
      // RFC 5246 §7.3: only an abbreviated handshake has no ServerHelloDone before the server's Finished.
      if (!hasFinished(this.of(this.client))) {
        this.resumed = true
        this.certificate = 'not-requested'
      }
    }
  }

  private protectedRecord(
    records: TlsRecords,
    direction: 0 | 1,
    length: number,
    frame: number,
    time: number,
  ): void {
    const { client } = this
    if (client === -1) {
      if (length !== this.flight.alertLength) this.inUse(records, frame, time)
      else records.applicationRecords++
      return
    }
    const finished = hasFinished(this.a) || hasFinished(this.b)
    const mayBeEarlyData = this.offered === null || this.offered.earlyData || !this.offered.complete
    const isEarlyData = direction === client && !this.sawServerHello && mayBeEarlyData
    // Only TLS 1.3 protects application-data records before a Finished that can be told apart.
    if (this.version === 0 && !finished && !isEarlyData) this.version = TLS_1_3
    if (this.version !== TLS_1_3 && !isEarlyData) {
      this.inUse(records, frame, time)
      return
    }
    const { flight } = this
    flight.cipher = this.cipher
    const alertSized = length === flight.alertLength
    if (direction === client) {
      if (isEarlyData) return
      if (!flight.isComplete) flight.record(length, this.offered?.earlyData === true, frame, time)
      else if (alertSized) records.applicationRecords++
      else this.inUse(records, frame, time)
      return
    }
    if (!this.serverFlight) {
      this.serverFlight = !alertSized
      return
    }
    if (!alertSized) flight.settle()
    if (!this.moments.isSet(flight.finishedAt)) return
    if (alertSized) records.applicationRecords++
    else this.inUse(records, frame, time)
  }

  private inUse(records: TlsRecords, frame: number, time: number): void {
    records.applicationRecords++
    this.moments.setOnce(IN_USE_AT + records.direction, frame, time)
  }

  /** The moment of the client's Finished, of either version, if it is set. */
  get clientFinishedAt(): number {
    const { client } = this
    if (client !== -1 && this.of(client)?.isFinished) return FINISHED_AT + client
    return this.flight.finishedAt
  }

  private get sawServerHello(): boolean {
    return this.moments.isSet(SERVER_HELLO_AT)
  }

  /** The client's certificate as far as it can be told. */
  get clientCertificate(): 'not-requested' | 'sent' | 'empty' | 'unknown' {
    return this.certificate === 'unknown' ? this.flight.certificate : this.certificate
  }

  get stage(): TlsStage {
    const { a, b, client } = this
    if (client === -1) return a?.sawProtected || b?.sawProtected ? 'established' : 'client-hello'
    const server = this.of(other(client))
    if (server?.isInUse) return 'established'
    if (hasFinished(a) && hasFinished(b)) return 'established'
    if (this.moments.isSet(this.clientFinishedAt)) return 'client-finished'
    if (this.serverFlight) return 'server-flight'
    return this.sawServerHello ? 'server-hello' : 'client-hello'
  }

  /** Whether the last thing a direction sent has the size of an encrypted alert. */
  endsWithAlertSize(records: TlsRecords | null): boolean {
    if (records === null || !records.atBoundary) return false
    if (records.lastType === ALERT) return records.lastLength > 2
    if (records.lastType !== APPLICATION_DATA) return false
    const mayBeThirteen = this.version === TLS_1_3 || (this.version === 0 && !hasFinished(this.a))
    return mayBeThirteen && records.lastLength === this.flight.alertLength
  }
}

function hasFinished(records: TlsRecords | null): boolean {
  return records?.isFinished === true
}

function isServerMessage(type: number): boolean {
  return (
    type === SERVER_HELLO ||
    type === SERVER_KEY_EXCHANGE ||
    type === CERTIFICATE_REQUEST ||
    type === SERVER_HELLO_DONE
  )
}

function other(direction: 0 | 1): 0 | 1 {
  return direction === 0 ? 1 : 0
}
