import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import {
  LAYER_END,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  stopShort,
  stopUnsupported,
} from '../layer-cursor.ts'
import { layerOfEtherType } from './ether-type.ts'

const MAX_LABELS = 16

/**
 * MPLS label stack (RFC 3032 §2.1). Nothing in it names the payload: IP is recognised by its version, and an
 * Ethernet pseudowire (RFC 4448), with or without control word, by a known EtherType where it must stand.
 */
export function decodeMpls(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  let offset = at.offset
  for (let labels = 0; ; labels++) {
    if (labels === MAX_LABELS) return stopUnsupported(out)
    if (at.end - offset < 4) return stopShort(at, out)
    const bottomOfStack = view.getUint8(offset + 2) & 1
    offset += 4
    if (bottomOfStack === 1) break
  }
  at.offset = offset
  if (at.end - offset < 1) return stopShort(at, out)
  const first = view.getUint8(offset)
  if (first >= 0x45 && first <= 0x4f) return LAYER_IPV4
  if (first >> 4 === 6) return LAYER_IPV6
  if (first >> 4 === 0 && isEthernetAt(view, offset + 4, at.end)) {
    at.offset = offset + 4
    return LAYER_ETHERNET
  }
  if (isEthernetAt(view, offset, at.end)) return LAYER_ETHERNET
  return at.end - offset < 18 ? stopShort(at, out) : stopUnsupported(out)
}

function isEthernetAt(view: DataView, offset: number, end: number): boolean {
  if (end - offset < 14) return false
  const etherType = view.getUint16(offset + 12)
  return etherType > 1500 && layerOfEtherType(etherType) !== LAYER_END
}
