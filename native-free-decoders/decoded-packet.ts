/**
 * The scratch object that one packet is decoded into: allocated once per worker, overwritten for each packet.
 * Numbers only, so that decoding allocates nothing. Addresses are four big-endian 32-bit words; an IPv4
 * address stands in word 3 alone (`ipVersion` tells the two apart).
 */
export class DecodedPacket {
  /** What was found at the innermost layer. */
  kind: PacketKind = PACKET_OTHER
  /** 4 or 6 for the innermost IP header, 0 when none was found. */
  ipVersion = 0
  src0 = 0
  src1 = 0
  src2 = 0
  src3 = 0
  dst0 = 0
  dst1 = 0
  dst2 = 0
  dst3 = 0
  /** TTL or hop limit of the innermost IP header. */
  ttl = 0
  /** IPv4 identification; -1 for IPv6 without a fragment header. */
  ipId = -1

  /** Direction as the capture records it: 0 unknown, 1 arriving at this host, 2 leaving it, 3 seen on its way to another host. */
  direction: 0 | 1 | 2 | 3 = 0
  /** Interface index recorded per packet (SLL2), else 0. */
  ifIndex = 0
  /** Innermost VLAN id, 0 for none. */
  vlan = 0
  /** One of the TUNNEL_ constants, of the outermost tunnel. */
  tunnel = 0
  /** VXLAN or Geneve VNI, GRE key; 0 for none. */
  vni = 0
  /** A 32-bit digest of the link-layer source address, 0 where the link type has none. */
  linkSource = 0

  srcPort = 0
  dstPort = 0
  seq = 0
  ack = 0
  /** Twelve bits: CWR ECE URG ACK PSH RST SYN FIN in the low eight (FIN = 1), AE and reserved above. */
  flags = 0
  /** The window field as sent, unscaled. */
  window = 0
  /** TCP payload bytes by the IP length (never by the captured length); see `lengthFromCapture`. */
  payloadLength = 0
  /** Index of the first payload byte in the buffer that was decoded (or in `reassembled`). */
  payloadOffset = 0
  /** How many of the payload bytes were captured: 0 … payloadLength. */
  payloadCaptured = 0
  /** True when the IP total length was zero (TSO) and the length had to be taken from the record's original length. */
  lengthFromCapture = false
  hasTimestamps = false
  tsVal = 0
  tsEcr = 0
  /** MSS option of a SYN, 0 for none. */
  mss = 0
  /** Window scale option of a SYN, -1 for none. */
  windowScale = -1
  sackPermitted = false
  /** Number of SACK blocks; `sackRight` is the right edge of the highest, `sackLeft` the left edge of the lowest. */
  sackBlocks = 0
  sackLeft = 0
  sackRight = 0
  /** MPTCP option present; `resetReason` is the MP_TCPRST reason or -1. */
  mptcp = false
  resetReason = -1
  /** The checksum field holds only the pseudo-header sum: left to the network card, so this host sent it. */
  checksumUnfilled = false

  /** For PACKET_ICMP_QUOTING_TCP the ports, seq and addresses above are the quoted segment's. */
  icmpType = 0
  icmpCode = 0
  /** Next-hop MTU of "fragmentation needed" / "packet too big", else 0. */
  icmpMtu = 0
  /** Who sent the ICMP error. */
  icmpFrom0 = 0
  icmpFrom1 = 0
  icmpFrom2 = 0
  icmpFrom3 = 0

  /** Set when the payload lies in a reassembled datagram instead of the record. */
  reassembled: Uint8Array | null = null

  /** Where and why decoding stopped early: 0 when it did not. One of the STOP_ constants. */
  stop = 0
}

export type PacketKind = 0 | 1 | 2 | 3
/** Not TCP (or not decodable as TCP). */
export const PACKET_OTHER = 0
export const PACKET_TCP = 1
/** An ICMP or ICMPv6 error whose quoted packet is TCP with at least both ports and the sequence number. */
export const PACKET_ICMP_QUOTING_TCP = 2
/** A fragment that does not complete a datagram (yet). */
export const PACKET_FRAGMENT = 3

export const TUNNEL_NONE = 0
export const TUNNEL_VXLAN = 1
export const TUNNEL_GENEVE = 2
export const TUNNEL_GRE = 3
export const TUNNEL_IPIP = 4
export const TUNNEL_6IN4 = 5
export const TUNNEL_4IN6 = 6
export const TUNNEL_IP6IP6 = 7

export const STOP_NONE = 0
/** The record was cut by the snap length inside a header that was needed. */
export const STOP_SNAPPED = 1
/** A length field contradicts the bytes around it. */
export const STOP_MALFORMED = 2
/** A link type, ether type or protocol that is not decoded here. */
export const STOP_UNSUPPORTED = 3

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10
export const URG = 0x20
