import type { DecodedPacket } from '../decoded-packet.ts'
import type { Layer, LayerCursor } from '../layer-cursor.ts'
import { LAYER_LLC, stopShort } from '../layer-cursor.ts'
import { linkAddressDigest, nextByEtherType } from './ethernet.ts'

/** LINKTYPE_LINUX_SLL: 16-byte header of captures on "any" (tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html). */
export function decodeSll(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 16) return stopShort(at, out)
  out.direction = directionOfPacketType(view.getUint16(offset))
  out.linkSource = sourceDigest(view, offset + 6, view.getUint16(offset + 4))
  at.offset = offset + 16
  return nextByCookedProtocol(view.getUint16(offset + 14), out)
}

/** LINKTYPE_LINUX_SLL2: 20-byte header, with the interface index (tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html). */
export function decodeSll2(view: DataView, at: LayerCursor, out: DecodedPacket): Layer {
  const offset = at.offset
  if (at.end - offset < 20) return stopShort(at, out)
  out.ifIndex = view.getUint32(offset + 4)
  out.direction = directionOfPacketType(view.getUint8(offset + 10))
  out.linkSource = sourceDigest(view, offset + 12, view.getUint8(offset + 11))
  at.offset = offset + 20
  return nextByCookedProtocol(view.getUint16(offset), out)
}

function nextByCookedProtocol(protocol: number, out: DecodedPacket): Layer {
  // 4 is ETH_P_802_2 here, not a length.
  return protocol === 0x0004
    ? LAYER_LLC
    : nextByEtherType(protocol < 0x0600 ? 0xffff : protocol, out)
}

/** PACKET_HOST 0, BROADCAST 1, MULTICAST 2, OTHERHOST 3, OUTGOING 4 (linux/if_packet.h). */
function directionOfPacketType(packetType: number): 0 | 1 | 2 | 3 {
  if (packetType === 4) return 2
  if (packetType === 3) return 3
  return packetType < 3 ? 1 : 0
}

/** The same digest as Ethernet's for an address of six bytes. */
function sourceDigest(view: DataView, offset: number, addressLength: number): number {
  if (addressLength === 0) return 0
  const low = view.getUint16(offset + 4)
  return linkAddressDigest(view.getUint32(offset), addressLength < 6 ? 0 : low)
}
