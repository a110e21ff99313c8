import { printable } from './printable.ts'

/** What a ClientHello offers. A hello that was cut gives what lies before the cut. */
export interface ClientHello {
  /** The highest version offered, as on the wire (0x0303 is TLS 1.2); 0 when it was cut. */
  version: number
  sni: string | null
  alpn: string[]
  earlyData: boolean
  /** All extensions were there to be read. */
  complete: boolean
}

/** What a ServerHello chose. */
export interface ServerHello {
  /** The version negotiated; 0 when the hello was cut before it could be known. */
  version: number
  cipher: number
  helloRetry: boolean
  /** The server took a pre-shared key, so it asks for no certificate (RFC 8446 §4.3.2). */
  preSharedKey: boolean
  alpn: string | null
}

export const TLS_1_3 = 0x0304
const EXTENSION_SERVER_NAME = 0
const EXTENSION_ALPN = 16
const EXTENSION_PRE_SHARED_KEY = 41
const EXTENSION_EARLY_DATA = 42
const EXTENSION_SUPPORTED_VERSIONS = 43
const ALPN_LIMIT = 32

const u16 = (bytes: Uint8Array, at: number) => bytes[at]! * 256 + bytes[at + 1]!

/** The body of a ClientHello message (RFC 8446 §4.1.2) in bytes[start, end), whole or cut. */
export function readClientHello(bytes: Uint8Array, start: number, end: number): ClientHello {
  const hello: ClientHello = { version: 0, sni: null, alpn: [], earlyData: false, complete: false }
  if (end - start < 35) return hello
  const legacy = u16(bytes, start)
  let at = start + 35 + bytes[start + 34]!
  if (at + 2 > end) return hello
  at += 2 + u16(bytes, at)
  if (at + 1 > end) return hello
  at += 1 + bytes[at]!
  if (at >= end) {
    // No extensions at all: legal before TLS 1.3.
    hello.complete = at === end
    if (hello.complete) hello.version = legacy
    return hello
  }
  if (at + 2 > end) return hello
  const stop = at + 2 + u16(bytes, at)
  at += 2
  while (at + 4 <= end && at < stop) {
    const type = u16(bytes, at)
    const from = at + 4
    const to = from + u16(bytes, at + 2)
    clientExtension(hello, type, bytes, from, Math.min(to, end))
    at = to
  }
  hello.complete = at === stop && stop <= end
  if (hello.complete && hello.version === 0) hello.version = legacy
  return hello
}

function clientExtension(
  hello: ClientHello,
  type: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  if (type === EXTENSION_EARLY_DATA) hello.earlyData = true
  else if (type === EXTENSION_SERVER_NAME) {
    // One list of one entry of type host_name (RFC 6066 §3).
    if (from + 5 <= to && bytes[from + 2] === 0 && hello.sni === null) {
      const nameEnd = from + 5 + u16(bytes, from + 3)
      // A name that was cut is no name.
      if (nameEnd <= to) hello.sni = printable(bytes, from + 5, nameEnd, 255)
    }
  } else if (type === EXTENSION_ALPN) {
    let at = from + 2
    while (at < to && hello.alpn.length < ALPN_LIMIT) {
      const next = at + 1 + bytes[at]!
      if (next > to) break
      hello.alpn.push(printable(bytes, at + 1, next, 255))
      at = next
    }
  } else if (type === EXTENSION_SUPPORTED_VERSIONS) {
    for (let at = from + 1; at + 2 <= to; at += 2) {
      // Only real versions: GREASE values (RFC 8701) are larger.
      const version = u16(bytes, at)
      if (version <= TLS_1_3 && version > hello.version) hello.version = version
    }
  }
}

// SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3).
const RETRY_RANDOM = Uint8Array.of(
  ...[0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8],
  ...[0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8],
  ...[0x33, 0x9c],
)

/** The body of a ServerHello or HelloRetryRequest (RFC 8446 §4.1.3) in bytes[start, end), whole or cut. */
export function readServerHello(bytes: Uint8Array, start: number, end: number): ServerHello {
  const hello: ServerHello = {
    version: 0,
    cipher: 0,
    helloRetry: false,
    preSharedKey: false,
    alpn: null,
  }
  if (end - start < 34) return hello
  const legacy = u16(bytes, start)
  // Below TLS 1.2 there is no way to say 1.3.
  if (legacy !== 0x0303) hello.version = legacy
  let index = 0
  while (index < 32 && bytes[start + 2 + index] === RETRY_RANDOM[index]) index++
  hello.helloRetry = index === 32
  if (end - start < 38) return hello
  let at = start + 35 + bytes[start + 34]!
  if (at + 3 > end) return hello
  hello.cipher = u16(bytes, at)
  at += 3
  if (at + 2 > end) {
    if (at === end) hello.version = legacy
    return hello
  }
  const stop = at + 2 + u16(bytes, at)
  at += 2
  while (at + 4 <= end && at < stop) {
    const type = u16(bytes, at)
    const from = at + 4
    const to = from + u16(bytes, at + 2)
    if (type === EXTENSION_PRE_SHARED_KEY) hello.preSharedKey = true
    if (to > end) return hello
    if (type === EXTENSION_SUPPORTED_VERSIONS && to - from === 2) {
      // 0x7fxx were the drafts of TLS 1.3.
      hello.version = bytes[from] === 0x7f ? TLS_1_3 : u16(bytes, from)
    }
    if (type === EXTENSION_ALPN && to - from >= 3 && from + 3 + bytes[from + 2]! <= to) {
      hello.alpn = printable(bytes, from + 3, from + 3 + bytes[from + 2]!, 255)
    }
    at = to
  }
  if (at === stop && stop <= end && hello.version === 0) hello.version = legacy
  return hello
}

const VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const

/** "1.3" for 0x0304 and so on; null for what is no version. */
export function versionName(version: number): string | null {
  if (version === 0x0300) return 'SSL 3.0'
  if (version === 0x0002) return 'SSL 2.0'
  return version > 0x0300 && version <= TLS_1_3 ? VERSIONS[version - 0x0301]! : null
}
