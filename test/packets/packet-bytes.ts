import { DecodedPacket } from '../../native-free-decoders/index.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'

export type Bytes = readonly number[]

/** Bytes written as in an RFC or a hex dump: pairs of digits, white space ignored. */
export function hex(text: string): number[] {
  const digits = text.replace(/\s+/g, '')
  return Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16),
  )
}

export function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff]
}

export function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value)]
}

export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_RAW = 101

export interface TcpFields {
  srcPort?: number
  dstPort?: number
  seq?: number
  ack?: number
  flags?: number
  window?: number
  checksum?: number
  options?: Bytes
  payload?: Bytes
}

/** A TCP segment (RFC 9293 §3.1). Options must come padded. */
export function tcp(fields: TcpFields = {}): number[] {
  const options = fields.options ?? []
  return [
    ...u16(fields.srcPort ?? 40000),
    ...u16(fields.dstPort ?? 443),
    ...u32(fields.seq ?? 0x11223344),
    ...u32(fields.ack ?? 0x55667788),
    ...u16(((20 + options.length) << 10) | (fields.flags ?? 0x10)),
    ...u16(fields.window ?? 502),
    ...u16(fields.checksum ?? 0xbeef),
    ...u16(0),
    ...options,
    ...(fields.payload ?? []),
  ]
}

export interface Ipv4Fields {
  src?: number
  dst?: number
  ttl?: number
  id?: number
  /** Flags and fragment offset as they stand in the header. */
  fragment?: number
  totalLength?: number
  options?: Bytes
}

/** An IPv4 packet (RFC 791 §3.1). */
export function ipv4(protocol: number, payload: Bytes, fields: Ipv4Fields = {}): number[] {
  const options = fields.options ?? []
  const headerLength = 20 + options.length
  return [
    ...u16(0x4000 | ((headerLength / 4) << 8)),
    ...u16(fields.totalLength ?? headerLength + payload.length),
    ...u16(fields.id ?? 0x1234),
    ...u16(fields.fragment ?? 0x4000),
    fields.ttl ?? 64,
    protocol,
    ...u16(0),
    ...u32(fields.src ?? 0x0a000001),
    ...u32(fields.dst ?? 0x0a000002),
    ...options,
    ...payload,
  ]
}

export const IPV6_SRC = hex('20010db8 00000000 00000000 00000001')
export const IPV6_DST = hex('20010db8 00000000 00000000 00000002')

/** An IPv6 packet (RFC 8200 §3). */
export function ipv6(
  nextHeader: number,
  payload: Bytes,
  fields: { payloadLength?: number; hopLimit?: number; dst?: Bytes } = {},
): number[] {
  return [
    ...u32(0x60000000),
    ...u16(fields.payloadLength ?? payload.length),
    nextHeader,
    fields.hopLimit ?? 64,
    ...IPV6_SRC,
    ...(fields.dst ?? IPV6_DST),
    ...payload,
  ]
}

export function udp(dstPort: number, payload: Bytes, srcPort = 50000): number[] {
  return [...u16(srcPort), ...u16(dstPort), ...u16(8 + payload.length), ...u16(0), ...payload]
}

export function ethernet(etherType: number, payload: Bytes): number[] {
  return [...hex('02 00 00 00 00 02  02 00 00 00 00 01'), ...u16(etherType), ...payload]
}

export interface DecodeOptions {
  linkType?: number
  originalLength?: number
  decoder?: PacketDecoder
  timeNs?: number
}

/**
 * Decodes one record that stands at an odd place between bytes of other records, into an object that still holds
 * another packet.
 */
export function decode(record: Bytes, options: DecodeOptions = {}): DecodedPacket {
  const before = 37
  const bytes = new Uint8Array(before + record.length + 64).fill(0x45)
  bytes.set(record, before)
  const out = usedPacket()
  const decoder = options.decoder ?? new PacketDecoder()
  decoder.decode(
    new DataView(bytes.buffer),
    bytes,
    before,
    record.length,
    options.originalLength ?? record.length,
    options.linkType ?? LINKTYPE_RAW,
    options.timeNs ?? 0,
    out,
  )
  // Relative to the record, so that tests need not know where it stood.
  if (out.reassembled === null && out.payloadOffset > 0) out.payloadOffset -= before
  return out
}

/** A packet object with no field left at its initial value. */
export function usedPacket(): DecodedPacket {
  const out = new DecodedPacket()
  const fields = out as unknown as Record<string, unknown>
  for (const name of Object.keys(out)) fields[name] = typeof fields[name] === 'boolean' ? true : 77
  return out
}
