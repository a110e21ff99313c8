import { ipv6Text } from '../../../native-free-decoders/network/address-text.ts'

/** The 16 bytes of an address; IPv4 as `::ffff:a.b.c.d`, so that both families are compared alike. */
type Bytes = readonly number[]

const V4_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** An address in the form in which reports write addresses (dotted, or RFC 5952 for IPv6); null for anything else. */
export function normalAddress(text: string): string | null {
  const bytes = bytesOf(text)
  if (bytes === null) return null
  if (!text.includes(':')) return bytes.slice(12).join('.')
  const word = (at: number) =>
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return ipv6Text(word(0), word(4), word(8), word(12))
}

/** A block of addresses: `10.0.0.0/8`, `fd00::/48`. */
export interface AddressBlock {
  text: string
  bytes: Bytes
  /** Leading bits that count, of 128. */
  bits: number
}

export function addressBlock(text: string): AddressBlock | null {
  const slash = text.indexOf('/')
  const bytes = slash < 0 ? null : bytesOf(text.slice(0, slash))
  const length = text.slice(slash + 1)
  if (bytes === null || !/^\d{1,3}$/.test(length)) return null
  const most = text.includes(':') ? 128 : 32
  const bits = Number(length)
  return bits > most ? null : { text, bytes, bits: bits + 128 - most }
}

/** Does the block hold this address? False for what is no address. */
export function isInBlock(block: AddressBlock, address: string): boolean {
  const bytes = bytesOf(address)
  if (bytes === null) return false
  const whole = block.bits >> 3
  for (let i = 0; i < whole; i++) if (bytes[i] !== block.bytes[i]) return false
  const rest = block.bits & 7
  if (rest === 0) return true
  const mask = (0xff00 >> rest) & 0xff
  return (bytes[whole]! & mask) === (block.bytes[whole]! & mask)
}

/** The longest text that an address can be written in, with some room for a zone. */
const LONGEST = 64

function bytesOf(text: string): Bytes | null {
  if (text.length > LONGEST) return null
  if (!text.includes(':')) {
    const v4 = ipv4Bytes(text)
    return v4 === null ? null : [...V4_PREFIX, ...v4]
  }
  return ipv6Bytes(text)
}

function ipv4Bytes(text: string): number[] | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return null
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : null
}

function ipv6Bytes(text: string): number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map(groupBytes)
  if (head == null || tail === null) return null
  if (tail === undefined) return head.length === 16 ? head : null
  const zeros = 16 - head.length - tail.length
  return zeros < 2 ? null : [...head, ...new Array<number>(zeros).fill(0), ...tail]
}

/** Groups between colons; the last may be a dotted IPv4 address. */
function groupBytes(text: string): number[] | null {
  if (text === '') return []
  const bytes: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    if (group.includes('.') && i === groups.length - 1) {
      const v4 = ipv4Bytes(group)
      if (v4 === null) return null
      bytes.push(...v4)
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(group)) return null
      const word = Number.parseInt(group, 16)
      bytes.push(word >> 8, word & 0xff)
    }
  }
  return bytes.length <= 16 ? bytes : null
}
