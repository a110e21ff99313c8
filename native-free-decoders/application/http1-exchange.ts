import type { Http1Head } from './http1-head.ts'
import { Http1Messages } from './http1-messages.ts'
import { RequestMarks } from './request-marks.ts'
import type { HttpSummary, RequestMark } from './summary.ts'
import { textHash } from './text-hash.ts'

/** Requests awaiting their response whose method is remembered; pipelines are shorter. */
const REMEMBERED = 30

/** Both directions of an HTTP/1 connection: which response answers what, and when it stops being HTTP/1. */
export class Http1Exchange {
  /** The direction that sends requests. */
  readonly client: 0 | 1
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

  constructor(client: 0 | 1) {
    this.client = client
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
    const mark: RequestMark = {
      time: this.now,
      line: requestLine === null ? 0 : textHash(requestLine),
      requestId: requestIdHash,
      traceId: traceIdHash,
      status: 0,
      answered: null,
    }
    this.marks.add(mark)
    // An error may be answered before the head that it answers is complete.
    if (this.responses.messages - this.unasked >= this.requests.messages) this.answer(mark)
  }

  /** The head of the last final response answers this request. */
  private answer(mark: RequestMark): void {
    // After a gap nobody knows which request is answered.
    if (this.requests.lostPlace || this.responses.lostPlace) return
    const { head } = this.responses
    mark.status = head.finalStatus
    mark.answered = this.now
    if (mark.requestId === 0) mark.requestId = head.requestIdHash
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
    const mark = this.marks.of(this.responses.messages - this.unasked - 1)
    if (mark !== null && mark.answered === null) this.answer(mark)
    if (status === 101 || (answersConnect && status < 300)) {
      this.tunnel = true
      this.requests.becomeTunnel()
      return true
    }
    if (answersConnect) this.requests.continueAfterRefusal()
    return answersHead || status === 204 || status === 304
  }

  private persistence(head: Http1Head): void {
    if (head.close || (head.version10 && !head.keepAlive)) this.connectionClose = true
  }

  /** What both directions came to. */
  summary(): HttpSummary {
    const { requests, responses } = this
    const marks = this.marks.list()
    const [only] = marks
    const isPlain = marks.length === 1 && only!.requestId === 0 && only!.traceId === 0
    return {
      requests: requests.messages,
      responses: responses.messages,
      lastStatus: responses.head.finalStatus || null,
      lastRequestLine: requests.head.requestLine,
      lastRequestId: requests.head.requestId,
      host: requests.head.host,
      server: responses.head.server,
      marks: isPlain ? [] : marks,
      localReply: this.localReply,
      clientState: requests.summaryState,
      upstreamState: responses.summaryState,
      requestMissing: requests.missing,
      responseMissing: responses.missing,
      connectionClose: this.connectionClose,
    }
  }
}

/**
 * An error that Envoy made itself: it puts its name on every response, and the upstream's time on those of an upstream
 * (Envoy: HTTP header manipulation, `server` and `x-envoy-upstream-service-time`).
 */
function isLocalReply({ server, fromUpstream }: Http1Head): boolean {
  return !fromUpstream && (server === 'envoy' || server === 'istio-envoy')
}
