import type { JoinedLine } from './access-log.ts'
import type { NsInterval } from './clock.ts'
import type { Cluster } from './cluster.ts'
import type { ConnectionView, Endpoint, Side } from './connection.ts'
import type { Outcome } from './outcome.ts'
import type { Confidence, MatchMethod, ResetBy, UnmatchedReason } from './report.ts'
import type { Sighting } from './sighting.ts'

/** One connection with all that the stages found out about it: what diagnosis turns into a part of the report. */
export interface Case {
  /** 1-based, by first packet. */
  id: number
  sighting: Sighting
  outcome: Outcome
  /** How it ended as each tap alone shows it; null where a tap did not see it. Found when asked for. */
  viewOutcomes(): (Outcome | null)[]
  /** Id of its upstream endpoint as the upstream side knows it: behind a Service, the pod's. */
  upstreamId: number
  /** Zero of each tap's relative times, and of the report's own clock, ns since 1970. */
  bases: readonly bigint[]
  zero: bigint
  /** Ids of all captures of the report, in its order; not all of them need be taps of this connection. */
  captures: readonly string[]
  /** Those between the sighting's taps that saw it, too, each by itself. */
  between: readonly { capture: string; view: ConnectionView; outcome: Outcome }[]
  match: MatchMethod | null
  unmatchedReason: UnmatchedReason | null
  links: CaseLink[]
  /** A tap's time on the report's clock, which is that of its first capture: what is known of it, and what is shown. */
  onReportClock(tap: number, time: number): NsInterval
  shownTime(tap: number, time: number): number
}

/** The other leg of a proxy; the one that was under way at the end first, then in order of time. */
export interface CaseLink {
  connection: number
  relation: 'proxied-to' | 'proxied-from'
  basis: string
  confidence: Confidence
  /** Requests that both legs carry, as far as they were recognised; 0 where one stands for the other as a whole. */
  requests: number
  /** When the first and the last of them were asked for, on the report's clock. */
  firstAt: number
  lastAt: number
  /** The upstream leg ended before it had answered the last of them. */
  owed: boolean
  /** Of the last of them, the statuses of both legs' responses; 0 for none. */
  downstreamStatus: number
  upstreamStatus: number
}

/** What a connection must know of one that it is linked to. */
export interface LinkedLeg {
  id: number
  client: Endpoint
  upstream: Endpoint
  termination: Outcome['termination']
  benign: boolean
  firstReset: { by: ResetBy; confidence: Confidence } | null
  firstClose: { by: ResetBy; kind: 'fin' | 'rst' | 'silence' } | null
  /** When it was closed first, on the report's clock, as well as that is known; null where it was not. */
  closed: NsInterval | null
  links: readonly CaseLink[]
}

/** What causes need to know of the connections around one: gathered over all of them before it can be asked. */
export interface Surroundings {
  /** How another connection of the report ended, where it is linked to one; null otherwise. */
  linked(id: number): LinkedLeg | null
  /** Of its upstream endpoint. */
  endpoint(c: Case): EndpointFacts
  /** The same in time: what it means depends on when the asking connection ended. */
  endpointTimes(c: Case): EndpointTimes
  /** Does that endpoint end connection after connection at once, without a byte, while others work? */
  turnsAway(c: Case): boolean
  /** When it first refused a SYN: ns on the client's clock, NaN where it never did. */
  firstRefused(c: Case): number
  /** Ends that the upstream began at its endpoint within 50 ms of its own end, that one included. */
  burst(c: Case): Burst
  /** At least so many others of its endpoint had begun before its end and carried data both ways until after this moment. */
  survivors(c: Case, timeNs: number): number
  /** Did any other connection between the two ends carry data in both directions after this moment? */
  othersAliveAfter(id: number, timeNs: number): boolean
  /** How many connections of its endpoint ended after as long a time (to 0.25 s), this one included. */
  repeated(c: Case, measure: 'idle' | 'age' | 'request'): number
  /** What Kubernetes lists say; null where none were given. */
  readonly cluster: Cluster | null
  /** Access-log lines that were joined to it; none where no logs were given. */
  logLines(c: Case): readonly JoinedLine[]
}

/** Access-log lines by index of the connection (its id less 1). */
export type LinesOf = (index: number) => readonly JoinedLine[]

/** What was given beside the captures. */
export interface Beside {
  cluster: Cluster | null
  lines: LinesOf | null
}

export const NOTHING_BESIDE: Beside = { cluster: null, lines: null }

/** What an endpoint did to all connections. */
export interface EndpointFacts {
  established: number
  /** Went beyond the ClientHello. */
  tls: number
  /** Began with a PROXY header and were answered, by no 400. */
  proxyHeaders: number
  /** The same in plaintext without one. */
  plain: number
  /** SYNs that its kernel refused. */
  refused: number
  /** Answered by its kernel as unknown, though neither side had closed. */
  forgotten: number
  /** Ended by it within 0.1 s of their first packet, without a byte from it. */
  turnedAway: number
  /** In some connection payload went both ways. */
  works: boolean
  /** It accepted others within a second before and after one that it refused: somebody did listen. */
  refusedAmongAccepted: boolean
  /** From the last SYN that it refused to the first that it accepted, ns; negative or NaN where that is not the order. */
  readyAfter: number
}

/** When an endpoint did so: ns on the client's clock, NaN where it did not. */
export interface EndpointTimes {
  lastRefused: number
  firstEstablished: number
  lastEstablished: number
  /** Of the connection in which payload went both ways for the longest time. */
  longestFrom: number
  longestUntil: number
}

/** Ends within one moment, and those among them that were abrupt. */
export interface Burst {
  ends: number
  abrupt: number
}

/** One endpoint as a key and as text. */
export function endpointText(e: { address: string; port: number }): string {
  return e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`
}

/** The same with what lists beside the packets call it: `10.42.3.8:8080 (shop/cart-7d9f:http)`. */
export function namedText(e: { address: string; port: number; name: string | null }): string {
  return e.name === null ? endpointText(e) : `${endpointText(e)} (${e.name})`
}

/** The tap whose addresses a connection is shown with: the client's if it saw it. */
export function shownTap(sighting: Sighting): number {
  return sighting.taps.findIndex((tap) => tap.view !== null)
}

export function opposite(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}
