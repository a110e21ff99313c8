import { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import * as layer from '../../native-free-decoders/layer-cursor.ts'
import { decodeLayer } from '../../native-free-decoders/layers.ts'
import { layerOfLinkType } from '../../native-free-decoders/link/link-type.ts'
import { adjusted, difference } from './checksum-change.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { hideTcpOptions } from './tcp-options.ts'

/** A header found in a packet, where it begins and which layer it is. */
interface Header {
  layer: layer.Layer
  at: number
}

const MOST_HEADERS = 48
const cursor = new layer.LayerCursor()
const packet = new DecodedPacket()

/**
 * The headers of a packet (its payload cut off before) with other addresses in them, at every layer and in what an ICMP
 * error quotes. Lengths, TTL, identification, ports, numbers, flags, windows and timestamps stay; a checksum that was right
 * stays right, a wrong one wrong.
 */
export function rewritePacket(
  data: Uint8Array,
  originalLength: number,
  linkType: number,
  names: Pseudonyms,
): Uint8Array {
  const before = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const headers = headersOf(before, originalLength, linkType)
  const bytes = Uint8Array.from(data)
  const after = new DataView(bytes.buffer)
  for (const [i, header] of headers.entries()) {
    rewriteHeader(after, bytes, header, names, headers[i + 1]?.at ?? bytes.length)
  }
  // From the innermost outwards: an outer checksum covers the inner ones.
  for (let i = headers.length - 1; i >= 0; i--) fixChecksum(before, after, headers, i)
  return bytes
}

function headersOf(view: DataView, originalLength: number, linkType: number): Header[] {
  const headers: Header[] = []
  packet.reset()
  cursor.offset = 0
  cursor.end = view.byteLength
  cursor.wireEnd = Math.max(view.byteLength, originalLength)
  cursor.quoted = false
  let next = layerOfLinkType(linkType)
  while (next !== layer.LAYER_END && headers.length < MOST_HEADERS) {
    if (next === layer.LAYER_FRAGMENT) {
      const isFirst = cursor.fragmentOffset === 0 && cursor.protocol === 6
      if (isFirst) headers.push({ layer: layer.LAYER_TCP, at: cursor.offset })
      break
    }
    headers.push({ layer: next, at: cursor.offset })
    next = decodeLayer(view, next, cursor, packet)
  }
  return headers.map((header) => ({ ...header, layer: actual(view, header) }))
}

/** Raw IP is whatever its first four bits say. */
function actual(view: DataView, header: Header): layer.Layer {
  const isIp = [layer.LAYER_RAW_IP, layer.LAYER_IPV4, layer.LAYER_IPV6].includes(header.layer)
  if (!isIp || header.at >= view.byteLength) return header.layer
  return view.getUint8(header.at) >> 4 === 6 ? layer.LAYER_IPV6 : layer.LAYER_IPV4
}

function rewriteHeader(
  view: DataView,
  bytes: Uint8Array,
  { layer: kind, at }: Header,
  names: Pseudonyms,
  end: number,
): void {
  if (kind === layer.LAYER_ETHERNET) rewriteMacs(bytes, at, names)
  else if (kind === layer.LAYER_SLL) rewriteCooked(view, bytes, at + 6, at + 5, names)
  else if (kind === layer.LAYER_SLL2) rewriteCooked(view, bytes, at + 12, at + 11, names)
  else if (kind === layer.LAYER_NFLOG) hideAttributes(view, bytes, at + 4, end)
  else if (kind === layer.LAYER_IPV4) rewriteIpv4Header(view, bytes, at, names)
  else if (kind === layer.LAYER_IPV6) rewriteIpv6Header(view, bytes, at, names)
  else if (kind === layer.LAYER_IPV6_EXTENSION) rewriteRoute(view, at, end, names)
  else if (kind === layer.LAYER_GENEVE) hide(bytes, at + 8, end)
  else if (kind === layer.LAYER_TCP) hideTcpOptions(view, bytes, at)
  else if (kind === layer.LAYER_ICMPV4 && bytes.length >= at + 8 && view.getUint8(at) === 5) {
    // The gateway that a redirect tells of.
    rewriteIpv4(view, at + 4, names)
  }
}

function rewriteIpv4Header(view: DataView, bytes: Uint8Array, at: number, names: Pseudonyms): void {
  if (bytes.length < at + 20) {
    hide(bytes, at + 12, bytes.length)
    return
  }
  for (const place of [at + 12, at + 16]) rewriteIpv4(view, place, names)
  // Route and timestamp options hold addresses: no operation instead (RFC 791 §3.1).
  const end = Math.min(at + ((view.getUint8(at) & 15) << 2), bytes.length)
  if (end > at + 20) bytes.fill(1, at + 20, end)
}

function rewriteIpv6Header(view: DataView, bytes: Uint8Array, at: number, names: Pseudonyms): void {
  if (bytes.length < at + 40) {
    hide(bytes, at + 8, bytes.length)
    return
  }
  for (const place of [at + 8, at + 24]) rewriteIpv6(view, place, names)
}

/** Every address of a routing header; other extension headers hold none. */
function rewriteRoute(view: DataView, at: number, end: number, names: Pseudonyms): void {
  if (end - at < 24 || view.getUint8(at + 2) > 4 || (end - at - 8) % 16 !== 0) return
  for (let place = at + 8; place + 16 <= end; place += 16) rewriteIpv6(view, place, names)
}

function hide(bytes: Uint8Array, from: number, to: number): void {
  if (from < to) bytes.fill(0, from, to)
}

function rewriteMacs(bytes: Uint8Array, at: number, names: Pseudonyms): void {
  if (bytes.length < at + 14) {
    hide(bytes, at, bytes.length)
    return
  }
  rewriteMac(bytes, at, names)
  rewriteMac(bytes, at + 6, names)
}

function rewriteMac(bytes: Uint8Array, at: number, names: Pseudonyms): void {
  bytes.set(names.mac(bytes.slice(at, at + 6)), at)
}

/** Cooked headers have room for eight bytes of address; what is no MAC address is hidden. */
function rewriteCooked(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  lengthAt: number,
  names: Pseudonyms,
): void {
  const isMac = bytes.length >= at + 8 && view.getUint8(lengthAt) === 6
  if (isMac) rewriteMac(bytes, at, names)
  hide(bytes, isMac ? at + 6 : at, Math.min(at + 8, bytes.length))
}

/** Type-length-value, little endian lengths in host order: values but the packet itself (type 9) are hidden. */
function hideAttributes(view: DataView, bytes: Uint8Array, from: number, end: number): void {
  for (let at = from; at + 4 <= end; ) {
    const length = view.getUint16(at, true)
    if (length < 4 || view.getUint16(at + 2, true) === 9) return
    hide(bytes, at + 4, Math.min(at + length, end))
    at += (length + 3) & ~3
  }
}

function rewriteIpv4(view: DataView, at: number, { addresses }: Pseudonyms): void {
  view.setUint32(at, addresses.ipv4(view.getUint32(at)))
}

function rewriteIpv6(view: DataView, at: number, { addresses }: Pseudonyms): void {
  const words = [0, 4, 8, 12].map((word) => view.getUint32(at + word))
  for (const [i, word] of addresses.ipv6(words).entries()) view.setUint32(at + 4 * i, word)
}

function fixChecksum(
  before: DataView,
  after: DataView,
  headers: readonly Header[],
  index: number,
): void {
  const { layer: kind, at } = headers[index]!
  const end = after.byteLength
  const fix = (field: number, change: number): void => {
    if (field + 2 <= end) after.setUint16(field, adjusted(after.getUint16(field), change))
  }
  if (kind === layer.LAYER_IPV4 && at + 20 <= end) {
    const headerEnd = Math.min(at + ((before.getUint8(at) & 15) << 2), end)
    // Zero: left to the network card.
    if (after.getUint16(at + 10) !== 0) fix(at + 10, difference(before, after, at, headerEnd))
  } else if (kind === layer.LAYER_ICMPV4) {
    fix(at + 2, difference(before, after, at, end))
  } else if (kind === layer.LAYER_ICMPV6) {
    fix(at + 2, difference(before, after, at, end) + pseudoHeader(before, after, headers, index))
  } else if (kind === layer.LAYER_UDP) {
    const isUsed = at + 8 <= end && after.getUint16(at + 6) !== 0
    if (isUsed)
      fix(at + 6, difference(before, after, at, end) + pseudoHeader(before, after, headers, index))
  } else if (kind === layer.LAYER_TCP && at + 18 <= end) {
    const addresses = pseudoHeader(before, after, headers, index)
    // A sum of the pseudo header alone is no complement, and covers nothing else.
    if (packet.checksumUnfilled) {
      after.setUint16(at + 16, ~adjusted(~after.getUint16(at + 16) & 0xffff, addresses) & 0xffff)
    } else fix(at + 16, difference(before, after, at, end) + addresses)
  }
}

/** By how much the addresses of the IP header around a header changed the sum. */
function pseudoHeader(
  before: DataView,
  after: DataView,
  headers: readonly Header[],
  index: number,
): number {
  for (let i = index - 1; i >= 0; i--) {
    const { layer: kind, at } = headers[i]!
    if (kind === layer.LAYER_IPV4) return difference(before, after, at + 12, at + 20)
    if (kind === layer.LAYER_IPV6) return difference(before, after, at + 8, at + 40)
  }
  return 0
}
