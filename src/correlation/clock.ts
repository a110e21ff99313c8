import type {
  ClockObservations,
  ClockPiece,
  ClockRelation,
  ClockStep,
  NsInterval,
} from '../model/clock.ts'
import { extremeAt } from './clock-hull.ts'
import { droppable, type Explanation, explain, type OrderedBounds } from './clock-pieces.ts'

/**
 * Puts two captures on one clock from segments that are surely the same copy at both taps. Every bound is
 * hard (a segment cannot arrive before it left); no path symmetry is assumed. Null without observations.
 */
export function relateClocks(observations: ClockObservations): ClockRelation | null {
  const n = observations.count
  if (n === 0) return null
  const slackNs = Math.max(
    resolutionOf(observations.clientTime, n),
    resolutionOf(observations.upstreamTime, n),
  )
  // A clock that is set back makes its own times useless for ordering, but not the other's.
  let reference: 'client' | 'upstream' = 'client'
  let bounds = ordered(observations, reference, slackNs)
  let best = explain(bounds)
  if (best === null || cost(best) > 0) {
    const other = ordered(observations, 'upstream', slackNs)
    const found = explain(other)
    if (found !== null && (best === null || cost(found) + (rises(found) ? 0 : 1) <= cost(best))) {
      best = found
      bounds = other
      reference = 'upstream'
    }
  }
  const baseDeltaNs = Number(observations.baseDeltaNs)
  const consistent = best !== null && best.dropped <= droppable(n)
  const pieces = best !== null && consistent ? best.pieces : []
  const relation: ClockRelation = {
    pairs: n,
    dropped: best?.dropped ?? 0,
    offsetNs: 0,
    lowNs: null,
    highNs: null,
    driftPpm: 0,
    consistent,
    steps: [],
    resolutionNs: slackNs,
    reference,
    baseDeltaNs,
    pieces,
  }
  if (best === null || !consistent) {
    relation.offsetNs = baseDeltaNs + middleBound(bounds)
    return relation
  }
  const start = relativeOffsetAt(relation, 0)
  relation.lowNs = Number.isFinite(start.low) ? start.low + baseDeltaNs : null
  relation.highNs = Number.isFinite(start.high) ? start.high + baseDeltaNs : null
  relation.offsetNs = baseDeltaNs + middle(start)
  relation.driftPpm = driftOf(pieces)
  relation.steps = stepsOf(best, bounds, reference)
  return relation
}

/** Bounds of θ in ns at a moment of the client capture; infinite where nothing bounds it. */
export function offsetIntervalAt(relation: ClockRelation, clientTime: number): NsInterval {
  const relative = relativeOffsetAt(relation, clientTime)
  return { low: relative.low + relation.baseDeltaNs, high: relative.high + relation.baseDeltaNs }
}

/** When a moment of the upstream capture was, in ns after the client capture's base, on the client's clock. */
export function toClientTime(relation: ClockRelation, upstreamTime: number): NsInterval {
  const result = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }
  for (const piece of piecesAt(relation, upstreamTime, 'upstream')) {
    const { low, high } = pieceAtUpstream(relation, piece, upstreamTime)
    result.low = Math.min(result.low, upstreamTime - high)
    result.high = Math.max(result.high, upstreamTime - low)
  }
  return orUnbounded(result)
}

/** The middle of an interval; its one bound when the other is infinite; 0 when both are. */
export function middle(interval: NsInterval): number {
  if (!Number.isFinite(interval.low)) return Number.isFinite(interval.high) ? interval.high : 0
  if (!Number.isFinite(interval.high)) return interval.low
  return interval.low + (interval.high - interval.low) / 2
}

function relativeOffsetAt(relation: ClockRelation, clientTime: number): NsInterval {
  const result = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }
  for (const piece of piecesAt(relation, clientTime, 'client')) {
    const { low, high } = pieceAtClient(relation, piece, clientTime)
    result.low = Math.min(result.low, low)
    result.high = Math.max(result.high, high)
  }
  return orUnbounded(result)
}

function orUnbounded(interval: NsInterval): NsInterval {
  if (interval.low > interval.high) {
    interval.low = Number.NEGATIVE_INFINITY
    interval.high = Number.POSITIVE_INFINITY
  }
  return interval
}

function pieceAtClient(relation: ClockRelation, piece: ClockPiece, time: number): NsInterval {
  return relation.reference === 'client' ? pieceAt(piece, time) : pieceAcross(piece, time, 1)
}

function pieceAtUpstream(relation: ClockRelation, piece: ClockPiece, time: number): NsInterval {
  return relation.reference === 'upstream' ? pieceAt(piece, time) : pieceAcross(piece, time, -1)
}

function pieceAt(piece: ClockPiece, time: number): NsInterval {
  return { low: -extremeAt(piece.lower, time), high: extremeAt(piece.upper, time) }
}

