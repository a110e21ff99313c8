import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import {
  LAYER_CISCO_HDLC,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_MPLS,
  LAYER_PPP,
  stopShort,
  stopUnsupported,
} from '../layer-cursor.ts'
import { nextByEtherType } from './ethernet.ts'

/** PPPoE session header behind its EtherType (RFC 2516 §4): six bytes, then PPP. */
export function decodePppoe(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 6) return stopShort(at, out)
  // Version and type 1, code 0: session data.
  if (view.getUint16(offset) !== 0x1100) return stopUnsupported(out)
  at.offset = offset + 6
  return LAYER_PPP
}

/** PPP with or without HDLC address and control, protocol field in one or two bytes (RFC 1661 §2, RFC 1662 §3.1). */
export function decodePpp(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  let offset = at.offset
  if (at.end - offset < 2) return stopShort(at, out)
  const start = view.getUint16(offset)
  // LINKTYPE_PPP_HDLC also carries Cisco HDLC, whose address is 0x0f (unicast) or 0x8f (RFC 1547 §4.3.1).
  if (start === 0x0f00 || start === 0x8f00) return LAYER_CISCO_HDLC
  if (start === 0xff03) offset += 2
  if (at.end - offset < 2) return stopShort(at, out)
  let protocol = view.getUint8(offset)
  // RFC 1661 §6.5: an odd first byte is a compressed protocol field.
  if ((protocol & 1) === 1) {
    offset += 1
  } else {
    protocol = view.getUint16(offset)
    offset += 2
  }
  at.offset = offset
  switch (protocol) {
    case 0x0021:
      return LAYER_IPV4
    case 0x0057:
      return LAYER_IPV6
    case 0x0281:
    case 0x0283:
      return LAYER_MPLS
    default:
      return stopUnsupported(out)
  }
}

/** Cisco HDLC: address, control, EtherType (RFC 1547 §4.3.1). */
export function decodeCiscoHdlc(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 4) return stopShort(at, out)
  at.offset = offset + 4
  const etherType = view.getUint16(offset + 2)
  return etherType < 0x0600 ? stopUnsupported(out) : nextByEtherType(etherType, out)
}
