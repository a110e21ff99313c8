import type { AddressPair, ConnectionView, Endpoint, RoleReason, Side } from './connection.ts'
import type { EngineTotals } from './connection-data.ts'
import type { CaptureFacts } from './record-reader.ts'
import type { SegmentMoments, SegmentNumbers } from './segment-numbers.ts'

/** All connections of one capture, in order of their first frame; objects are made only on request. */
export interface ConnectionSet {
  /** The capture's id in the report: "client", "upstream", "capture". */
  readonly capture: string
  readonly facts: CaptureFacts
  readonly totals: EngineTotals
  /** Connections after folding; indices run from 0. */
  readonly count: number
  /** Initial sequence number of a side; -1 when its SYN or SYN-ACK is not in view. */
  isn(index: number, side: Side): number
  /** The same, also where a SYN-ACK names the SYN that is not in view. For matching. */
  impliedIsn(index: number, side: Side): number
  /** TSval of the first SYN; -1 without. */
  synTimestamp(index: number): number
  /** IP ID of the first SYN; -1 without or for IPv6. NAT leaves it alone. */
  synIpId(index: number): number
  isMidstream(index: number): boolean
  /** Relative ns. */
  firstTime(index: number): number
  lastTime(index: number): number
  firstFrame(index: number): number
  unseenSegments(index: number): number
  clientPort(index: number): number
  upstreamPort(index: number): number
  roleReason(index: number): RoleReason
  /** Makes the other endpoint the client, for a reason that another capture or an option gives. */
  setRoles(index: number, swap: boolean, reason: RoleReason): void
  view(index: number): ConnectionView
  /** TTLs that an address uses in this capture, over all its connections; null when only RSTs carry it. */
  usualTtl(endpoint: Endpoint): { low: number; high: number } | null
  /** ICMP errors that quote a TCP segment of no connection here. */
  readonly orphanIcmp: number
  /** The numbers of a connection's kept segments, those of `view` in the same order; makes no object. */
  readSegments(index: number, into: SegmentNumbers): void
  /** The same of one with a shape, but only when which side sent what: often without reading its segments. */
  readMoments(index: number, into: SegmentMoments): void
  /** Packets of a side that are no RSTs. */
  livePackets(index: number, side: Side): number
  /** The one TTL of a side's packets that are no RSTs; -1 where they differ, 0 where there are none. */
  steadyTtl(index: number, side: Side): number
  endpoints(index: number): AddressPair
  /** Was it seen under other addresses too? Then only `view` shows all of them. */
  hasFolds(index: number): boolean
  /** Was one direction only seen of it, and more than a SYN that nothing answered? */
  isOneWay(index: number): boolean
  /**
   * A small number from 0: connections of one shape in one capture ended alike but for frames, times and endpoints, as
   * far as they themselves show it (see shapes.ts for what else counts). -1 where each segment must be looked at.
   */
  shape(index: number): number
  /** Of one with a shape: did its end leave no trace but SYNs of the client? */
  isUnansweredSyn(index: number): boolean
  /** Of one with a shape: was it refused by a RST, and by whom? */
  resetBy(index: number): Side | null
  /** Of one with a shape: its first FIN or RST, and the upstream's last segment in a talk of both; relative ns. */
  closeTime(index: number): number
  aliveTime(index: number): number
  /** A digest of the segments of a side, in order; 0 where not all of them were kept. */
  sequence(index: number, side: Side): number
  /** TTLs that the address of a side uses in this capture, as `usualTtl`: low + 256 × high; 0 for none. */
  usualTtlRange(index: number, side: Side): number
  /** Did its client send payload? */
  asks(index: number): boolean
  /** Does what it said hold ids of requests or a PROXY header, which name it on the other side of a proxy? */
  isNamed(index: number): boolean
  /** Id of the address of one of its ends. */
  addressId(index: number, side: Side, ids: EndpointTable): number
  /** Id of one of its ends, as it is shown, in a table that captures may share. */
  endpointId(index: number, side: Side, ids: EndpointTable): number
}

/** Dense ids for endpoints: equal for equal endpoints, whichever capture names them. */
export interface EndpointTable {
  readonly count: number
  /** `address` is an IPv4 word, or the index of one of the four-word groups in `addresses` (null: IPv4). */
  intern(addresses: Uint32Array | null, address: number, port: number): number
  /** The same; -1 where the table does not hold it. */
  find(addresses: Uint32Array | null, address: number, port: number): number
  /** `10.8.1.15:8443`, `[2001:db8::1]:443`. */
  text(id: number): string
  /** 127.0.0.0/8 or ::1. */
  isLoopback(id: number): boolean
}
