import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import { mix } from './connection-table.ts'

/**
 * Where within one file a packet was seen: the container's interface or that of the cooked header, VLAN and tunnel, as
 * one number. What it says of a packet twice is the same place.
 */
export function placeOf(p: DecodedPacket, interfaceIndex: number): number {
  return mix(p.ifIndex, p.vlan | (interfaceIndex << 16), p.vni, 0)
}
