import {
  DecodedPacket,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_TCP,
  STOP_MALFORMED,
} from '../../native-free-decoders/decoded-packet.ts'
import { LAYER_END, LAYER_FRAGMENT, LayerCursor } from '../../native-free-decoders/layer-cursor.ts'
import { decodeLayers } from '../../native-free-decoders/layers.ts'
import { layerOfLinkType } from '../../native-free-decoders/link/link-type.ts'

const TCP = 6
const FIXED_HEADER = 20
const cursor = new LayerCursor()
const packet = new DecodedPacket()

/**
 * How many bytes of a record are headers: up to the end of the TCP header, of a segment quoted by an ICMP error, or of the
 * IP header of a later fragment. Payload begins there; what is no TCP at all has none that is known, and 0 is returned.
 */
export function headerLength(
  view: DataView,
  offset: number,
  capturedLength: number,
  originalLength: number,
  linkType: number,
): number {
  packet.reset()
  cursor.offset = offset
  cursor.end = offset + capturedLength
  cursor.wireEnd = offset + Math.max(capturedLength, originalLength)
  cursor.quoted = false
  const layer = layerOfLinkType(linkType)
  if (layer === LAYER_END) return 0
  if (decodeLayers(view, layer, cursor, packet) === LAYER_FRAGMENT) {
    return Math.min(cursor.offset + transportHeader(view), cursor.end) - offset
  }
  if (packet.kind !== PACKET_TCP && packet.kind !== PACKET_ICMP_QUOTING_TCP) return 0
  return Math.min(packet.payloadOffset, cursor.offset + statedLength(view)) - offset
}

/** Behind a header of impossible length stands anything: of that the fixed part is header. */
function statedLength(view: DataView): number {
  const { offset, end } = cursor
  if (end - offset < 13) return end - offset
  const stated = (view.getUint8(offset + 12) >> 4) << 2
  return packet.stop === STOP_MALFORMED ? FIXED_HEADER : Math.max(stated, FIXED_HEADER)
}

/** The first fragment holds the TCP header; the others begin with payload. */
function transportHeader(view: DataView): number {
  const { offset, end, protocol, fragmentOffset } = cursor
  if (protocol !== TCP || fragmentOffset !== 0 || end - offset < 13) return 0
  return (view.getUint8(offset + 12) >> 4) << 2
}
