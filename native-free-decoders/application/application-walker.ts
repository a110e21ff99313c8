import {
  classifyFirstBytes,
  FIRST_BYTES_NEEDED,
  firstBytesName,
  KIND_H2,
  KIND_H2_SETTINGS,
  KIND_HTTP_REQUEST,
  KIND_HTTP_RESPONSE,
  KIND_OTHER,
  KIND_PENDING,
  KIND_PROXY_V1,
  KIND_PROXY_V2,
  KIND_TLS,
  KIND_TLS_MAYBE,
  KIND_TLS_V2_HELLO,
  type Kind,
} from './first-bytes.ts'
import { H2Frames } from './h2-frames.ts'
import type { Http1Exchange } from './http1-exchange.ts'
import type { Http1Messages } from './http1-messages.ts'
import { ProxyPrefix } from './proxy-prefix.ts'
import type { ApplicationSummary, FirstBytes } from './summary.ts'
import { SummaryRoom } from './summary-room.ts'
import type { TlsRecords } from './tls-records.ts'
import type { TlsSession } from './tls-session.ts'
import { summarizeTls } from './tls-summary.ts'
import { WalkerParts } from './walker-parts.ts'

/** One direction until its protocol is known, and what it turned out to be. */
class Stream {
  /** Of the very first bytes. */
  first: Kind = KIND_PENDING
  /** Of the bytes behind a PROXY header, else the same. */
  kind: Kind = KIND_PENDING
  begun = false
  /** Its first bytes were not captured. */
  missed = false
  lostPlace = false
  prefix: Uint8Array | null = null
  prefixLength = 0
  proxy: ProxyPrefix | null = null
  tls: TlsRecords | null = null
  http: Http1Messages | null = null

  begin(): void {
    this.first = KIND_PENDING
    this.kind = KIND_PENDING
    this.begun = false
    this.missed = false
    this.lostPlace = false
    this.prefix = null
    this.prefixLength = 0
    this.proxy = null
    this.tls = null
    this.http = null
  }
}

/**
 * Follows what both directions of a connection say, without keeping it: feed the payload in order, once per
 * byte, then read the summary. Roles need not be known before the end. Memory is bounded, whatever is fed.
 *
 * A walker may follow one connection after another, and so may its parts: `begin()` sets every field of them, new or
 * used, so that nothing of the last connection is left.
 */
export class ApplicationWalker {
  private readonly a = new Stream()
  private readonly b = new Stream()
  private tls: TlsSession | null = null
  private http: Http1Exchange | null = null
  private h2: H2Frames | null = null
  private readonly parts: WalkerParts

  constructor(parts = new WalkerParts()) {
    this.parts = parts
  }

  /** Begins to follow another connection; what it took for the last one is free for others. */
  begin(): void {
    this.tls?.end()
    this.http?.end()
    this.a.begin()
    this.b.begin()
    this.tls = null
    this.http = null
    this.h2 = null
  }

  /** In-order payload bytes[start, end) of a direction, which `frame` completed at `time` (ns). */
  feed(
    direction: 0 | 1,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    if (start >= end) return
    const stream = direction === 0 ? this.a : this.b
    stream.begun = true
    let at = start
    if (stream.proxy !== null && !stream.proxy.isComplete) {
      at = stream.proxy.feed(bytes, at, end)
      if (stream.proxy.isLost) this.give(stream)
      if (at === end) return
    }
    if (stream.kind !== KIND_PENDING) {
      this.walk(direction, stream, bytes, at, end, frame, time)
      return
    }
    this.open(direction, stream, bytes, at, end, frame, time)
  }

