import { isConnect, isMethodByte } from './first-bytes.ts'
import { HeldText } from './printable.ts'
import { bytesHash } from './text-hash.ts'

/** How many characters of a request line and of a header's value are kept. */
const TEXT_LIMIT = 200
/** A UUID has 36; what is longer is told apart by its hash all the same. */
const ID_LIMIT = 64

/** The head of one message as far as it was read: only what frames the message and what a report names. */
export class Http1Head {
  /** Request line without query, Host and Server as they were last seen on this direction. */
  readonly requestLine = new HeldText(TEXT_LIMIT)
  readonly host = new HeldText(TEXT_LIMIT)
  readonly server = new HeldText(TEXT_LIMIT)
  readonly requestId = new HeldText(ID_LIMIT)
  /** Hashes of this message's `x-request-id` and of the trace id in its `traceparent`; 0 for none. */
  requestIdHash = 0
  traceIdHash = 0
  status = 0
  /** The last status that was not interim, 0 for none. */
  finalStatus = 0
  isHead = false
  isConnect = false
  /** -1 for none, NaN for one that says nothing usable. */
  contentLength = -1
  /** A Transfer-Encoding was given; `chunked` when chunked is its last coding. */
  transferEncoding = false
  chunked = false
  close = false
  keepAlive = false
  version10 = false
  /** An `x-envoy-upstream-service-time` was given: an upstream of Envoy's made this answer. */
  fromUpstream = false

  /** The status ends its exchange: not 1xx, but for the 101 that ends HTTP/1. */
  get isFinal(): boolean {
    return this.status >= 200 || this.status === 101
  }

  /** No message yet; nothing is left of an earlier connection. */
  begin(): void {
    this.requestLine.clear()
    this.host.clear()
    this.server.clear()
    this.requestId.clear()
    this.status = 0
    this.finalStatus = 0
    this.beginMessage()
  }

  /** Forgets what framed the message before; names stay until they are said again. */
  beginMessage(): void {
    this.requestIdHash = 0
    this.traceIdHash = 0
    this.contentLength = -1
    this.transferEncoding = false
    this.chunked = false
    this.close = false
    this.keepAlive = false
    this.isHead = false
    this.isConnect = false
    this.version10 = false
    this.fromUpstream = false
  }

  /** A request line in bytes[start, end) (RFC 9112 §3); false when it is none. */
  readRequestLine(bytes: Uint8Array, start: number, end: number, isCut: boolean): boolean {
    let methodEnd = start
    while (methodEnd < end && isMethodByte(bytes[methodEnd]!)) methodEnd++
    if (methodEnd === start || methodEnd - start > 24 || bytes[methodEnd] !== SPACE) return false
    let targetEnd = methodEnd + 1
    while (targetEnd < end && bytes[targetEnd] !== SPACE) targetEnd++
    if (targetEnd === methodEnd + 1) return false
    if (!isCut) {
      if (targetEnd + 9 !== end || !isHttp1(bytes, targetEnd + 1)) return false
      this.version10 = bytes[targetEnd + 8] === 0x30
    }
    let textEnd = methodEnd + 1
    while (textEnd < targetEnd && bytes[textEnd] !== QUERY && bytes[textEnd] !== FRAGMENT) textEnd++
    this.requestLine.set(bytes, start, textEnd)
    this.isHead = methodEnd - start === 4 && isWord(bytes, start, methodEnd, HEAD)
    this.isConnect = isConnect(bytes, start, methodEnd - start)
    return true
  }

  /** A status line in bytes[start, end) (RFC 9112 §4); false when it is none. */
  readStatusLine(bytes: Uint8Array, start: number, end: number): boolean {
    if (end - start < 12 || !isHttp1(bytes, start) || bytes[start + 8] !== SPACE) return false
    let status = 0
    for (let at = start + 9; at < start + 12; at++) {
      const digit = bytes[at]! - 0x30
      if (digit < 0 || digit > 9) return false
      status = status * 10 + digit
    }
    if (status < 100 || (end > start + 12 && bytes[start + 12] !== SPACE)) return false
    this.version10 = bytes[start + 7] === 0x30
    this.status = status
    if (this.isFinal) this.finalStatus = status
    return true
  }

