import type { Side } from './connection.ts'

/** How a segment relates to what its sender had sent before. */
export type SegmentKind =
  | 'new'
  | 'retransmission'
  | 'out-of-order'
  | 'keep-alive'
  | 'zero-window-probe'
  | 'window-or-ack'
  | 'challenge-ack'

/** One segment that was kept of a connection: its first observation at this tap. */
export interface Segment {
  frame: number
  /** Nanoseconds after the capture's base. */
  time: number
  from: Side
  seq: number
  ack: number
  flags: number
  /** Unscaled. */
  window: number
  /** Payload bytes by IP length. */
  length: number
  ttl: number
  /** -1 where the IP version has none. */
  ipId: number
  hasTimestamps: boolean
  /** The snap length cut the options: timestamps and SACK are unknown rather than absent. */
  optionsCut: boolean
  tsVal: number
  tsEcr: number
  /** Right edge of the highest SACK block; null without one. */
  sackRight: number | null
  /** Digest of the first payload bytes (at most 32 that were captured); 0 without payload. */
  digest: number
  /** The sender's SND.NXT (highest sequence number sent, SYN and FIN counted) before this segment; null for its first. */
  senderNext: number | null
  /** The highest acknowledgement that the other side had sent before this segment; null for none. */
  otherAck: number | null
  kind: SegmentKind
  /** Direction as the capture itself records it. */
  direction: 'arriving' | 'leaving' | 'passing' | null
  /** How many further observations of this segment were folded into it. */
  copies: number
  /** Checksum left to the network card: this host sent it. */
  checksumUnfilled: boolean
}