  /** Payload that was sent but not captured: cut by the snap length, or lost by the capture. */
  skip(direction: 0 | 1, length: number, frame: number, time: number): void {
    if (length <= 0) return
    const stream = direction === 0 ? this.a : this.b
    let left = length
    if (stream.proxy !== null && !stream.proxy.isComplete) {
      left = stream.proxy.skip(length)
      if (stream.proxy.isLost) this.give(stream)
      if (left === 0) return
    }
    if (stream.kind === KIND_PENDING) {
      // Before the first byte: what follows may still show what it is. Within the first bytes: too few to tell.
      if (!stream.begun) stream.missed = true
      stream.begun = true
      stream.lostPlace = true
      if (stream.prefixLength > 0 || stream.proxy !== null) this.give(stream)
    } else if (this.tls !== null && stream.tls !== null) {
      stream.tls.skip(this.tls, left, frame, time)
    } else if (this.http !== null && stream.http !== null) {
      this.http.now = time
      stream.http.skip(this.http, left)
    } else if (this.h2 !== null && isH2(stream)) this.h2.skip(direction, left)
  }

  /** The direction that is the client by what was said, -1 where nothing says so. */
  clientDirection(): -1 | 0 | 1 {
    if (this.tls?.confirmed && this.tls.client !== -1) return this.tls.client
    if (this.http !== null) return this.http.client
    if (speaksAsClient(this.a)) return 0
    return speaksAsClient(this.b) ? 1 : -1
  }

  /** What was said, by role; changes nothing. Written into `room`, where it is valid until that is used again. */
  summary(clientDirection: 0 | 1, room = new SummaryRoom()): ApplicationSummary {
    const client = clientDirection === 0 ? this.a : this.b
    const upstream = clientDirection === 0 ? this.b : this.a
    const tls = this.tls?.confirmed ? this.tls : null
    const clientLostPlace = lostPlace(client, tls)
    const upstreamLostPlace = lostPlace(upstream, tls)
    const { application } = room
    application.protocol = this.protocol(tls)
    application.clientFirst = firstOf(client, tls)
    application.upstreamFirst = firstOf(upstream, tls)
    application.tls = tls === null ? null : summarizeTls(tls, clientDirection, room)
    application.http = this.http === null ? null : this.http.summary(room.http)
    application.h2 = this.h2 === null ? null : this.h2.summary(clientDirection)
    application.proxyHeader = client.proxy === null ? null : client.proxy.header
    application.lostPlace = clientLostPlace || upstreamLostPlace
    application.clientLostPlace = clientLostPlace
    application.upstreamLostPlace = upstreamLostPlace
    return application
  }

  private protocol(tls: TlsSession | null): ApplicationSummary['protocol'] {
    const { a, b, http } = this
    if (!a.begun && !b.begun) return 'none'
    if (tls !== null && tls.client !== -1) return 'tls'
    if (http !== null) return http.tunnel ? 'other' : 'http/1'
    if (isH2(a) || isH2(b)) return 'h2'
    return tls === null ? 'other' : 'tls'
  }

  /** The first bytes of a stream (again, behind a PROXY header): finds out what walks it. */
  private open(
    direction: 0 | 1,
    stream: Stream,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    if (stream.prefixLength === 0) {
      const kind = classifyFirstBytes(bytes, start, end)
      if (kind !== KIND_PENDING) {
        this.start(direction, stream, kind, bytes, start, end, frame, time)
        return
      }
    }
    const held = stream.prefix ?? new Uint8Array(FIRST_BYTES_NEEDED)
    stream.prefix = held
    let at = start
    let kind: Kind = KIND_PENDING
    while (at < end && kind === KIND_PENDING) {
      held[stream.prefixLength++] = bytes[at++]!
      kind = classifyFirstBytes(held, 0, stream.prefixLength)
    }
    if (kind === KIND_PENDING) return
    const length = stream.prefixLength
    stream.prefix = null
    stream.prefixLength = 0
    this.start(direction, stream, kind, held, 0, length, frame, time)
    this.feed(direction, bytes, at, end, frame, time)
  }

