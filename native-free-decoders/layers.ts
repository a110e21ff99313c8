import type { DecodedPacket } from './decoded-packet.ts'
import type { Layer, LayerCursor } from './layer-cursor.ts'
import {
  LAYER_AUTHENTICATION,
  LAYER_BACKBONE_TAG,
  LAYER_CISCO_HDLC,
  LAYER_END,
  LAYER_ETHER_IP,
  LAYER_ETHERNET,
  LAYER_FABRICPATH,
  LAYER_FRAGMENT,
  LAYER_GENEVE,
  LAYER_GRE,
  LAYER_ICMPV4,
  LAYER_ICMPV6,
  LAYER_IP_IN_IP,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_IPV6_EXTENSION,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_NFLOG,
  LAYER_NULL,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_RAW_IP,
  LAYER_SLL,
  LAYER_SLL2,
  LAYER_TCP,
  LAYER_UDP,
  LAYER_VLAN,
  LAYER_VN_TAG,
  LAYER_VXLAN,
  stopUnsupported,
} from './layer-cursor.ts'
import {
  decodeBackboneTag,
  decodeEthernet,
  decodeFabricPath,
  decodeLlc,
  decodeVlan,
  decodeVnTag,
} from './link/ethernet.ts'
import { decodeSll, decodeSll2 } from './link/linux-cooked.ts'
import { decodeNull, decodeRawIp } from './link/loopback-raw.ts'
import { decodeMpls } from './link/mpls.ts'
import { decodeNflog } from './link/nflog.ts'
import { decodeCiscoHdlc, decodePpp, decodePppoe } from './link/ppp.ts'
import { decodeIcmpv4, decodeIcmpv6 } from './network/icmp.ts'
import { decodeIpv4 } from './network/ipv4.ts'
import { decodeAuthentication, decodeIpv6, decodeIpv6Extension } from './network/ipv6.ts'
import {
  decodeEtherIp,
  decodeGeneve,
  decodeGre,
  decodeIpInIp,
  decodeUdp,
  decodeVxlan,
} from './network/tunnel.ts'
import { decodeTcp } from './transport/tcp.ts'

/** More headers than any network stacks (eight tunnels of Ethernet, VLAN, IP and UDP), few enough for a hostile packet. */
const MAX_LAYERS = 48

/**
 * Decodes from `layer` at the cursor inwards until a segment, the end or a fragment. Returns LAYER_END, or
 * LAYER_FRAGMENT with the cursor on the fragment's payload: go on from there once the datagram is whole.
 */
export function decodeLayers(
  view: DataView,
  layer: Layer,
  at: LayerCursor,
  out: DecodedPacket,
): Layer {
  let next = layer
  // What nearly every packet is, without asking which layer it is.
  if (next === LAYER_ETHERNET) next = decodeEthernet(view, at, out)
  if (next === LAYER_IPV4) next = decodeIpv4(view, at, out)
  if (next === LAYER_TCP) return decodeTcp(view, at, out)
  for (let depth = 0; depth < MAX_LAYERS; depth++) {
    if (next === LAYER_END || next === LAYER_FRAGMENT) return next
    next = decodeLayer(view, next, at, out)
  }
  return next === LAYER_END || next === LAYER_FRAGMENT ? next : stopUnsupported(out)
}

/** One step of it: decodes the header at the cursor, moves past it and tells what follows. */
export function decodeLayer(
  view: DataView,
  layer: Layer,
  at: LayerCursor,
  out: DecodedPacket,
): Layer {
  switch (layer) {
    case LAYER_TCP:
      return decodeTcp(view, at, out)
    case LAYER_IPV4:
      return decodeIpv4(view, at, out)
    case LAYER_ETHERNET:
      return decodeEthernet(view, at, out)
    case LAYER_IPV6:
      return decodeIpv6(view, at, out)
    case LAYER_VLAN:
      return decodeVlan(view, at, out)
    case LAYER_SLL:
      return decodeSll(view, at, out)
    case LAYER_SLL2:
      return decodeSll2(view, at, out)
    case LAYER_UDP:
      return decodeUdp(view, at, out)
    case LAYER_VXLAN:
      return decodeVxlan(view, at, out)
    case LAYER_GENEVE:
      return decodeGeneve(view, at, out)
    case LAYER_GRE:
      return decodeGre(view, at, out)
    case LAYER_IP_IN_IP:
      return decodeIpInIp(at, out)
    case LAYER_ICMPV4:
      return decodeIcmpv4(view, at, out)
    case LAYER_ICMPV6:
      return decodeIcmpv6(view, at, out)
    case LAYER_IPV6_EXTENSION:
      return decodeIpv6Extension(view, at, out)
    case LAYER_AUTHENTICATION:
      return decodeAuthentication(view, at, out)
    case LAYER_NULL:
      return decodeNull(view, at, out)
    case LAYER_RAW_IP:
      return decodeRawIp(view, at, out)
    case LAYER_MPLS:
      return decodeMpls(view, at, out)
    case LAYER_PPPOE:
      return decodePppoe(view, at, out)
    case LAYER_PPP:
      return decodePpp(view, at, out)
    case LAYER_LLC:
      return decodeLlc(view, at, out)
    case LAYER_CISCO_HDLC:
      return decodeCiscoHdlc(view, at, out)
    case LAYER_BACKBONE_TAG:
      return decodeBackboneTag(view, at, out)
    case LAYER_FABRICPATH:
      return decodeFabricPath(view, at, out)
    case LAYER_VN_TAG:
      return decodeVnTag(view, at, out)
    case LAYER_NFLOG:
      return decodeNflog(view, at, out)
    case LAYER_ETHER_IP:
      return decodeEtherIp(view, at, out)
    default:
      return stopUnsupported(out)
  }
}
