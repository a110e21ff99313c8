import type { ClockPiece, ClockRelation, LineChain, NsInterval } from '../model/clock.ts'
import { extremeAt } from './clock-hull.ts'

/** Bounds of θ in ns at a moment of the client capture; infinite where nothing bounds it. */
export function offsetIntervalAt(relation: ClockRelation, clientTime: number): NsInterval {
  const relative = relativeOffsetAt(relation, clientTime)
  return { low: relative.low + relation.baseDeltaNs, high: relative.high + relation.baseDeltaNs }
}

/** When a moment of the upstream capture was, in ns after the client capture's base, on the client's clock. */
export function toClientTime(relation: ClockRelation, upstreamTime: number): NsInterval {
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY
  for (const piece of piecesAt(relation, upstreamTime, 'upstream')) {
    earliest = Math.min(earliest, upstreamTime - highAt(relation, piece, upstreamTime, 'upstream'))
    latest = Math.max(latest, upstreamTime - lowAt(relation, piece, upstreamTime, 'upstream'))
  }
  return orUnbounded(earliest, latest)
}

/** The middle of an interval; its one bound when the other is infinite; 0 when both are. */
export function middle(interval: NsInterval): number {
  if (!Number.isFinite(interval.low)) return Number.isFinite(interval.high) ? interval.high : 0
  if (!Number.isFinite(interval.high)) return interval.low
  return interval.low + (interval.high - interval.low) / 2
}

/** θ less the difference of the bases. */
export function relativeOffsetAt(relation: ClockRelation, clientTime: number): NsInterval {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const piece of piecesAt(relation, clientTime, 'client')) {
    low = Math.min(low, lowAt(relation, piece, clientTime, 'client'))
    high = Math.max(high, highAt(relation, piece, clientTime, 'client'))
  }
  return orUnbounded(low, high)
}

function orUnbounded(low: number, high: number): NsInterval {
  if (low > high) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  return { low, high }
}

/** θ of one piece, extrapolated if need be, at a time of the reference clock. */
export function pieceAt(piece: ClockPiece, time: number): NsInterval {
  return { low: -extremeAt(piece.lower, time), high: extremeAt(piece.upper, time) }
}

type Clock = 'client' | 'upstream'

/** θ's lower bound by one piece, at a time of either clock. */
function lowAt(relation: ClockRelation, piece: ClockPiece, time: number, clock: Clock): number {
  if (clock === relation.reference) return -extremeAt(piece.lower, time)
  return -extremeAcross(piece.lower, time, clock === 'client' ? -1 : 1)
}

/** θ's upper bound by one piece, at a time of either clock. */
function highAt(relation: ClockRelation, piece: ClockPiece, time: number, clock: Clock): number {
  if (clock === relation.reference) return extremeAt(piece.upper, time)
  return extremeAcross(piece.upper, time, clock === 'client' ? 1 : -1)
}

/**
 * What a chain allows at a time of the other clock, which lies the result itself away (`sign`: which way). The slope
 * is below 1/1000, so a few rounds settle it.
 */
function extremeAcross(chain: LineChain, time: number, sign: 1 | -1): number {
  let found = extremeAt(chain, time)
  for (let round = 0; round < 8 && Number.isFinite(found); round++) {
    const next = extremeAt(chain, time + sign * found)
    if (next === found) break
    found = next
  }
  return found
}

/** The pieces a moment may belong to: one inside a piece, both between two, and a doubtful one's neighbour. */
function piecesAt(relation: ClockRelation, time: number, clock: Clock): ClockPiece[] {
  const { pieces, reference } = relation
  if (pieces.length <= 1) return pieces
  const found = new Set<number>()
  for (let k = 0; k < pieces.length; k++) {
    let low = time
    let high = time
    if (clock !== reference) {
      const least = lowAt(relation, pieces[k]!, time, clock)
      const most = highAt(relation, pieces[k]!, time, clock)
      low = clock === 'client' ? time + least : time - most
      high = clock === 'client' ? time + most : time - least
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
