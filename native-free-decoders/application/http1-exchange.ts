import type { Http1Head } from './http1-head.ts'
import { Http1Messages } from './http1-messages.ts'
import { RequestMarks } from './request-marks.ts'
import type { HttpSummary } from './summary.ts'
import { textBytesHash } from './text-hash.ts'
import type { WalkerParts } from './walker-parts.ts'

/** Requests awaiting their response whose method is remembered; pipelines are shorter. */
const REMEMBERED = 30

/** Both directions of an HTTP/1 connection: which response answers what, and when it stops being HTTP/1. */
export class Http1Exchange {
  /** The direction that sends requests. */
  client: 0 | 1 = 0
  readonly parts: WalkerParts
  readonly requests = new Http1Messages(true)
  readonly responses = new Http1Messages(false)
  /** CONNECT or Upgrade succeeded. */
  tunnel = false
  /** Time of the frame whose bytes are read. */
  now = 0
  private readonly marks = new RequestMarks()
  private localReply: HttpSummary['localReply'] = null
  /** Final responses that answer nothing that was seen: to what was asked before the capture, or to nothing (408). */
  private unasked = 0
  private connectionClose = false
  /** Requests without a final response; negative where responses came before the end of their request's head. */
  private owed = 0
  /** Bit n: the n-th oldest of them is HEAD, or CONNECT. */
  private headBits = 0
  private connectBits = 0

  constructor(parts: WalkerParts) {
    this.parts = parts
  }

  /** Begins with the first message of either direction; nothing is left of an earlier connection. */
  begin(client: 0 | 1): void {
    this.client = client
    this.requests.begin()
    this.responses.begin()
    this.tunnel = false
    this.now = 0
    this.marks.begin()
    this.localReply = null
    this.unasked = 0
    this.connectionClose = false
    this.owed = 0
    this.headBits = 0
    this.connectBits = 0
  }

  /** Gives itself and its parts back: nobody may use it any more. */
  end(): void {
    this.requests.endLine(this.parts)
    this.responses.endLine(this.parts)
    this.parts.exchanges.give(this)
  }

  /** A request's head is complete; true when it can have no body. */
  request(head: Http1Head): boolean {
    this.persistence(head)
    if (this.owed >= 0 && this.owed < REMEMBERED) {
      if (head.isHead) this.headBits |= 1 << this.owed
      if (head.isConnect) this.connectBits |= 1 << this.owed
    }
    this.owed++
    this.mark(head)
    return false
  }

  private mark(head: Http1Head): void {
    const { requestLine, requestIdHash, traceIdHash } = head
    const line = requestLine.isSet ? textBytesHash(requestLine.bytes, requestLine.length) : 0
    this.marks.add(this.now, line, requestIdHash, traceIdHash)
    // An error may be answered before the head that it answers is complete.
    const { messages } = this.requests
    if (this.responses.messages - this.unasked >= messages) this.answer(messages - 1)
  }

  /** The head of the last final response answers the request of this number. */
  private answer(number: number): void {
    // After a gap nobody knows which request is answered.
    if (this.requests.lostPlace || this.responses.lostPlace) return
    const { head } = this.responses
    this.marks.answer(number, this.now, head.finalStatus, head.requestIdHash)
  }

  /** A response's head is complete; true when it has no body whatever it says (RFC 9112 §6.3). */
  response(head: Http1Head): boolean {
    const { status } = head
    if (!head.isFinal) return true
    this.persistence(head)
    if (status >= 500 && isLocalReply(head)) {
      const count = (this.localReply?.count ?? 0) + 1
      this.localReply = {
        count,
        status,
        length: head.contentLength >= 0 ? head.contentLength : null,
      }
    }
    const answersHead = (this.headBits & 1) === 1
    const answersConnect = (this.connectBits & 1) === 1
    this.headBits >>>= 1
    this.connectBits >>>= 1
    this.owed--
    const answered = this.responses.messages - this.unasked
    if (answered > this.requests.messages && this.requests.summaryState !== 'in-head') {
      this.unasked++
    }
    const number = this.responses.messages - this.unasked - 1
    if (this.marks.isOpen(number)) this.answer(number)
    if (status === 101 || (answersConnect && status < 300)) {
      this.tunnel = true
      this.requests.becomeTunnel(this.parts)
      return true
    }
    if (answersConnect) this.requests.continueAfterRefusal()
    return answersHead || status === 204 || status === 304
  }

  private persistence(head: Http1Head): void {
    if (head.close || (head.version10 && !head.keepAlive)) this.connectionClose = true
  }

  /** What both directions came to, written into `to`. */
  summary(to: HttpSummary): HttpSummary {
    const { requests, responses, marks } = this
    to.requests = requests.messages
    to.responses = responses.messages
    to.lastStatus = responses.head.finalStatus || null
    to.lastRequestLine = requests.head.requestLine.text
    to.lastRequestId = requests.head.requestId.text
    to.host = requests.head.host.text
    to.server = responses.head.server.text
    to.marks = marks.isPlain ? [] : marks.list()
    to.localReply = this.localReply
    to.clientState = requests.summaryState
    to.upstreamState = responses.summaryState
    to.requestMissing = requests.missing
    to.responseMissing = responses.missing
    to.connectionClose = this.connectionClose
    return to
  }
}

/**
 * An error that Envoy made itself: it puts its name on every response, and the upstream's time on those of an upstream
 * (Envoy: HTTP header manipulation, `server` and `x-envoy-upstream-service-time`).
 */
function isLocalReply({ server, fromUpstream }: Http1Head): boolean {
  return !fromUpstream && (server.is('envoy') || server.is('istio-envoy'))
}
