import type { ClockPiece, ClockRelation, NsInterval } from '../model/clock.ts'
import { extremeAt } from './clock-hull.ts'

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

/** θ less the difference of the bases. */
export function relativeOffsetAt(relation: ClockRelation, clientTime: number): NsInterval {
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

/** θ of one piece, extrapolated if need be, at a time of the reference clock. */
export function pieceAt(piece: ClockPiece, time: number): NsInterval {
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
