import type { DecodedPacket } from '../decoded-packet.ts'
import {
  TUNNEL_4IN6,
  TUNNEL_6IN4,
  TUNNEL_GENEVE,
  TUNNEL_GRE,
  TUNNEL_IP6IP6,
  TUNNEL_IPIP,
  TUNNEL_NONE,
  TUNNEL_VXLAN,
} from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import {
  LAYER_END,
  LAYER_ETHERNET,
  LAYER_GENEVE,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_PPP,
  LAYER_VXLAN,
  stopShort,
  stopUnsupported,
} from '../layer-cursor.ts'
import { nextByEtherType } from '../link/ethernet.ts'

/** UDP header (RFC 768), only to find overlay networks by destination port. */
export function decodeUdp(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 8) return stopShort(at, out)
  at.offset = offset + 8
  const layer = layerOfUdpPort(view.getUint16(offset + 2))
  if (layer !== LAYER_END) return layer
  // Senders pick the source port by hash (RFC 7348 §5), but some use the same number on both sides of a NAT.
  const bySource = layerOfUdpPort(view.getUint16(offset))
  return bySource === LAYER_END ? stopUnsupported(out) : bySource
}

function layerOfUdpPort(port: number): Layer {
  switch (port) {
    case 4789: // IANA
    case 8472: // Linux kernel default, used by Flannel and Cilium
    case 4790: // VXLAN-GPE
      return LAYER_VXLAN
    case 6081:
      return LAYER_GENEVE
    default:
      return LAYER_END
  }
}

/** VXLAN header (RFC 7348 §5), or VXLAN-GPE's where the P flag is set (draft-ietf-nvo3-vxlan-gpe §3.1). */
export function decodeVxlan(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 8) return stopShort(at, out)
  const flags = view.getUint8(offset)
  // The I flag: the VNI is valid.
  if ((flags & 0x08) === 0) return stopUnsupported(out)
  enterTunnel(TUNNEL_VXLAN, view.getUint32(offset + 4) >>> 8, out)
  at.offset = offset + 8
  if ((flags & 0x04) === 0) return LAYER_ETHERNET
  switch (view.getUint8(offset + 3)) {
    case 1:
      return LAYER_IPV4
    case 2:
      return LAYER_IPV6
    case 3:
      return LAYER_ETHERNET
    default:
      return stopUnsupported(out)
  }
}

/** Geneve header (RFC 8926 §3.4), options skipped. */
export function decodeGeneve(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 8) return stopShort(at, out)
  const headerLength = 8 + ((view.getUint8(offset) & 0x3f) << 2)
  if (at.end - offset < headerLength) return stopShort(at, out)
  enterTunnel(TUNNEL_GENEVE, view.getUint32(offset + 4) >>> 8, out)
  at.offset = offset + headerLength
  return nextByTunnelType(view.getUint16(offset + 2), out)
}

/** GRE version 0 (RFC 2784, RFC 2890), ERSPAN in it, and version 1 as PPTP uses it (RFC 2637 §4.1). */
export function decodeGre(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 4) return stopShort(at, out)
  const flags = view.getUint16(offset)
  const type = view.getUint16(offset + 2)
  const version = flags & 0x0007
  // Source routing (RFC 1701) is obsolete; no version above 1 exists.
  if ((flags & 0x4000) !== 0 || version > 1) return stopUnsupported(out)

  let inner = offset + 4
  if ((flags & 0x8000) !== 0) inner += 4 // checksum
  const hasKey = (flags & 0x2000) !== 0
  const key = inner
  if (hasKey) inner += 4
  const hasSequence = (flags & 0x1000) !== 0
  if (hasSequence) inner += 4
  if (version === 1 && (flags & 0x0080) !== 0) inner += 4 // acknowledgement
  if (at.end < inner) return stopShort(at, out)

  at.offset = inner
  if (version === 1) {
    // Without a sequence number the packet is a bare acknowledgement.
    if (type !== 0x880b || !hasSequence) return stopUnsupported(out)
    enterTunnel(TUNNEL_GRE, hasKey ? view.getUint16(key + 2) : 0, out)
    return LAYER_PPP
  }
  enterTunnel(TUNNEL_GRE, hasKey ? view.getUint32(key) : 0, out)
  if (type === 0x88be || type === 0x22eb) return skipErspan(view, type, hasSequence, at, out)
  if (type === 0x883e) return skipRedirectHeader(view, at, out)
  return nextByTunnelType(type, out)
}

/** WCCP (draft-wilson-wrec-wccp-v2-01 §4.12): version 2 puts four bytes before the redirected IPv4 packet. */
function skipRedirectHeader(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  if (at.end - at.offset < 4) return stopShort(at, out)
  if (view.getUint8(at.offset) >> 4 !== 4) at.offset += 4
  return LAYER_IPV4
}

/** EtherIP (RFC 3378 §3): a two-byte header, then the frame. */
export function decodeEtherIp(_view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  if (at.end - at.offset < 2) return stopShort(at, out)
  at.offset += 2
  return LAYER_ETHERNET
}

/** IP directly in IP (RFC 2003, RFC 4213, RFC 2473): the inner version is in `at.protocol`. */
export function decodeIpInIp(at: LayerCursor, out: DecodedPacket): Layer {
  const innerIsV6 = at.protocol === 41
  if (out.ipVersion === 4) enterTunnel(innerIsV6 ? TUNNEL_6IN4 : TUNNEL_IPIP, 0, out)
  else enterTunnel(innerIsV6 ? TUNNEL_IP6IP6 : TUNNEL_4IN6, 0, out)
  return innerIsV6 ? LAYER_IPV6 : LAYER_IPV4
}

/**
 * ERSPAN header behind GRE (draft-foschiano-erspan-03 §4): type I has none and no GRE sequence number either,
 * type II 8 bytes, type III 12 bytes and 8 more when its last bit is set.
 */
function skipErspan(
  view: DataView,
  type: number,
  hasSequence: boolean,
  at: LayerCursor,
  out: DecodedPacket,
): Layer {
  const offset = at.offset
  let length = 0
  if (type === 0x22eb) {
    if (at.end - offset < 12) return stopShort(at, out)
    length = (view.getUint8(offset + 11) & 1) === 1 ? 20 : 12
  } else if (hasSequence) {
    length = 8
  }
  if (at.end - offset < length) return stopShort(at, out)
  at.offset = offset + length
  return LAYER_ETHERNET
}

function nextByTunnelType(etherType: number, out: DecodedPacket): Layer {
  // Small numbers are no 802.3 lengths here (RFC 2784 §2.4).
  return etherType < 0x0600 ? stopUnsupported(out) : nextByEtherType(etherType, out)
}

/** The outermost tunnel names the packet's path; a VNI deeper inside counts only when it has none. */
function enterTunnel(kind: number, vni: number, out: DecodedPacket): void {
  if (out.tunnel === TUNNEL_NONE) out.tunnel = kind
  if (out.vni === 0) out.vni = vni
}
