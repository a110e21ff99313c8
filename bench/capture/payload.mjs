import { Random } from './random.mjs'

/**
 * What is said over a connection: messages whose bytes can be asked for in any range, so that a gigabyte of payload
 * needs no gigabyte of memory. A message is a head followed by filler; TLS data has a record header every 16 kB.
 */

const FILLER = Buffer.alloc(1 << 17)
const random = new Random(7)
for (let i = 0; i < FILLER.length; i += 4) FILLER.writeUInt32LE(random.word(), i)

const RECORD = 16384
const HEADER = 5
/** The group of every key exchange (RFC 8446 §4.2.7). */
const X25519 = [0, 0x1d]
/** Self-signed, for the name that every ClientHello asks for; its key was thrown away. */
const CERTIFICATE = Buffer.from(
  [
    'MIIBjDCCAT6gAwIBAgIUKpGiu2VufzjdpcGoiotSwh8UX2wwBQYDK2VwMCgxJjAkBgNVBAMMHW9yZGVycy5zaG9wLnN2',
    'Yy5jbHVzdGVyLmxvY2FsMB4XDTI2MTEyMTE2MTgwNFoXDTM2MTExODE2MTgwNFowKDEmMCQGA1UEAwwdb3JkZXJzLnNo',
    'b3Auc3ZjLmNsdXN0ZXIubG9jYWwwKjAFBgMrZXADIQACsCF3krFDJMqkpIFiYE+Il+PrRj3Gs9tPu5U4CfamM6N6MHgw',
    'HQYDVR0OBBYEFBtxUNPw/2W0xVUGMPlTDV29jPpfMB8GA1UdIwQYMBaAFBtxUNPw/2W0xVUGMPlTDV29jPpfMCgGA1Ud',
    'EQQhMB+CHW9yZGVycy5zaG9wLnN2Yy5jbHVzdGVyLmxvY2FsMAwGA1UdEwEB/wQCMAAwBQYDK2VwA0EA8fQeOb8SV1np',
    'ZpcHVuxZADPHvkW36UJG9vDxdhHzCnqXGlrTp9m0FmW+KmahfQIbZyqDbaPYwRkOUArU4JIYCQ==',
  ].join(''),
  'base64',
)

/** @typedef {{ head: Buffer, length: number, tls: boolean }} Message */

/** Bytes `from` to `from + length` of a message, written to `target` at `at`. */
export function copyMessage(message, from, length, target, at) {
  const { head, tls } = message
  const start = (from * 31) & 0xffff
  FILLER.copy(target, at, start, start + length)
  if (from < head.length) head.copy(target, at, from, Math.min(head.length, from + length))
  if (!tls) return
  const body = message.length - head.length
  const first = Math.max(0, Math.floor((from - head.length - HEADER + 1) / (RECORD + HEADER)))
  for (let k = first; head.length + k * (RECORD + HEADER) < from + length; k++) {
    const offset = k * (RECORD + HEADER)
    if (offset >= body) break
    const size = Math.min(RECORD, body - offset - HEADER)
    const header = [0x17, 3, 3, size >>> 8, size & 255]
    for (let i = 0; i < HEADER; i++) {
      const where = head.length + offset + i - from
      if (where >= 0 && where < length) target[at + where] = header[i]
    }
  }
}

/** TLS application data of so many bytes of content, in records of 16 kB. */
export function tlsData(content, head = Buffer.alloc(0)) {
  const records = Math.ceil(content / RECORD)
  return { head, length: head.length + content + records * HEADER, tls: true }
}

export function plain(text, body = 0) {
  const head = Buffer.from(text, 'latin1')
  return { head, length: head.length + body, tls: false }
}

export function clientHello(name, tls13) {
  const host = Buffer.from(name, 'latin1')
  const extensions = [
    ...extension(0, [...u16(host.length + 3), 0, ...u16(host.length), ...host]),
    ...extension(10, [0, 4, 0, 0x1d, 0, 0x17]),
    ...extension(13, [0, 6, 8, 7, 4, 3, 8, 4]),
    ...extension(16, [0, 12, 2, 0x68, 0x32, 8, ...Buffer.from('http/1.1')]),
    ...(tls13 ? extension(43, [4, 3, 4, 3, 3]) : []),
    ...(tls13 ? extension(51, [0, 36, ...X25519, 0, 32, ...filler(32)]) : []),
  ]
  const session = tls13 ? [32, ...filler(32)] : [0]
  const suites = [0, 4, 0x13, 1, 0xc0, 0x2b]
  const body = [3, 3, ...filler(32), ...session, ...suites, 1, 0]
  return record(22, handshake(1, [...body, ...u16(extensions.length), ...extensions]))
}

/** ServerHello and what follows it up to the server's Finished: encrypted in TLS 1.3, a certificate in TLS 1.2. */
export function serverFlight(tls13) {
  if (tls13) {
    const extensions = [
      ...extension(43, [3, 4]),
      ...extension(51, [...X25519, 0, 32, ...filler(32)]),
    ]
    const hello = [3, 3, ...filler(32), 32, ...filler(32), 0x13, 1, 0]
    const first = record(22, handshake(2, [...hello, ...u16(extensions.length), ...extensions]))
    return message([first, record(20, [1]), tlsRecord(2300)])
  }
  const chain = Array.from({ length: 5 }, () => [...u24(CERTIFICATE.length), ...CERTIFICATE]).flat()
  return message([
    record(22, handshake(2, [3, 3, ...filler(32), 0, 0xc0, 0x2b, 0, 0, 0])),
    record(22, handshake(11, [...u24(chain.length), ...chain])),
    record(22, handshake(12, [3, ...X25519, 32, ...filler(32), 8, 7, 0, 64, ...filler(64)])),
    record(22, handshake(14, [])),
  ])
}

export function clientFinished(tls13) {
  if (tls13) return message([record(20, [1]), tlsRecord(53)])
  return message([
    record(22, handshake(16, [32, ...filler(32)])),
    record(20, [1]),
    record(22, filler(40)),
  ])
}

/** The server's Finished of TLS 1.2, or the session tickets of TLS 1.3. */
export function serverFinished(tls13) {
  return tls13 ? message([tlsRecord(250)]) : message([record(20, [1]), record(22, filler(40))])
}

export function closeNotify(tls13) {
  return message([tls13 ? tlsRecord(19) : record(21, filler(26))])
}

function message(parts) {
  const head = Buffer.concat(parts.map((part) => part.head ?? part))
  return { head, length: head.length, tls: false }
}

function tlsRecord(size) {
  return record(23, filler(size))
}

function record(type, body) {
  const head = Buffer.from([type, 3, 3, ...u16(body.length), ...body])
  return { head, length: head.length, tls: false }
}

function handshake(type, body) {
  return [type, 0, ...u16(body.length), ...body]
}

function extension(type, body) {
  return [...u16(type), ...u16(body.length), ...body]
}

function u24(n) {
  return [n >>> 16, ...u16(n & 0xffff)]
}

function u16(n) {
  return [n >>> 8, n & 255]
}

function filler(length) {
  return [...FILLER.subarray(1000, 1000 + length)]
}
