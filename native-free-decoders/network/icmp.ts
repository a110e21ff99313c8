import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import { LAYER_IPV4, LAYER_IPV6, stopShort, stopUnsupported } from '../layer-cursor.ts'

/** ICMP errors (RFC 792, RFC 1191): behind the eight-byte header stands the start of the packet complained about. */
export function decodeIcmpv4(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 8) return stopShort(at, out)
  const type = view.getUint8(offset)
  // Unreachable, source quench, redirect, time exceeded, parameter problem; never an error about an error.
  if ((type !== 3 && type !== 4 && type !== 5 && type !== 11 && type !== 12) || at.quoted) {
    return stopUnsupported(out)
  }
  const code = view.getUint8(offset + 1)
  beginQuote(4, type, code, at, out)
  if (type === 3 && code === 4) out.icmpMtu = view.getUint16(offset + 6)
  return LAYER_IPV4
}

/** ICMPv6 errors (RFC 4443 §3): types 1 to 4. */
export function decodeIcmpv6(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 8) return stopShort(at, out)
  const type = view.getUint8(offset)
  if (type < 1 || type > 4 || at.quoted) return stopUnsupported(out)
  beginQuote(6, type, view.getUint8(offset + 1), at, out)
  if (type === 2) out.icmpMtu = view.getUint32(offset + 4)
  return LAYER_IPV6
}

function beginQuote(
  version: 4 | 6,
  type: number,
  code: number,
  at: LayerCursor,
  out: DecodedPacket,
): void {
  out.icmpVersion = version
  out.icmpType = type
  out.icmpCode = code
  out.icmpFrom0 = out.src0
  out.icmpFrom1 = out.src1
  out.icmpFrom2 = out.src2
  out.icmpFrom3 = out.src3
  at.quoted = true
  at.offset += 8
}