/** θ at a time of the other clock. The slope is below 1/1000, so a few rounds settle it. */
function pieceAcross(piece: ClockPiece, time: number, sign: 1 | -1): NsInterval {
  const found = pieceAt(piece, time)
  for (let round = 0; round < 8; round++) {
    if (Number.isFinite(found.low)) found.low = -extremeAt(piece.lower, time + sign * found.low)
    if (Number.isFinite(found.high)) found.high = extremeAt(piece.upper, time + sign * found.high)
  }
  return found
}

/** The pieces a moment may belong to: one inside a piece, both between two, and a doubtful one's neighbour. */
function piecesAt(
  relation: ClockRelation,
  time: number,
  clock: 'client' | 'upstream',
): ClockPiece[] {
  const { pieces, reference } = relation
  if (pieces.length <= 1) return pieces
  const found = new Set<number>()
  for (let k = 0; k < pieces.length; k++) {
    let low = time
    let high = time
    if (clock !== reference) {
      const offset = pieceAcross(pieces[k]!, time, clock === 'client' ? 1 : -1)
      low = clock === 'client' ? time + offset.low : time - offset.high
      high = clock === 'client' ? time + offset.high : time - offset.low
    }
    const before = pieces[k - 1]
    const after = pieces[k + 1]
    if ((before !== undefined && high <= before.to) || (after !== undefined && low >= after.from))
      continue
    found.add(k)
    if (pieces[k]!.doubtful) found.add(k === 0 ? 1 : k - 1)
  }
  // A moment that a clock jumped over belongs to no piece: any may be meant.
  return found.size === 0 ? pieces : [...found].map((k) => pieces[k]!)
}

function cost(explanation: Explanation): number {
  return (explanation.pieces.length - 1) * 3 + explanation.dropped
}

/** Where θ rises the client's clock may have been set back, but not the upstream's. */
function rises(explanation: Explanation): boolean {
  const { pieces } = explanation
  let balance = 0
  for (let k = 1; k < pieces.length; k++) {
    const then = pieceAt(pieces[k - 1]!, pieces[k]!.from)
    balance += Math.sign(middle(pieceAt(pieces[k]!, pieces[k]!.from)) - middle(then))
  }
  return balance > 0
}

/** The coarsest power of ten of ns that all times are multiples of; µs at least where few times could tell. */
function resolutionOf(times: Float64Array, count: number): number {
  let resolution = count >= 16 ? 1_000_000 : 1000
  for (let i = 0; i < count && resolution > 1; i++) {
    while (resolution > 1 && times[i]! % resolution !== 0) resolution /= 10
  }
  return resolution
}

function ordered(
  observations: ClockObservations,
  reference: 'client' | 'upstream',
  slackNs: number,
): OrderedBounds {
  const { count, clientTime, upstreamTime, direction } = observations
  const key = reference === 'client' ? clientTime : upstreamTime
  const order = new Uint32Array(count)
  let sorted = true
  for (let i = 0; i < count; i++) {
    order[i] = i
    if (i > 0 && key[i]! < key[i - 1]!) sorted = false
  }
  if (!sorted) order.sort((a, b) => key[a]! - key[b]! || a - b)
  const bounds: OrderedBounds = {
    count,
    time: new Float64Array(count),
    bound: new Float64Array(count),
    direction: new Uint8Array(count),
    leaving: reference === 'client' ? 0 : 1,
    slackNs,
  }
  for (let i = 0; i < count; i++) {
    const from = order[i]!
    bounds.time[i] = key[from]!
    bounds.bound[i] = upstreamTime[from]! - clientTime[from]!
    bounds.direction[i] = direction[from]!
  }
  return bounds
}

function middleBound(bounds: OrderedBounds): number {
  return bounds.bound.slice().sort()[bounds.count >> 1]!
}

/** Of the piece with the most pairs; 0 as long as no drift at all explains it. */
function driftOf(pieces: ClockPiece[]): number {
  let main = pieces[0]!
  for (const piece of pieces) if (piece.pairs > main.pairs) main = piece
  if (main.slopeLow <= 0 && main.slopeHigh >= 0) return 0
  return ((main.slopeLow + main.slopeHigh) / 2) * 1e6
}

/** Where the offsets of two neighbours do not meet; where they do, only the drift changed. */
function stepsOf(
  explanation: Explanation,
  bounds: OrderedBounds,
  reference: 'client' | 'upstream',
): ClockStep[] {
  const steps: ClockStep[] = []
  const { pieces, starts } = explanation
  for (let k = 1; k < pieces.length; k++) {
    const before = pieces[k - 1]!
    const after = pieces[k]!
    if (before.doubtful || after.doubtful) continue
    const then = pieceAt(before, before.to)
    const now = pieceAt(after, after.from)
    if (now.low <= then.high && then.low <= now.high) continue
    const start = starts[k]!
    steps.push({
      atClientTime: bounds.time[start]! - (reference === 'client' ? 0 : bounds.bound[start]!),
      changeNs: middle(now) - middle(then),
    })
  }
  return steps
}
