import type { Layer } from '../layer-cursor.ts'
import {
  LAYER_CISCO_HDLC,
  LAYER_END,
  LAYER_ETHERNET,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_NFLOG,
  LAYER_NULL,
  LAYER_PPP,
  LAYER_PPPOE,
  LAYER_RAW_IP,
  LAYER_SLL,
  LAYER_SLL2,
} from '../layer-cursor.ts'

/** The first layer of a record by LINKTYPE_ number (tcpdump.org/linktypes.html); LAYER_END for one not decoded here. */
export function layerOfLinkType(linkType: number): Layer {
  switch (linkType) {
    case 1:
      return LAYER_ETHERNET
    case 113:
      return LAYER_SLL
    case 276:
      return LAYER_SLL2
    case 0: // NULL
    case 108: // LOOP
      return LAYER_NULL
    case 101: // RAW
    case 12: // DLT_RAW on most systems, written by old programs
    case 14: // DLT_RAW on OpenBSD
      return LAYER_RAW_IP
    case 228:
      return LAYER_IPV4
    case 229:
      return LAYER_IPV6
    case 9: // PPP
    case 50: // PPP_HDLC
      return LAYER_PPP
    case 51: // PPP_ETHER
      return LAYER_PPPOE
    case 239:
      return LAYER_NFLOG
    case 104: // C_HDLC
      return LAYER_CISCO_HDLC
    default:
      return LAYER_END
  }
}
