import type { ApplicationSummary } from './application.ts'
import type { Segment } from './segment.ts'

/** The two ends of a connection, and the two tap points named after them. */
export type Side = 'client' | 'upstream'

export type RoleReason =
  | 'syn'
  | 'syn-ack'
  | 'application'
  | 'server-option'
  | 'several-peers'
  | 'tap-direction'
  | 'first-packet'

export interface Endpoint {
  address: string
  port: number
}

export interface AddressPair {
  client: Endpoint
  upstream: Endpoint
}

/** An ICMP error that quotes a segment of this connection. */
export interface IcmpError {
  frame: number
  time: number
  /** 4 or 6. */
  version: number
  type: number
  code: number
  mtu: number
  from: string
  /** Who sent the quoted segment. */
  about: Side
  quotedSeq: number
}

/** What one direction did, over the whole life of the connection. */
export interface DirectionFacts {
  packets: number
  bytes: number
  /** Initial sequence number; null without SYN in view. */
  isn: number | null
  /** Highest sequence number sent, SYN and FIN counted; null when nothing was seen. */
  next: number | null
  /** Highest acknowledgement number sent. */
  acked: number | null
  /** Bytes that the other side acknowledged (or that this side went past) though no segment here held them. */
  unseenBytes: number
  unseenSegments: number
  retransmissions: number
  zeroWindows: number
  mss: number
  /** -1 for none. */
  windowScale: number
  /** TTLs of non-RST segments: lowest, highest, of the last. */
  ttlLow: number
  ttlHigh: number
  ttlLast: number
  /** Segments whose checksum was left to the card. */
  unfilledChecksums: number
  /** Largest payload of one segment. */
  largestPayload: number
  finSeq: number | null
  resets: number
  /** Relative ns of the first and last payload byte; null for none. */
  firstPayloadTime: number | null
  lastPayloadTime: number | null
  lastPayloadFrame: number
  /** Of the last segment that was not a RST. */
  lastTime: number | null
}

/** One connection as one capture shows it. */
export interface ConnectionView {
  endpoints: AddressPair
  roleReason: RoleReason
  /** Other address pairs under which packets of this connection appear in the same capture. */
  alsoSeenAs: AddressPair[]
  ipVersion: 4 | 6
  firstFrame: number
  lastFrame: number
  /** Relative ns. */
  firstTime: number
  lastTime: number
  packets: number
  history: string
  midstream: boolean
  tunnel: string | null
  client: DirectionFacts
  upstream: DirectionFacts
  /** Kept segments in file order: the first ones, all of SYN FIN RST within a bound, samples, and the last ones. */
  segments: Segment[]
  /** Frame from which on every segment is kept; `firstFrame` when none was let go. */
  contiguousFrom: number
  /** Frames of kept segments that were seen under one of `alsoSeenAs` only. */
  strangeFrames: ReadonlySet<number>
  icmp: IcmpError[]
  application: ApplicationSummary
}
