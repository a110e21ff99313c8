import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import {
  LAYER_END,
  LAYER_FRAGMENT,
  LAYER_IPV6,
  LAYER_TCP,
  stopMalformed,
  stopShort,
  stopUnsupported,
} from '../layer-cursor.ts'
import { layerOfIpProtocol } from './ip-protocol.ts'

/**
 * IPv4 header (RFC 791 §3.1). The header checksum is not held against the packet: captures on the sending host
 * show it before the network card fills it in.
 */
export function decodeIpv4(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 20) return stopShort(at, out)
  const first = view.getUint8(offset)
  if (first >> 4 !== 4) return first >> 4 === 6 ? LAYER_IPV6 : stopMalformed(out)
  const headerLength = (first & 0x0f) << 2
  if (headerLength < 20) return stopMalformed(out)

  const totalLength = view.getUint16(offset + 2)
  if (totalLength >= headerLength) {
    at.wireEnd = offset + totalLength
    // What follows the datagram is padding or a trailer.
    if (at.wireEnd < at.end) at.end = at.wireEnd
    out.lengthFromCapture = false
  } else if (totalLength === 0 || at.quoted) {
    // Zero: segmentation offload above 64 kB (Linux "BIG TCP"). In a quote some stacks have rewritten the field.
    out.lengthFromCapture = true
  } else {
    return stopMalformed(out)
  }

  out.ipVersion = 4
  out.ttl = view.getUint8(offset + 8)
  out.ipId = view.getUint16(offset + 4)
  out.src0 = 0
  out.src1 = 0
  out.src2 = 0
  out.src3 = view.getUint32(offset + 12)
  out.dst0 = 0
  out.dst1 = 0
  out.dst2 = 0
  out.dst3 = view.getUint32(offset + 16)

  if (headerLength > at.end - offset) return stopShort(at, out)
  at.offset = offset + headerLength
  const protocol = view.getUint8(offset + 9)
  at.protocol = protocol
  const fragment = view.getUint16(offset + 6)
  if ((fragment & 0x3fff) !== 0 && !isQuotedFirst(at, fragment)) {
    if (at.quoted) return stopUnsupported(out)
    at.fragmentOffset = (fragment & 0x1fff) << 3
    at.moreFragments = (fragment & 0x2000) !== 0
    at.fragmentId = out.ipId
    return LAYER_FRAGMENT
  }
  if (protocol === 6) return LAYER_TCP
  const layer = layerOfIpProtocol(protocol, 4)
  return layer === LAYER_END ? stopUnsupported(out) : layer
}

/** The first fragment, quoted by an ICMP error, holds the transport header: nothing has to be put together. */
function isQuotedFirst(at: LayerCursor, fragment: number): boolean {
  return at.quoted && (fragment & 0x1fff) === 0
}
