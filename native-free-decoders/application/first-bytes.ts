import type { FirstBytes } from './summary.ts'

/** What a direction's first bytes were found to be; KIND_PENDING asks for more bytes. */
export type Kind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14
export const KIND_PENDING = 0
export const KIND_TLS = 1
/** A record header that random bytes could imitate: a second one has to confirm it. */
export const KIND_TLS_MAYBE = 2
/** A ClientHello in the format of SSL 2.0 (RFC 5246 appendix E.2). */
export const KIND_TLS_V2_HELLO = 3
export const KIND_HTTP_REQUEST = 4
export const KIND_HTTP_RESPONSE = 5
export const KIND_H2 = 6
export const KIND_PROXY_V1 = 7
export const KIND_PROXY_V2 = 8
export const KIND_SSH = 9
export const KIND_MYSQL = 10
export const KIND_REDIS = 11
export const KIND_GREETING = 12
/** The SETTINGS frame that an HTTP/2 server sends first. */
export const KIND_H2_SETTINGS = 13
export const KIND_OTHER = 14

/** With so many bytes the answer is never KIND_PENDING. */
export const FIRST_BYTES_NEEDED = 24

/** 2¹⁴ and the expansion that TLS 1.2 allows (RFC 5246 §6.2.3). */
export const RECORD_LIMIT = 16384 + 2048

type Match = 0 | 1 | 2
const NO = 0
const PARTLY = 1
const YES = 2

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

const PREFIXES: ReadonlyArray<readonly [Kind, Uint8Array]> = [
  [KIND_H2, ascii('PRI * HTTP/2.0\r\n')],
  [KIND_PROXY_V1, ascii('PROXY ')],
  [KIND_PROXY_V2, ascii('\r\n\r\n\0\r\nQUIT\n')],
  [KIND_HTTP_RESPONSE, ascii('HTTP/1.')],
  [KIND_SSH, ascii('SSH-')],
  // SMTP and FTP, POP3, IMAP.
  [KIND_GREETING, ascii('220 ')],
  [KIND_GREETING, ascii('220-')],
  [KIND_GREETING, ascii('+OK')],
  [KIND_GREETING, ascii('* OK')],
]

/** What bytes[start, end) begin with, when they are the first that a direction sent. */
export function classifyFirstBytes(bytes: Uint8Array, start: number, end: number): Kind {
  const length = end - start
  if (length <= 0) return KIND_PENDING
  const first = bytes[start]!
  let pending = false
  if (first >= 20 && first <= 23) {
    const kind = tlsKind(bytes, start, length)
    if (kind === KIND_PENDING) pending = true
    else if (kind !== KIND_OTHER) return kind
  }
  if (first & 0x80) {
    const match = sslv2Hello(bytes, start, length)
    if (match === YES) return KIND_TLS_V2_HELLO
    if (match === PARTLY) pending = true
  }
  for (const [kind, prefix] of PREFIXES) {
    const match = startsWith(bytes, start, length, prefix)
    if (match === YES) return kind
    if (match === PARTLY) pending = true
  }
  const request = requestStart(bytes, start, length)
  // "PRI *" may still become the HTTP/2 preface.
  if (request === YES) return pending ? KIND_PENDING : KIND_HTTP_REQUEST
  const mysql = mysqlGreeting(bytes, start, length)
  if (mysql === YES) return KIND_MYSQL
  const settings = h2Settings(bytes, start, length)
  if (settings === YES) return KIND_H2_SETTINGS
  const redis = redisCommand(bytes, start, length)
  if (redis === YES) return KIND_REDIS
  const partly = request === PARTLY || mysql === PARTLY || settings === PARTLY || redis === PARTLY
  if (partly) pending = true
  return pending && length < FIRST_BYTES_NEEDED ? KIND_PENDING : KIND_OTHER
}

function startsWith(bytes: Uint8Array, start: number, length: number, prefix: Uint8Array): Match {
  const compared = Math.min(length, prefix.length)
  for (let index = 0; index < compared; index++) {
    if (bytes[start + index] !== prefix[index]) return NO
  }
  return compared === prefix.length ? YES : PARTLY
}

/** A TLS record header with enough of its body to tell a hello, an alert or a ChangeCipherSpec. */
function tlsKind(bytes: Uint8Array, start: number, length: number): Kind {
  if (length < 5) {
    return (length > 1 && bytes[start + 1] !== 3) || (length > 2 && bytes[start + 2]! > 4)
      ? KIND_OTHER
      : KIND_PENDING
  }
  if (bytes[start + 1] !== 3 || bytes[start + 2]! > 4) return KIND_OTHER
  const size = bytes[start + 3]! * 256 + bytes[start + 4]!
  if (size === 0 || size > RECORD_LIMIT) return KIND_OTHER
  if (bytes[start] === 23) return KIND_TLS_MAYBE
  if (bytes[start] === 21 && size !== 2) return size < 256 ? KIND_TLS_MAYBE : KIND_OTHER
  if (length < 6) return KIND_PENDING
  const body = bytes[start + 5]!
  if (bytes[start] === 20) return size === 1 && body === 1 ? KIND_TLS : KIND_OTHER
  if (bytes[start] === 21) return body === 1 || body === 2 ? KIND_TLS : KIND_OTHER
  return (body === 1 || body === 2) && size >= 4 ? KIND_TLS : KIND_TLS_MAYBE
}

