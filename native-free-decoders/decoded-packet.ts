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
  /** A 32-bit digest of the innermost link-layer source address, 0 where there is none (or it is all zeros). */
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

  /** For PACKET_ICMP_QUOTING_TCP the ports, seq, TTL and addresses above are the quoted segment's. */
  icmpType = 0
  /** 4 for ICMP, 6 for ICMPv6 (the two number their types differently), 0 when there is no quote. */
  icmpVersion = 0
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

  /** Back to the state of a new object: nothing of one packet may be seen in the next. */
  reset(): void {
    this.kind = PACKET_OTHER
    this.ipVersion = 0
    this.src0 = 0
    this.src1 = 0
    this.src2 = 0
    this.src3 = 0
    this.dst0 = 0
    this.dst1 = 0
    this.dst2 = 0
    this.dst3 = 0
    this.ttl = 0
    this.ipId = -1
    this.direction = 0
    this.ifIndex = 0
    this.vlan = 0
    this.tunnel = TUNNEL_NONE
    this.vni = 0
    this.linkSource = 0
    this.srcPort = 0
    this.dstPort = 0
    this.seq = 0
    this.ack = 0
    this.flags = 0
    this.window = 0
    this.payloadLength = 0
    this.payloadOffset = 0
    this.payloadCaptured = 0
    this.lengthFromCapture = false
    this.hasTimestamps = false
    this.tsVal = 0
    this.tsEcr = 0
    this.mss = 0
    this.windowScale = -1
    this.sackPermitted = false
    this.sackBlocks = 0
    this.sackLeft = 0
    this.sackRight = 0
    this.mptcp = false
    this.resetReason = -1
    this.checksumUnfilled = false
    this.icmpVersion = 0
    this.icmpType = 0
    this.icmpCode = 0
    this.icmpMtu = 0
    this.icmpFrom0 = 0
    this.icmpFrom1 = 0
    this.icmpFrom2 = 0
    this.icmpFrom3 = 0
    this.reassembled = null
    this.stop = STOP_NONE
  }
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