  private start(
    direction: 0 | 1,
    stream: Stream,
    kind: Kind,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    const isBehindProxy = stream.proxy !== null
    if (!isBehindProxy) stream.first = kind
    if ((kind === KIND_PROXY_V1 || kind === KIND_PROXY_V2) && !isBehindProxy) {
      stream.proxy = new ProxyPrefix(kind === KIND_PROXY_V1 ? 1 : 2)
      this.feed(direction, bytes, start, end, frame, time)
      return
    }
    stream.kind = kind
    if (kind === KIND_TLS || kind === KIND_TLS_MAYBE || kind === KIND_TLS_V2_HELLO) {
      this.tls ??= this.beginTls()
      stream.tls = this.tls.start(direction, kind !== KIND_TLS_MAYBE)
      if (kind === KIND_TLS_V2_HELLO) {
        stream.tls.startAfter(2 + (bytes[start]! & 0x7f) * 256 + bytes[start + 1]!)
        const version = bytes[start + 3]! * 256 + bytes[start + 4]!
        this.tls.sslv2Hello(direction, version, frame, time)
      }
    } else if (kind === KIND_H2 || kind === KIND_H2_SETTINGS) {
      this.h2 ??= new H2Frames(kind === KIND_H2 ? direction : direction === 0 ? 1 : 0)
    } else if (kind === KIND_HTTP_REQUEST || kind === KIND_HTTP_RESPONSE) {
      const isRequests = kind === KIND_HTTP_REQUEST
      this.http ??= this.beginHttp(isRequests ? direction : direction === 0 ? 1 : 0)
      const { http } = this
      // Two directions that both request, or both respond, are no exchange: the second is not walked.
      if (isRequests === (direction === http.client)) {
        stream.http = isRequests ? http.requests : http.responses
        if (stream.missed) stream.http.lostPlace = true
      }
    }
    this.walk(direction, stream, bytes, start, end, frame, time)
  }

  private beginTls(): TlsSession {
    const session = this.parts.sessions.take()
    session.begin()
    return session
  }

  private beginHttp(client: 0 | 1): Http1Exchange {
    const exchange = this.parts.exchanges.take()
    exchange.begin(client)
    return exchange
  }

  private walk(
    direction: 0 | 1,
    stream: Stream,
    bytes: Uint8Array,
    start: number,
    end: number,
    frame: number,
    time: number,
  ): void {
    if (this.tls !== null && stream.tls !== null) {
      stream.tls.feed(this.tls, bytes, start, end, frame, time)
    } else if (this.http !== null && stream.http !== null) {
      this.http.now = time
      stream.http.feed(this.http, bytes, start, end)
    } else if (this.h2 !== null && isH2(stream)) {
      this.h2.feed(direction, bytes, start, end, frame, time)
    }
  }

  /** Gives up finding out what a stream is. */
  private give(stream: Stream): void {
    if (stream.proxy === null) stream.first = KIND_OTHER
    stream.kind = KIND_OTHER
    stream.lostPlace = true
    stream.prefix = null
    stream.prefixLength = 0
  }
}

function isH2(stream: Stream): boolean {
  return stream.kind === KIND_H2 || stream.kind === KIND_H2_SETTINGS
}

function speaksAsClient(stream: Stream): boolean {
  return stream.kind === KIND_H2 || stream.first === KIND_PROXY_V1 || stream.first === KIND_PROXY_V2
}

function firstOf(stream: Stream, tls: TlsSession | null): FirstBytes {
  if (!stream.begun) return 'none'
  if (stream.missed) return 'not-captured'
  if (stream.first === KIND_TLS_MAYBE && (tls === null || stream.tls?.refuted)) return 'other'
  return firstBytesName(stream.first)
}

function lostPlace(stream: Stream, tls: TlsSession | null): boolean {
  if (stream.tls !== null && tls !== null && stream.tls.lost) return true
  return stream.lostPlace || stream.http?.lostPlace === true
}