  /** One header line without its line end; those that frame nothing and name nobody are passed over. */
  readField(bytes: Uint8Array, start: number, end: number): void {
    const initial = bytes[start]! | 0x20
    // c, t, h, s, x
    if (initial !== 0x63 && initial !== 0x74 && initial !== 0x68 && initial !== 0x73) {
      if (initial !== 0x78) return
    }
    let colon = start
    while (colon < end && colon - start <= LONGEST_NAME && bytes[colon] !== COLON) colon++
    if (colon === end || bytes[colon] !== COLON) return
    let from = colon + 1
    let to = end
    while (from < to && isBlank(bytes[from]!)) from++
    while (to > from && isBlank(bytes[to - 1]!)) to--
    if (isWord(bytes, start, colon, CONTENT_LENGTH)) this.readLength(bytes, from, to)
    else if (isWord(bytes, start, colon, TRANSFER_ENCODING)) {
      this.transferEncoding = true
      this.chunked = isWord(bytes, lastElement(bytes, from, to), to, CHUNKED)
    } else if (isWord(bytes, start, colon, CONNECTION)) this.readConnection(bytes, from, to)
    else if (isWord(bytes, start, colon, HOST)) {
      this.host.set(bytes, from, to)
    } else if (isWord(bytes, start, colon, SERVER)) {
      this.server.set(bytes, from, to)
    } else if (isWord(bytes, start, colon, X_REQUEST_ID) && to > from) {
      this.requestId.set(bytes, from, to)
      this.requestIdHash = bytesHash(bytes, from, to)
    } else if (isWord(bytes, start, colon, X_ENVOY_UPSTREAM_TIME)) this.fromUpstream = true
    else if (isWord(bytes, start, colon, TRACEPARENT)) this.readTraceParent(bytes, from, to)
  }

  /** `00-` and 32 digits: the trace id, which all spans share; the span's own id behind it changes at each hop. */
  private readTraceParent(bytes: Uint8Array, from: number, to: number): void {
    if (to - from < TRACE_ID_END || bytes[from + 2] !== HYPHEN) return
    this.traceIdHash = bytesHash(bytes, from + TRACE_ID_START, from + TRACE_ID_END)
  }

  private readLength(bytes: Uint8Array, from: number, to: number): void {
    // RFC 9110 §8.6: a list of the same value may be taken as that value.
    let at = from
    while (at < to) {
      let value = 0
      let digits = 0
      while (at < to && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) {
        value = value * 10 + bytes[at]! - 0x30
        digits++
        at++
      }
      const usable = digits > 0 && value <= Number.MAX_SAFE_INTEGER
      const agrees = this.contentLength === -1 || this.contentLength === value
      this.contentLength = usable && agrees ? value : Number.NaN
      while (at < to && (isBlank(bytes[at]!) || bytes[at] === COMMA)) at++
      if (!usable) return
    }
  }

  private readConnection(bytes: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to) {
      let stop = at
      while (stop < to && bytes[stop] !== COMMA) stop++
      let last = stop
      while (last > at && isBlank(bytes[last - 1]!)) last--
      if (isWord(bytes, at, last, CLOSE)) this.close = true
      else if (isWord(bytes, at, last, KEEP_ALIVE)) this.keepAlive = true
      at = stop + 1
      while (at < to && isBlank(bytes[at]!)) at++
    }
  }
}

const SPACE = 0x20
const QUERY = 0x3f
const FRAGMENT = 0x23
const COLON = 0x3a
const COMMA = 0x2c
const HYPHEN = 0x2d
const TRACE_ID_START = 3
const TRACE_ID_END = 35

const lower = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const HEAD = lower('head')
const CONTENT_LENGTH = lower('content-length')
const TRANSFER_ENCODING = lower('transfer-encoding')
const CONNECTION = lower('connection')
const HOST = lower('host')
const SERVER = lower('server')
const X_REQUEST_ID = lower('x-request-id')
const TRACEPARENT = lower('traceparent')
const X_ENVOY_UPSTREAM_TIME = lower('x-envoy-upstream-service-time')
const LONGEST_NAME = X_ENVOY_UPSTREAM_TIME.length
const CHUNKED = lower('chunked')
const CLOSE = lower('close')
const KEEP_ALIVE = lower('keep-alive')

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x09
}

/** "HTTP/1." and a digit. */
function isHttp1(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === 0x48 &&
    bytes[at + 1] === 0x54 &&
    bytes[at + 2] === 0x54 &&
    bytes[at + 3] === 0x50 &&
    bytes[at + 4] === 0x2f &&
    bytes[at + 5] === 0x31 &&
    bytes[at + 6] === 0x2e &&
    (bytes[at + 7] === 0x30 || bytes[at + 7] === 0x31)
  )
}

/** Whether bytes[start, end) is the lower-case word, in any case. */
function isWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false
  for (let index = 0; index < word.length; index++) {
    const byte = bytes[start + index]!
    const folded = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (folded !== word[index]) return false
  }
  return true
}

/** Where the last element of a comma-separated list begins. */
function lastElement(bytes: Uint8Array, from: number, to: number): number {
  let at = to
  while (at > from && bytes[at - 1] !== COMMA) at--
  while (at < to && isBlank(bytes[at]!)) at++
  return at
}