/** Length, type 1, version, and the three inner lengths that have to add up. */
function sslv2Hello(bytes: Uint8Array, start: number, length: number): Match {
  if (length > 2 && bytes[start + 2] !== 1) return NO
  if (length > 3 && bytes[start + 3] !== 3 && bytes[start + 3] !== 0) return NO
  if (length < 11) return PARTLY
  const size = (bytes[start]! & 0x7f) * 256 + bytes[start + 1]!
  const ciphers = bytes[start + 5]! * 256 + bytes[start + 6]!
  const session = bytes[start + 7]! * 256 + bytes[start + 8]!
  const challenge = bytes[start + 9]! * 256 + bytes[start + 10]!
  return ciphers % 3 === 0 && ciphers > 0 && size === 9 + ciphers + session + challenge ? YES : NO
}

/** A method of capitals, then a target in origin, absolute or asterisk form; CONNECT takes an authority. */
function requestStart(bytes: Uint8Array, start: number, length: number): Match {
  let at = 0
  while (at < length && isMethodByte(bytes[start + at]!)) at++
  if (at > 20 || (at < 3 && at < length)) return NO
  if (at + 1 >= length) return at === length || bytes[start + at] === 0x20 ? PARTLY : NO
  if (bytes[start + at] !== 0x20) return NO
  const target = bytes[start + at + 1]!
  if (target === 0x2f || target === 0x2a) return YES
  if (isConnect(bytes, start, at)) return target > 0x20 && target < 0x7f ? YES : NO
  return startsWith(bytes, start + at + 1, length - at - 1, HTTP_SCHEME)
}

const HTTP_SCHEME = ascii('http')
const CONNECT = ascii('CONNECT')

/** Whether a method of `length` bytes is CONNECT. */
export function isConnect(bytes: Uint8Array, start: number, length: number): boolean {
  return length === CONNECT.length && startsWith(bytes, start, length, CONNECT) === YES
}

/** Methods that are in use are capitals and hyphens (VERSION-CONTROL, M-SEARCH). */
export function isMethodByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d
}

/** Packet length, sequence 0, protocol 10, a version that starts with a digit (MySQL, MariaDB). */
function mysqlGreeting(bytes: Uint8Array, start: number, length: number): Match {
  if (length > 2 && bytes[start + 2] !== 0) return NO
  if (length > 3 && bytes[start + 3] !== 0) return NO
  if (length > 4 && bytes[start + 4] !== 0x0a) return NO
  if (length < 6) return PARTLY
  return bytes[start + 5]! >= 0x30 && bytes[start + 5]! <= 0x39 ? YES : NO
}

/** Whole six-byte settings, type 4, no flags, stream 0 (RFC 9113 §6.5). */
function h2Settings(bytes: Uint8Array, start: number, length: number): Match {
  if (bytes[start] !== 0) return NO
  if (length > 3 && bytes[start + 3] !== 4) return NO
  for (let index = 4; index < 9 && index < length; index++) {
    if (bytes[start + index] !== 0) return NO
  }
  if (length < 9) return PARTLY
  return (bytes[start + 1]! * 256 + bytes[start + 2]!) % 6 === 0 ? YES : NO
}

/** RESP array of bulk strings: `*2\r\n$`. */
function redisCommand(bytes: Uint8Array, start: number, length: number): Match {
  if (bytes[start] !== 0x2a) return NO
  let at = 1
  while (at < length && at < 8 && bytes[start + at]! >= 0x30 && bytes[start + at]! <= 0x39) at++
  if (at === length) return PARTLY
  return at > 1 ? startsWith(bytes, start + at, length - at, BULK) : NO
}

const BULK = ascii('\r\n$')

const NAMES: readonly FirstBytes[] = [
  'other',
  'tls',
  'tls',
  'tls',
  'http-request',
  'http-response',
  'h2-preface',
  'proxy-v1',
  'proxy-v2',
  'ssh',
  'mysql',
  'redis',
  'greeting',
  'h2-settings',
  'other',
]

/** The name that a summary gives to a kind; an undecided start is "other". */
export function firstBytesName(kind: Kind): FirstBytes {
  return NAMES[kind]!
}
