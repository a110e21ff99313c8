import { ipv4Text, ipv6Text } from '../network/address-text.ts'
import type { ProxyHeader } from './summary.ts'

/** The part of a version 2 header before its addresses, and the addresses of IPv6 (PROXY protocol §2.2). */
export const V2_HEADER = 16
export const V2_IPV6 = 36
const V2_COMMAND = 12
const V2_FAMILY = 13
const V2_LENGTH = 14
const COMMAND_PROXY = 0x21
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21
const V2_IPV4 = 12

/** The addresses of a version 1 line in bytes[0, length), `PROXY TCP4 10.0.0.1 10.0.0.2 56324 443`; null where it has none. */
export function parseProxyV1(bytes: Uint8Array, length: number): ProxyHeader | null {
  let line = ''
  for (let at = 0; at < length; at++) line += String.fromCharCode(bytes[at]!)
  const [, family, source, destination, sourcePort, destinationPort, ...more] = line
    .trimEnd()
    .split(' ')
  if (destinationPort === undefined || more.length > 0) return null
  const parse = family === 'TCP4' ? parseIpv4 : family === 'TCP6' ? parseIpv6 : () => null
  const from = parse(source!)
  const to = parse(destination!)
  const fromPort = parsePort(sourcePort!)
  const toPort = parsePort(destinationPort)
  if (from === null || to === null || fromPort < 0 || toPort < 0) return null
  return {
    source: { address: from, port: fromPort },
    destination: { address: to, port: toPort },
  }
}

/** The same of a version 2 header; null for a health check of the proxy itself (LOCAL) and other families. */
export function parseProxyV2(bytes: Uint8Array): ProxyHeader | null {
  if (bytes[V2_COMMAND] !== COMMAND_PROXY) return null
  const family = bytes[V2_FAMILY]
  const length = uint16(bytes, V2_LENGTH)
  if (family === TCP_OVER_IPV4 && length >= V2_IPV4) {
    return ends(bytes, 4, (at) => ipv4Text(uint32(bytes, at)))
  }
  if (family !== TCP_OVER_IPV6 || length < V2_IPV6) return null
  return ends(bytes, 16, (at) =>
    ipv6Text(
      uint32(bytes, at),
      uint32(bytes, at + 4),
      uint32(bytes, at + 8),
      uint32(bytes, at + 12),
    ),
  )
}

function ends(bytes: Uint8Array, size: number, address: (at: number) => string): ProxyHeader {
  const ports = V2_HEADER + 2 * size
  return {
    source: { address: address(V2_HEADER), port: uint16(bytes, ports) },
    destination: { address: address(V2_HEADER + size), port: uint16(bytes, ports + 2) },
  }
}

function uint16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!
}

function uint32(bytes: Uint8Array, at: number): number {
  return uint16(bytes, at) * 65536 + uint16(bytes, at + 2)
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port <= 65535 ? port : -1
}

function ipv4Word(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (parts === null) return null
  let word = 0
  for (const part of parts.slice(1)) {
    if (Number(part) > 255) return null
    word = word * 256 + Number(part)
  }
  return word
}

function parseIpv4(text: string): string | null {
  const word = ipv4Word(text)
  return word === null ? null : ipv4Text(word)
}

/** In whatever form it is written (RFC 4291 §2.2), as the text that this project writes. */
function parseIpv6(text: string): string | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map(groupsOf)
  if (head == null || tail === null) return null
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const groups = [...head, ...new Array<number>(missing).fill(0), ...(tail ?? [])]
  const words = [0, 2, 4, 6].map((at) => groups[at]! * 65536 + groups[at + 1]!)
  return ipv6Text(words[0]!, words[1]!, words[2]!, words[3]!)
}

/** Sixteen bits each; the last may be an IPv4 address, which is two of them. Null for what is no such list. */
function groupsOf(text: string): number[] | null {
  const groups: number[] = []
  for (const part of text === '' ? [] : text.split(':')) {
    const word = part.includes('.') ? ipv4Word(part) : null
    if (word !== null) groups.push(word >>> 16, word & 0xffff)
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return null
  }
  return groups
}
