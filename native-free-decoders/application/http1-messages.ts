import type { HeldBytes } from './held-bytes.ts'
import type { Http1Exchange } from './http1-exchange.ts'
import { Http1Head } from './http1-head.ts'
import type { HttpState } from './summary.ts'
import type { WalkerParts } from './walker-parts.ts'

type State = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10
const START_LINE = 0
const FIELDS = 1
const BODY = 2
const CHUNK_SIZE = 3
const CHUNK_DATA = 4
const CHUNK_END = 5
const TRAILERS = 6
const UNTIL_CLOSE = 7
/** After CONNECT: what the client sends is the tunnel's, if the answer opens one. */
const AWAITING_TUNNEL = 8
/** The place was lost in a gap; the next bytes are tried as the start of a message. */
const AFTER_GAP = 9
const LOST = 10

/** Bytes of a line that are held while it is split; the rest of a longer line is counted only. */
export const LINE_LIMIT = 2048
const LF = 0x0a
const CR = 0x0d

/** Walks the HTTP/1 messages of one direction (RFC 9112): lines are read, bodies are counted. */
export class Http1Messages {
  readonly head = new Http1Head()
  /** Heads of requests, or of final responses, that were complete. */
  messages = 0
  /** A gap or bytes that are no HTTP made the walk lose its place, at least once. */
  lostPlace = false
  private readonly isRequests: boolean
  private state: State = START_LINE
  private begun = false
  private remaining = 0
  /** The line under way, where it is split. */
  private line: HeldBytes | null = null

  constructor(isRequests: boolean) {
    this.isRequests = isRequests
  }

  /** Begins with the first byte of a direction; nothing is left of what it walked before. */
  begin(): void {
    this.head.begin()
    this.messages = 0
    this.lostPlace = false
    this.state = START_LINE
    this.begun = false
    this.remaining = 0
    this.line = null
  }

  /** Gives back what is held of a line. */
  endLine({ lines }: WalkerParts): void {
    if (this.line !== null) lines.give(this.line)
    this.line = null
  }

  feed(exchange: Http1Exchange, bytes: Uint8Array, start: number, end: number): void {
    if (start < end) this.begun = true
    let at = start
    while (at < end) {
      switch (this.state) {
        case LOST:
        case UNTIL_CLOSE:
        case AWAITING_TUNNEL:
          return
        case BODY:
        case CHUNK_DATA: {
          const taken = Math.min(this.remaining, end - at)
          this.remaining -= taken
          at += taken
          if (this.remaining === 0) this.state = this.state === BODY ? START_LINE : CHUNK_END
          break
        }
        default:
          at = this.takeLine(exchange, bytes, at, end)
      }
    }
  }

  /** Bytes that were sent but not captured. */
  skip(exchange: Http1Exchange, length: number): void {
    if (length === 0) return
    this.begun = true
    if (this.state === UNTIL_CLOSE || this.state === AWAITING_TUNNEL) return
    if ((this.state === BODY || this.state === CHUNK_DATA) && length <= this.remaining) {
      this.remaining -= length
      if (this.remaining === 0) this.state = this.state === BODY ? START_LINE : CHUNK_END
      return
    }
    // A head that runs into a gap was sent all the same; how its body is framed is unknown.
    if (this.state === FIELDS) this.countHead(exchange)
    if (!exchange.tunnel) this.lose(exchange, AFTER_GAP)
    else this.becomeTunnel(exchange.parts)
  }

  /** The other direction opened a tunnel: nothing after this is HTTP/1. */
  becomeTunnel(parts: WalkerParts): void {
    this.state = UNTIL_CLOSE
    this.endLine(parts)
  }

  /** The answer to a CONNECT was a refusal: requests go on. */
  continueAfterRefusal(): void {
    if (this.state === AWAITING_TUNNEL) this.state = START_LINE
  }

  get summaryState(): HttpState {
    if (!this.begun) return 'nothing'
    switch (this.state) {
      case START_LINE:
        return this.line !== null ? 'in-head' : 'between-messages'
      case FIELDS:
        return 'in-head'
      case BODY:
      case CHUNK_SIZE:
      case CHUNK_DATA:
      case CHUNK_END:
      case TRAILERS:
        return 'in-body'
      case UNTIL_CLOSE:
        return 'until-close'
      case AWAITING_TUNNEL:
        return 'between-messages'
      default:
        return 'lost'
    }
  }

