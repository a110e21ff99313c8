/**
 * Segments seen as the same copy at both taps, as columns. Times are ns after each capture's own base;
 * direction 0 is client→upstream, 1 is upstream→client. Any order.
 */
export interface ClockObservations {
  count: number
  clientTime: Float64Array
  upstreamTime: Float64Array
  direction: Uint8Array
  /** Base of the upstream capture minus base of the client capture, in ns. */
  baseDeltaNs: bigint
}

/**
 * One side of a set of lines θ(t) = a + b·t, as a chain: for slope β (b for the upper chain, −b for the lower)
 * the bound is the smallest of `value − β·time`; line i is that from `from[i]` on, the last one up to `end`.
 */
export interface LineChain {
  time: Float64Array
  value: Float64Array
  from: Float64Array
  end: number
}

/** A stretch of the captures over which the two clocks differ by one line. */
export interface ClockPiece {
  /** First and last observation that surely belong to this piece, in ns of the reference clock. */
  from: number
  to: number
  pairs: number
  upper: LineChain
  lower: LineChain
  /** Feasible slopes of θ, dimensionless. */
  slopeLow: number
  slopeHigh: number
  /** Too few observations to tell a step from wrong pairs: the neighbour's offset is possible here too. */
  doubtful: boolean
}

export interface ClockStep {
  /** Ns after the client capture's base: the first observation that is surely after the step. */
  atClientTime: number
  changeNs: number
}

/** How the clocks of two captures relate: θ = upstream clock − client clock (VERDICTS §7). */
export interface ClockRelation {
  pairs: number
  /** Pairs that no line can explain; left out. */
  dropped: number
  /** θ at the client capture's first packet: middle of the bounds, or the one bound there is. For display. */
  offsetNs: number
  /** Hard bounds of θ at that moment; null where one direction was never seen. */
  lowNs: number | null
  highNs: number | null
  driftPpm: number
  /** False when no line with few steps explains the pairs: wrong matches or reordered timestamps. No order follows then. */
  consistent: boolean
  steps: ClockStep[]
  /** Resolution of the coarser capture's timestamps, in ns. */
  resolutionNs: number
  /** Whose clock orders the pieces: the one that did not run backwards. */
  reference: 'client' | 'upstream'
  /** Ns to add to the pieces' θ, which is relative to both bases. */
  baseDeltaNs: number
  /** In order of the reference clock; empty when inconsistent. */
  pieces: ClockPiece[]
}

/** An interval of θ or of a time, in ns; infinite where nothing bounds it. */
export interface NsInterval {
  low: number
  high: number
}
