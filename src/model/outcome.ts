import type { ApplicationSummary } from './application.ts'
import type { Side } from './connection.ts'
import type { Acceptance, Anatomy, Confidence, Detail, ResetBy, Termination } from './report.ts'
import type { Segment } from './segment.ts'
import type { AlignedSegment } from './sighting.ts'

/** A sentence with the segment that shows it, before times and frames become text. */
export interface Observation {
  /** Index of the tap. */
  tap: number
  segment: Segment | null
  text: string
}

/** A TTL that its apparent sender never used before. */
export interface OddTtl {
  ttl: number
  low: number
  high: number
  /** Beyond what equal-cost paths explain (±2). */
  strong: boolean
}

/** One RST and everything that follows from the packets around it. */
export interface ResetEvent {
  from: Side
  segment: AlignedSegment
  anatomy: Anatomy
  /** Null: its receiver ignored it. */
  acceptance: Acceptance | null
  /** Its receiver accepted it, or it ended its own sender. */
  ending: boolean
  /** Both FINs had been sent and acknowledged before. */
  afterClose: boolean
  trigger: { tap: number; segment: Segment } | null
  oddTtl: OddTtl | null
  /** Its apparent sender went on afterwards: shown by this segment. */
  senderContinues: { tap: number; segment: Segment } | null
  /** IP ID and timestamps continue those of the apparent sender. */
  continuesSender: boolean
}

export interface Attribution {
  by: ResetBy
  confidence: Confidence
  where: { near: Side | null; hops: number | null; text: string } | null
  evidence: Observation[]
  settles: string[]
}

export interface FirstResetFacts extends Attribution {
  event: ResetEvent
  causedBy: ResetBy
  causedByConfidence: Confidence
  crossedInFlight: boolean
  idleNs: number | null
  /** When, and at which tap. */
  tap: number
  time: number
}

export interface FirstCloseFacts {
  by: ResetBy
  kind: 'fin' | 'rst' | 'silence'
  tap: number
  segment: Segment | null
}

/** How far the exchange had come when the connection ended. */
export type ExchangeState =
  | 'no-data'
  | 'mid-request'
  | 'response-owed'
  | 'mid-response'
  | 'complete'
  | 'opaque'

/** How one connection ended, by everything that was seen of it. */
export interface Outcome {
  termination: Termination
  detail: Detail
  benign: boolean
  crossedInFlight: boolean
  firstReset: FirstResetFacts | null
  ignoredResets: Observation[]
  firstClose: FirstCloseFacts | null
  resets: ResetEvent[]
  /** First FIN of each side, where one was seen. */
  fins: Record<Side, AlignedSegment | null>
  handshake: { syn: AlignedSegment | null; synAck: AlignedSegment | null; complete: boolean }
  application: ApplicationSummary
  /** When the last byte was seen. */
  exchange: ExchangeState
  /** When the first FIN or ending RST was sent; what came after it does not count. */
  exchangeAtClose: ExchangeState
}