  /** Body bytes that a message under way lacks by its Content-Length, else null. */
  get missing(): number | null {
    return this.state === BODY ? this.remaining : null
  }

  private takeLine(exchange: Http1Exchange, bytes: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end && bytes[at] !== LF) at++
    const isWhole = at < end
    if (this.line === null && isWhole) {
      this.readLine(exchange, bytes, start, Math.min(at, start + LINE_LIMIT), at - start)
      return at + 1
    }
    const line = this.line ?? beginLine(exchange)
    line.append(bytes, start, at)
    if (!isWhole) {
      this.line = line
      return at
    }
    this.line = null
    this.readLine(exchange, line.bytes, 0, line.kept, line.length)
    exchange.parts.lines.give(line)
    return at + 1
  }

  /** A line of `length` bytes, of which bytes[start, end) are at hand. */
  private readLine(
    exchange: Http1Exchange,
    bytes: Uint8Array,
    start: number,
    end: number,
    length: number,
  ): void {
    const isCut = length > LINE_LIMIT
    const stop = !isCut && end > start && bytes[end - 1] === CR ? end - 1 : end
    switch (this.state) {
      case FIELDS:
        if (stop === start) this.endHead(exchange)
        else if (!isCut) this.head.readField(bytes, start, stop)
        return
      case CHUNK_SIZE:
        this.readChunkSize(exchange, bytes, start, stop)
        return
      case CHUNK_END:
        if (stop === start) this.state = CHUNK_SIZE
        else this.lose(exchange, LOST)
        return
      case TRAILERS:
        if (stop === start) this.state = START_LINE
        return
      default:
        this.readStartLine(exchange, bytes, start, stop, isCut)
    }
  }

  private readStartLine(
    exchange: Http1Exchange,
    bytes: Uint8Array,
    start: number,
    stop: number,
    isCut: boolean,
  ): void {
    // RFC 9112 §2.2: empty lines before a request are to be ignored.
    if (stop === start && this.state === START_LINE) return
    this.head.beginMessage()
    const isValid = this.isRequests
      ? this.head.readRequestLine(bytes, start, stop, isCut)
      : this.head.readStatusLine(bytes, start, stop)
    if (isValid) this.state = FIELDS
    else this.lose(exchange, LOST)
  }

  private endHead(exchange: Http1Exchange): void {
    const { head } = this
    const hasNoBody = this.countHead(exchange)
    if (this.isRequests && head.isConnect) this.state = AWAITING_TUNNEL
    else if (exchange.tunnel) this.state = UNTIL_CLOSE
    else if (hasNoBody) this.state = START_LINE
    else if (head.chunked) this.state = CHUNK_SIZE
    else if (head.transferEncoding && this.isRequests) this.lose(exchange, LOST)
    else if (!head.transferEncoding && Number.isNaN(head.contentLength)) this.lose(exchange, LOST)
    else if (!head.transferEncoding && head.contentLength >= 0) {
      this.remaining = head.contentLength
      this.state = this.remaining === 0 ? START_LINE : BODY
    } else this.state = this.isRequests ? START_LINE : UNTIL_CLOSE
  }

  private countHead(exchange: Http1Exchange): boolean {
    const { head } = this
    if (this.isRequests || head.isFinal) this.messages++
    return this.isRequests ? exchange.request(head) : exchange.response(head)
  }

  private readChunkSize(
    exchange: Http1Exchange,
    bytes: Uint8Array,
    start: number,
    stop: number,
  ): void {
    let size = 0
    let at = start
    for (; at < stop; at++) {
      const digit = hexDigit(bytes[at]!)
      if (digit < 0) break
      size = size * 16 + digit
    }
    const isSize = at > start && (at === stop || !isTokenByte(bytes[at]!))
    if (!isSize || size > Number.MAX_SAFE_INTEGER) {
      this.lose(exchange, LOST)
      return
    }
    this.remaining = size
    this.state = size === 0 ? TRAILERS : CHUNK_DATA
  }

  private lose({ parts }: Http1Exchange, state: typeof LOST | typeof AFTER_GAP): void {
    this.state = state
    this.lostPlace = true
    this.endLine(parts)
    this.remaining = 0
  }
}

function beginLine({ parts }: Http1Exchange): HeldBytes {
  const line = parts.lines.take()
  line.clear()
  return line
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** What may follow a chunk size is blank or the semicolon of an extension. */
function isTokenByte(byte: number): boolean {
  return byte !== 0x20 && byte !== 0x09 && byte !== 0x3b
}
