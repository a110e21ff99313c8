import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import { mix } from '../connections/connection-table.ts'

const ETHERNET = 1
const ETHERNET_HEADER = 14
const IPV4_HEADER = 20
/** Of a TCP header, what makes a packet count as a segment (see transport/tcp.ts). */
const TCP_HEADER_LEAST = 14

/** The same shard for both directions of a 4-tuple, and for ICMP errors that quote it. */
export function shardOf(p: DecodedPacket, shards: number): number {
  const a = mix(p.src0 ^ p.src1, p.src2, p.src3, p.srcPort)
  const b = mix(p.dst0 ^ p.dst1, p.dst2, p.dst3, p.dstPort)
  return ((a ^ b) >>> 0) % shards
}

/**
 * The same of a record that is surely one whole segment over IPv4 without options, over Ethernet; -1 for every other.
 * Each shard walks all records: those of the other shards need not be decoded first.
 */
export function plainShard(
  view: DataView,
  offset: number,
  capturedLength: number,
  linkType: number,
  shards: number,
): number {
  if (linkType !== ETHERNET) return -1
  if (capturedLength < ETHERNET_HEADER + IPV4_HEADER + TCP_HEADER_LEAST) return -1
  if (view.getUint16(offset + 12) !== 0x0800) return -1
  const ip = offset + ETHERNET_HEADER
  if (view.getUint8(ip) !== 0x45 || view.getUint8(ip + 9) !== 6) return -1
  const isFragment = (view.getUint16(ip + 6) & 0x3fff) !== 0
  if (isFragment || view.getUint16(ip + 2) < IPV4_HEADER + TCP_HEADER_LEAST) return -1
  const ports = view.getUint32(ip + IPV4_HEADER)
  const a = mix(0, 0, view.getUint32(ip + 12), ports >>> 16)
  const b = mix(0, 0, view.getUint32(ip + 16), ports & 0xffff)
  return ((a ^ b) >>> 0) % shards
}
