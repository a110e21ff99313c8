import type { DecodedPacket } from './decoded-packet.ts'
import { STOP_MALFORMED, STOP_SNAPPED, STOP_UNSUPPORTED } from './decoded-packet.ts'

/**
 * Where decoding stands between two layers: each layer decoder reads it, moves it past its own header and
 * returns which layer comes next. Allocated once, reused for every packet.
 */
export class LayerCursor {
  /** Index of the next layer's first byte. */
  offset = 0
  /** Index after the last captured byte that belongs to the next layer (padding and trailers excluded). */
  end = 0
  /** Index after the layer's last byte as it was on the wire, by length fields; above `end` when the record was cut. */
  wireEnd = 0
  /** IP protocol number of the next layer, where that layer needs to know it. */
  protocol = 0
  /** Byte offset of a fragment's payload in its datagram. */
  fragmentOffset = 0
  moreFragments = false
  /** IPv4 identification (16 bits) or the IPv6 fragment header's (32 bits). */
  fragmentId = 0
  /** True behind an ICMP error's header: what follows is a copy of somebody's packet, usually cut. */
  quoted = false
}

export type Layer = number

/** Nothing more to decode: `kind` and `stop` of the packet say what was found. */
export const LAYER_END = 0
export const LAYER_ETHERNET = 1
export const LAYER_IPV4 = 2
export const LAYER_TCP = 3
export const LAYER_IPV6 = 4
export const LAYER_VLAN = 5
export const LAYER_UDP = 6
export const LAYER_IPV6_EXTENSION = 7
export const LAYER_AUTHENTICATION = 8
export const LAYER_ICMPV4 = 9
export const LAYER_ICMPV6 = 10
export const LAYER_GRE = 11
export const LAYER_VXLAN = 12
export const LAYER_GENEVE = 13
export const LAYER_MPLS = 14
export const LAYER_PPPOE = 15
export const LAYER_PPP = 16
export const LAYER_LLC = 17
export const LAYER_SLL = 18
export const LAYER_SLL2 = 19
export const LAYER_NULL = 20
/** An IP header whose version is in its first four bits. */
export const LAYER_RAW_IP = 21
/** IPv4 or IPv6 directly behind an IP header. */
export const LAYER_IP_IN_IP = 22
/** A fragment: `protocol`, `fragmentOffset`, `moreFragments` and `fragmentId` describe it. Needs memory, so it is the caller's. */
export const LAYER_FRAGMENT = 23
export const LAYER_BACKBONE_TAG = 24
export const LAYER_FABRICPATH = 25
export const LAYER_VN_TAG = 26
export const LAYER_CISCO_HDLC = 27
export const LAYER_ETHER_IP = 28
export const LAYER_NFLOG = 29

/** Ends decoding because the header at the cursor is not there: cut by the snap length, or by a wrong length field. */
export function stopShort(at: LayerCursor, out: DecodedPacket): Layer {
  out.stop = at.wireEnd > at.end ? STOP_SNAPPED : STOP_MALFORMED
  return LAYER_END
}

export function stopMalformed(out: DecodedPacket): Layer {
  out.stop = STOP_MALFORMED
  return LAYER_END
}

export function stopUnsupported(out: DecodedPacket): Layer {
  out.stop = STOP_UNSUPPORTED
  return LAYER_END
}
