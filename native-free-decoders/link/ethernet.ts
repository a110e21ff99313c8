import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import {
  LAYER_END,
  LAYER_ETHERNET,
  LAYER_IPV4,
  stopShort,
  stopUnsupported,
} from '../layer-cursor.ts'
import { layerOfEtherType } from './ether-type.ts'

/** Ethernet II or 802.3 header (IEEE 802.3 §3). */
export function decodeEthernet(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 14) return stopShort(at, out)
  out.linkSource = linkAddressDigest(view.getUint32(offset + 6), view.getUint16(offset + 10))
  at.offset = offset + 14
  return nextByEtherType(view.getUint16(offset + 12), out)
}

/** VLAN tag behind its EtherType (IEEE 802.1Q §9.6): the innermost id is kept. */
export function decodeVlan(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 4) return stopShort(at, out)
  const id = view.getUint16(offset) & 0x0fff
  // Id 0 only carries a priority: the frame still belongs to the outer VLAN.
  if (id !== 0) out.vlan = id
  at.offset = offset + 4
  return nextByEtherType(view.getUint16(offset + 2), out)
}

/** LLC with or without SNAP (IEEE 802.2, RFC 1042). */
export function decodeLlc(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 3) return stopShort(at, out)
  const services = view.getUint16(offset)
  if (services === 0x0606 && view.getUint8(offset + 2) === 0x03) {
    at.offset = offset + 3
    return LAYER_IPV4
  }
  if (services !== 0xaaaa) return stopUnsupported(out)
  if (at.end - offset < 8) return stopShort(at, out)
  const organisation = view.getUint32(offset + 2) & 0x00ffffff
  if (organisation !== 0 && organisation !== 0x0000f8) return stopUnsupported(out)
  at.offset = offset + 8
  const etherType = view.getUint16(offset + 6)
  // A length here would nest LLC in LLC, which no sender does.
  return etherType <= 1500 ? stopUnsupported(out) : nextByEtherType(etherType, out)
}

/** 802.1ah I-TAG behind its EtherType: four bytes of service id, then the customer's frame. */
export function decodeBackboneTag(_view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  if (at.end - at.offset < 4) return stopShort(at, out)
  at.offset += 4
  return LAYER_ETHERNET
}

/** Cisco FabricPath behind its EtherType: tree and TTL in two bytes, then the original frame. */
export function decodeFabricPath(_view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  if (at.end - at.offset < 2) return stopShort(at, out)
  at.offset += 2
  return LAYER_ETHERNET
}

/** Cisco VN-Tag behind its EtherType: four bytes, then an EtherType. */
export function decodeVnTag(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 6) return stopShort(at, out)
  at.offset = offset + 6
  return nextByEtherType(view.getUint16(offset + 4), out)
}

/** The layer behind `etherType`, with `stop` set when it is none of ours. */
export function nextByEtherType(etherType: number, out: DecodedPacket): Layer {
  if (etherType === 0x0800) return LAYER_IPV4
  const layer = layerOfEtherType(etherType)
  return layer === LAYER_END ? stopUnsupported(out) : layer
}

/** Mixes a link-layer address (first four bytes, last two) into 32 bits; all zeros stays 0. */
export function linkAddressDigest(high: number, low: number): number {
  const mixed = Math.imul(high ^ (high >>> 15), 0x2c1b3c6d) + Math.imul(low, 0x297a2d39)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
