import type { Wrapping } from './ladder-bytes.ts'

export type Side = 'client' | 'upstream'

export interface LadderOptions {
  client?: string
  upstream?: string
  /** Addresses that the upstream tap sees in place of these. */
  nat?: { client?: string; upstream?: string }
  isn?: Partial<Record<Side, number>>
  /** Added to sequence numbers of a side on the way to the upstream tap (a middlebox). */
  rewrite?: Partial<Record<Side, number>>
  /** Seconds from one tap to the other. */
  transit?: number
  hops?: number
  /** Routers between a host and the tap on its side. */
  hopsToTap?: Partial<Record<Side, number>>
  /** When the ladder starts, in seconds. */
  at?: number
  /** Upstream clock minus client clock, in seconds; or by time. */
  offset?: number | ((seconds: number) => number)
  timestamps?: boolean
  payloads?: Record<string, Uint8Array | readonly number[]>
  wrapping?: Partial<Record<Side, Wrapping>>
}
