import type { Http1Head } from './http1-head.ts'
import { Http1Messages } from './http1-messages.ts'
import type { HttpSummary } from './summary.ts'

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
    return false
  }

  /** A response's head is complete; true when it has no body whatever it says (RFC 9112 §6.3). */
  response(head: Http1Head): boolean {
    const { status } = head
    if (!head.isFinal) return true
    this.persistence(head)
    const answersHead = (this.headBits & 1) === 1
    const answersConnect = (this.connectBits & 1) === 1
    this.headBits >>>= 1
    this.connectBits >>>= 1
    this.owed--
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
    return {
      requests: requests.messages,
      responses: responses.messages,
      lastStatus: responses.head.finalStatus || null,
      lastRequestLine: requests.head.requestLine,
      host: requests.head.host,
      server: responses.head.server,
      clientState: requests.summaryState,
      upstreamState: responses.summaryState,
      requestMissing: requests.missing,
      responseMissing: responses.missing,
      connectionClose: this.connectionClose,
    }
  }
}
