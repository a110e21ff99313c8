import { isIP } from 'node:net'

/**
 * From what was typed to what it means. Each parser throws an `InvalidValue` with what it expects; who calls it adds
 * the flag's name.
 */
export class InvalidValue extends Error {}

export function parsePort(text: string): number {
  const port = wholeNumber(text)
  if (port === null || port < 1 || port > 65535) {
    throw new InvalidValue('A port is a whole number from 1 to 65535.')
  }
  return port
}

export function parseCount(text: string): number {
  const count = wholeNumber(text)
  if (count === null || count < 1) throw new InvalidValue('Expected a whole number from 1.')
  return count
}

export function parseWidth(text: string): number {
  const width = wholeNumber(text)
  if (width === null || width < 60 || width > 1000) {
    throw new InvalidValue('Expected columns from 60 to 1000.')
  }
  return width
}

function wholeNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}

const BYTES: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }

/** Bytes: `512M`, `2G`, `1GiB`; k, M, G and T are powers of 1024. */
export function parseSize(text: string): number {
  const parts = /^(\d{1,12}(?:\.\d{1,3})?)([kmgt]?)(?:i?b)?$/i.exec(text)
  const bytes = parts ? Number(parts[1]) * BYTES[parts[2]!.toLowerCase()]! : 0
  if (bytes < 1) throw new InvalidValue('Expected a size such as 512M or 2G.')
  return Math.floor(bytes)
}

const SECONDS: Record<string, number> = { '': 1, ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds, with a sign if need be: `0.75`, `-7200`, `-2h`, `150ms`. */
export function parseSeconds(text: string): number {
  const parts = /^([+-]?(?:\d{1,12}(?:\.\d{1,9})?|\.\d{1,9}))(ms|[smhd]?)$/.exec(text)
  if (!parts) throw new InvalidValue('Expected seconds such as 0.75, -7200 or -2h.')
  return Number(parts[1]) * SECONDS[parts[2]!]!
}

/** A wait of a second or more: `90`, `5m`, `2h`. */
export function parseWait(text: string): number {
  const seconds = parseSeconds(text)
  if (seconds < 1) throw new InvalidValue('Expected a second or more, such as 90, 5m or 2h.')
  return seconds
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i

/** An RFC 3339 time, checked and handed on as it was typed. */
export function parseTimeOption(text: string): string {
  const parts = RFC_3339.exec(text)
  const day = parts ? Number(parts[3]) : 0
  const exists =
    parts && day <= new Date(Date.UTC(Number(parts[1]), Number(parts[2]), 0)).getUTCDate()
  if (!exists || Number.isNaN(Date.parse(text.replace(' ', 'T')))) {
    throw new InvalidValue('Expected a time such as 2026-06-28T15:11:44Z.')
  }
  return text.replace(' ', 'T')
}

export function parseAddress(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) === 0) throw new InvalidValue('Expected an IPv4 or IPv6 address.')
  return bare
}

/** `10.8.1.15:8443` or `[2001:db8::1]:443`. */
export function parseHostPort(text: string): { host: string; port: number } {
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text)
  const host = parts?.[1] ?? parts?.[2]
  if (!host || isIP(host) === 0) {
    throw new InvalidValue('Expected ADDRESS:PORT, with an IPv6 address in brackets.')
  }
  return { host, port: parsePort(parts![3]!) }
}
