import type { Layer } from '../layer-cursor.ts'
import {
  LAYER_AUTHENTICATION,
  LAYER_END,
  LAYER_ETHER_IP,
  LAYER_GRE,
  LAYER_ICMPV4,
  LAYER_ICMPV6,
  LAYER_IP_IN_IP,
  LAYER_IPV6_EXTENSION,
  LAYER_MPLS,
  LAYER_TCP,
  LAYER_UDP,
} from '../layer-cursor.ts'

/** The layer behind an IP protocol number or IPv6 next header (IANA protocol numbers); LAYER_END for one not decoded here. */
export function layerOfIpProtocol(protocol: number, ipVersion: number): Layer {
  switch (protocol) {
    case 6:
      return LAYER_TCP
    case 17:
      return LAYER_UDP
    case 1:
      return ipVersion === 4 ? LAYER_ICMPV4 : LAYER_END
    case 58:
      return ipVersion === 6 ? LAYER_ICMPV6 : LAYER_END
    case 4:
    case 41:
      return LAYER_IP_IN_IP
    case 47:
      return LAYER_GRE
    case 51:
      return LAYER_AUTHENTICATION
    case 97: // EtherIP
      return LAYER_ETHER_IP
    case 137: // MPLS-in-IP
      return LAYER_MPLS
    case 0: // hop-by-hop options
    case 43: // routing
    case 44: // fragment
    case 60: // destination options
    case 135: // mobility
    case 139: // host identity
    case 140: // shim6
      return ipVersion === 6 ? LAYER_IPV6_EXTENSION : LAYER_END
    default:
      return LAYER_END
  }
}
