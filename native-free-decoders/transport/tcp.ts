import { isPseudoHeaderSum } from '../checksum.ts'
import type { DecodedPacket } from '../decoded-packet.ts'
import { PACKET_ICMP_QUOTING_TCP, PACKET_TCP, STOP_SNAPPED, SYN } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import { LAYER_END, stopMalformed, stopShort } from '../layer-cursor.ts'
import { decodeTcpOptions } from './tcp-options.ts'

/** Ports, sequence and acknowledgement number, header length and flags: less is not counted as a segment. */
const LEAST_CAPTURED = 14

/** What an ICMP error must quote (RFC 792): ports and sequence number. */
const LEAST_QUOTED = 8

/**
 * TCP header (RFC 9293 §3.1). A header cut by the snap length counts with the fields that are there; so does one
 * whose length cannot be, marked STOP_MALFORMED and without payload: it was sent, though no receiver takes it.
 */
export function decodeTcp(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  const end = at.end
  if (at.quoted) return decodeQuotedTcp(view, at, out)
  const have = end - offset
  if (have < LEAST_CAPTURED) return stopShort(at, out)
  const word = view.getUint16(offset + 12)
  const headerLength = (word >> 12) << 2
  const tcpLength = at.wireEnd - offset

  const ports = view.getUint32(offset)
  out.srcPort = ports >>> 16
  out.dstPort = ports & 0xffff
  out.seq = view.getUint32(offset + 4)
  out.ack = view.getUint32(offset + 8)
  out.flags = word & 0x0fff
  if (have >= 16) out.window = view.getUint16(offset + 14)
  out.kind = PACKET_TCP
  if (headerLength < 20 || headerLength > tcpLength) {
    out.payloadOffset = end
    return stopMalformed(out)
  }
  out.payloadLength = tcpLength - headerLength
  if (have >= headerLength) {
    out.checksumUnfilled = isPseudoHeaderSum(view.getUint16(offset + 16), tcpLength, out)
    if (headerLength > 20) {
      decodeTcpOptions(view, offset + 20, offset + headerLength, (word & SYN) !== 0, out)
    }
    out.payloadOffset = offset + headerLength
    out.payloadCaptured = have - headerLength
  } else {
    out.stop = STOP_SNAPPED
    out.payloadOffset = end
    if (have >= 18) {
      out.checksumUnfilled = isPseudoHeaderSum(view.getUint16(offset + 16), tcpLength, out)
    }
    if (have > 20) decodeTcpOptions(view, offset + 20, end, (word & SYN) !== 0, out)
  }
  return LAYER_END
}

/** The segment inside an ICMP error: eight bytes at least, more if the sender was generous (RFC 1812 §4.3.2.3). */
function decodeQuotedTcp(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  const end = at.end
  const have = end - offset
  if (have < LEAST_QUOTED) return stopShort(at, out)
  out.srcPort = view.getUint16(offset)
  out.dstPort = view.getUint16(offset + 2)
  out.seq = view.getUint32(offset + 4)
  out.payloadOffset = end
  out.kind = PACKET_ICMP_QUOTING_TCP
  if (have < LEAST_CAPTURED) return LAYER_END
  out.ack = view.getUint32(offset + 8)
  const word = view.getUint16(offset + 12)
  out.flags = word & 0x0fff
  if (have >= 16) out.window = view.getUint16(offset + 14)
  const headerLength = (word >> 12) << 2
  if (headerLength < 20) return LAYER_END
  const headerEnd = offset + headerLength
  if (have > 20) {
    decodeTcpOptions(view, offset + 20, Math.min(headerEnd, end), (word & SYN) !== 0, out)
  }
  out.payloadOffset = Math.min(headerEnd, end)
  out.payloadLength = Math.max(at.wireEnd - headerEnd, 0)
  out.payloadCaptured = Math.min(out.payloadLength, end - out.payloadOffset)
  return LAYER_END
}
