import type { Layer } from '../layer-cursor.ts'
import {
  LAYER_BACKBONE_TAG,
  LAYER_END,
  LAYER_ETHERNET,
  LAYER_FABRICPATH,
  LAYER_IPV4,
  LAYER_IPV6,
  LAYER_LLC,
  LAYER_MPLS,
  LAYER_PPPOE,
  LAYER_VLAN,
  LAYER_VN_TAG,
} from '../layer-cursor.ts'

/** The layer behind an EtherType or 802.3 length (IEEE 802 numbers registry); LAYER_END for one not decoded here. */
export function layerOfEtherType(etherType: number): Layer {
  switch (etherType) {
    case 0x0800:
      return LAYER_IPV4
    case 0x86dd:
      return LAYER_IPV6
    case 0x8100: // 802.1Q
    case 0x88a8: // 802.1ad
    case 0x9100: // QinQ before it was standardised
    case 0x9200:
      return LAYER_VLAN
    case 0x8847:
    case 0x8848:
      return LAYER_MPLS
    case 0x8864:
      return LAYER_PPPOE
    case 0x6558: // transparent Ethernet bridging, RFC 1701
      return LAYER_ETHERNET
    case 0x8870: // jumbo LLC
      return LAYER_LLC
    case 0x88e7: // 802.1ah
      return LAYER_BACKBONE_TAG
    case 0x8903: // Cisco FabricPath
      return LAYER_FABRICPATH
    case 0x8926: // Cisco VN-Tag
      return LAYER_VN_TAG
    default:
      // IEEE 802.3 §3.2.6: up to 1500 the field is a length and LLC follows.
      return etherType <= 1500 ? LAYER_LLC : LAYER_END
  }
}
