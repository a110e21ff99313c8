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
  const sni = extension(0, [...u16(host.length + 3), 0, ...u16(host.length), ...host])
  const alpn = extension(16, [0, 12, 2, 0x68, 0x32, 8, ...Buffer.from('http/1.1')])
  const versions = tls13 ? extension(43, [4, 3, 4, 3, 3]) : []
  const extensions = [...sni, ...alpn, ...versions]
  const body = [3, 3, ...filler(32), 32, ...filler(32), 0, 4, 0x13, 1, 0xc0, 0x2f, 1, 0]
  return record(22, handshake(1, [...body, ...u16(extensions.length), ...extensions]))
}

/** ServerHello and what follows it up to the server's Finished: encrypted in TLS 1.3, a certificate in TLS 1.2. */
export function serverFlight(tls13) {
  const versions = tls13 ? extension(43, [3, 4]) : []
  const hello = [3, 3, ...filler(32), 32, ...filler(32), tls13 ? 0x13 : 0xc0, tls13 ? 1 : 0x2f, 0]
  const first = record(22, handshake(2, [...hello, ...u16(versions.length), ...versions]))
  if (tls13) return message([first, record(20, [1]), tlsRecord(2300)])
  return message([
    first,
    record(22, handshake(11, [0, 8, 55, 0, 8, 52, ...filler(2100)])),
    record(22, handshake(14, [])),
  ])
}

export function clientFinished(tls13) {
  if (tls13) return message([record(20, [1]), tlsRecord(53)])
  return message([
    record(22, handshake(16, [65, ...filler(65)])),
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

function u16(n) {
  return [n >>> 8, n & 255]
}

function filler(length) {
  return [...FILLER.subarray(1000, 1000 + length)]
}
