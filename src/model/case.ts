import type { Side } from './connection.ts'
import type { Outcome } from './outcome.ts'
import type { MatchMethod, UnmatchedReason } from './report.ts'
import type { Sighting } from './sighting.ts'

/** One connection with all that the stages found out about it: what diagnosis turns into a part of the report. */
export interface Case {
  /** 1-based, by first packet. */
  id: number
  sighting: Sighting
  outcome: Outcome
  /** How it ended as each tap alone shows it; null where a tap did not see it. */
  viewOutcomes: (Outcome | null)[]
  /** Zero of each tap's relative times, ns since 1970. */
  bases: bigint[]
  match: MatchMethod | null
  unmatchedReason: UnmatchedReason | null
  links: CaseLink[]
}

export interface CaseLink {
  connection: number
  relation: 'proxied-to' | 'proxied-from'
  basis: string
  confidence: 'certain' | 'probable' | 'unclear'
}

/** What causes need to know of the connections around one: gathered in a first pass over all of them. */
export interface Surroundings {
  /** How another connection of the report ended, where it is linked to one; null otherwise. */
  linked(id: number): Outcome | null
  /** Of one upstream endpoint. */
  endpoint(key: string): EndpointFacts
  /** When a connection's first FIN or RST was sent, on the client's clock; 0 without one. */
  timeOf(c: Case): number
  /** Ends that the upstream began within 50 ms of this moment at this endpoint, this one included. */
  burst(key: string, timeNs: number): { ends: number; abrupt: number }
  /** Did any other connection between the two ends carry data in both directions after this moment? */
  othersAliveAfter(id: number, timeNs: number): boolean
}

export interface EndpointFacts {
  connections: number
  established: number
  tls: number
  refused: number
}

/** One endpoint as a key and as text. */
export function endpointText(e: { address: string; port: number }): string {
  return e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`
}

/** The tap whose addresses a connection is shown with: the client's if it saw it. */
export function shownTap(sighting: Sighting): number {
  return sighting.taps.findIndex((tap) => tap.view !== null)
}

export function opposite(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}
