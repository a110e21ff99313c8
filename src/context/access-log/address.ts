import type { Endpoint } from '../../model/connection.ts'

/** An address as a log writes it. */
export interface LoggedEndpoint extends Endpoint {
  /** An Envoy internal address (`envoy://…`): no packet carries it. */
  internal: boolean
}

/** Longest text that can be an endpoint, scheme included. */
const MOST_CHARACTERS = 300

/**
 * `10.0.0.1:80`, `[2001:db8::1]:443`, with or without port (0 then), `tcp://` before it or
 * `envoy://connect_originate/` (waypoints, ztunnel). Null for anything else: host names, pipes, `-`.
 */
export function parseEndpoint(text: string): LoggedEndpoint | null {
  if (text.length < 2 || text.length > MOST_CHARACTERS) return null
  const scheme = text.indexOf('://')
  const internal = text.startsWith('envoy://')
  const place = scheme < 0 ? text : text.slice(internal ? text.lastIndexOf('/') + 1 : scheme + 3)
  if (place.startsWith('[')) {
    const close = place.indexOf(']')
    if (close < 0) return null
    const address = normalAddress(place.slice(1, close))
    const rest = place.slice(close + 1)
    const port = rest === '' ? 0 : rest.startsWith(':') ? portOf(rest.slice(1)) : null
    return address === null || port === null ? null : { address, port, internal }
  }
  const colon = place.indexOf(':')
  // Two colons without brackets: an IPv6 address without port.
  const bare = colon < 0 || place.indexOf(':', colon + 1) >= 0
  const address = normalAddress(bare ? place : place.slice(0, colon))
  const port = bare ? 0 : portOf(place.slice(colon + 1))
  return address === null || port === null ? null : { address, port, internal }
}

function portOf(text: string): number | null {
  if (text.length === 0 || text.length > 5) return null
  for (let i = 0; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return null
  const port = Number(text)
  return port <= 65535 ? port : null
}

/** An IPv4 or IPv6 address in the one spelling that captures are shown with; an IPv4-mapped one as IPv4. */
export function normalAddress(text: string): string | null {
  if (!text.includes(':')) return isIpv4(text) ? text : null
  const groups = ipv6Groups(text.includes('%') ? text.slice(0, text.indexOf('%')) : text)
  if (groups === null) return null
  const mapped = groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff
  if (mapped) return ipv4Of(groups[6]!, groups[7]!)
  return shortened(groups)
}

function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false
  let parts = 1
  let value = -1
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (value < 0) return false
      parts++
      value = -1
    } else {
      // No leading zeros: nobody writes them, and some read them as octal.
      if (!isDigit(code) || value === 0) return false
      value = Math.max(0, value) * 10 + code - DIGIT_0
      if (value > 255) return false
    }
  }
  return parts === 4 && value >= 0
}

const DOT = 46
const DIGIT_0 = 48

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= 57
}

function ipv6Groups(text: string): number[] | null {
  if (text.length > 45) return null
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = groupsOf(halves[0]!)
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : []
  if (head === null || tail === null) return null
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

function groupsOf(text: string): number[] | null {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    if (part.includes('.') && i === parts.length - 1 && isIpv4(part)) {
      const [a, b, c, d] = part.split('.').map(Number) as [number, number, number, number]
      groups.push((a << 8) | b, (c << 8) | d)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      return null
    }
  }
  return groups
}

function ipv4Of(high: number, low: number): string {
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`
}

/** RFC 5952: lower case, the longest run of two or more zero groups (the first of equals) as `::`. */
function shortened(groups: number[]): string {
  let start = -1
  let length = 1
  for (let i = 0; i < 8; ) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length) {
      start = i
      length = end - i
    }
    i = end + 1
  }
  const hex = groups.map((group) => group.toString(16))
  if (start < 0) return hex.join(':')
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}
