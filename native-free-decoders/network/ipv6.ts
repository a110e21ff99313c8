import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import {
  LAYER_END,
  LAYER_FRAGMENT,
  LAYER_IPV4,
  LAYER_TCP,
  stopMalformed,
  stopShort,
  stopUnsupported,
} from '../layer-cursor.ts'
import { layerOfIpProtocol } from './ip-protocol.ts'

const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const JUMBO_PAYLOAD = 0xc2

/** IPv6 header (RFC 8200 §3). */
export function decodeIpv6(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 40) return stopShort(at, out)
  const version = view.getUint8(offset) >> 4
  if (version !== 6) return version === 4 ? LAYER_IPV4 : stopMalformed(out)
  const payloadLength = view.getUint16(offset + 4)
  const nextHeader = view.getUint8(offset + 6)
  if (payloadLength !== 0) {
    at.wireEnd = offset + 40 + payloadLength
    if (at.wireEnd < at.end) at.end = at.wireEnd
    out.lengthFromCapture = false
  } else {
    // A jumbogram, whose length follows in the hop-by-hop header (RFC 2675), or offload above 64 kB.
    out.lengthFromCapture = true
  }

  out.ipVersion = 6
  out.ttl = view.getUint8(offset + 7)
  out.ipId = -1
  out.src0 = view.getUint32(offset + 8)
  out.src1 = view.getUint32(offset + 12)
  out.src2 = view.getUint32(offset + 16)
  out.src3 = view.getUint32(offset + 20)
  readDestination(view, offset + 24, out)

  at.offset = offset + 40
  at.protocol = nextHeader
  if (nextHeader === 6) return LAYER_TCP
  return nextHeaderLayer(nextHeader, out)
}

/** One extension header (RFC 8200 §4), its type in `at.protocol`. */
export function decodeIpv6Extension(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 8) return stopShort(at, out)
  const type = at.protocol
  const nextHeader = view.getUint8(offset)
  at.protocol = nextHeader
  if (type === FRAGMENT) return decodeFragmentHeader(view, at, out)

  const length = (view.getUint8(offset + 1) + 1) << 3
  if (at.end - offset < length) return stopShort(at, out)
  if (type === HOP_BY_HOP) {
    if (out.lengthFromCapture) readJumboLength(view, at, offset + length, out)
  } else if (type === ROUTING) {
    readFinalDestination(view, offset, length, out)
  }
  at.offset = offset + length
  return nextHeaderLayer(nextHeader, out)
}

/** Authentication header, behind IPv4 as well (RFC 4302 §2): its length counts 32-bit words minus two. */
export function decodeAuthentication(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 12) return stopShort(at, out)
  const length = (view.getUint8(offset + 1) + 2) << 2
  if (length < 12) return stopMalformed(out)
  if (at.end - offset < length) return stopShort(at, out)
  at.offset = offset + length
  at.protocol = view.getUint8(offset)
  return nextHeaderLayer(at.protocol, out)
}

function nextHeaderLayer(protocol: number, out: DecodedPacket): Layer {
  const layer = layerOfIpProtocol(protocol, out.ipVersion)
  return layer === LAYER_END ? stopUnsupported(out) : layer
}

/** RFC 8200 §4.5. A fragment that is the whole packet ("atomic", RFC 6946) needs no reassembly. */
function decodeFragmentHeader(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  const field = view.getUint16(offset + 2)
  at.offset = offset + 8
  out.ipId = view.getUint32(offset + 4)
  const fragmentOffset = field & 0xfff8
  const moreFragments = (field & 1) === 1
  if (fragmentOffset === 0 && (!moreFragments || at.quoted)) {
    return nextHeaderLayer(at.protocol, out)
  }
  if (at.quoted) return stopUnsupported(out)
  at.fragmentOffset = fragmentOffset
  at.moreFragments = moreFragments
  at.fragmentId = out.ipId
  return LAYER_FRAGMENT
}

/** RFC 2675 §2: the jumbo length counts from behind the fixed header, where the hop-by-hop header stands. */
function readJumboLength(
  view: DataView,
  at: LayerCursor,
  optionsEnd: number,
  out: DecodedPacket,
): void {
  let option = at.offset + 2
  while (option < optionsEnd) {
    const type = view.getUint8(option)
    if (type === 0) {
      option += 1
      continue
    }
    if (optionsEnd - option < 2) return
    const length = view.getUint8(option + 1)
    if (type === JUMBO_PAYLOAD && length === 4 && optionsEnd - option >= 6) {
      const wireEnd = at.offset + view.getUint32(option + 2)
      if (wireEnd < optionsEnd) return
      at.wireEnd = wireEnd
      if (wireEnd < at.end) at.end = wireEnd
      out.lengthFromCapture = false
      return
    }
    option += 2 + length
  }
}

/**
 * While segments are left, the connection's destination stands in the routing header (RFC 8754 §2, RFC 6275 §6.4).
 * Type 0 is not followed: RFC 5095 took it out of use.
 */
function readFinalDestination(
  view: DataView,
  offset: number,
  length: number,
  out: DecodedPacket,
): void {
  if (length < 24 || view.getUint8(offset + 3) === 0) return
  const type = view.getUint8(offset + 2)
  if (type === 4) readDestination(view, offset + 8, out)
  else if (type === 2) readDestination(view, offset + length - 16, out)
}

function readDestination(view: DataView, offset: number, out: DecodedPacket): void {
  out.dst0 = view.getUint32(offset)
  out.dst1 = view.getUint32(offset + 4)
  out.dst2 = view.getUint32(offset + 8)
  out.dst3 = view.getUint32(offset + 12)
}
