import type { ClockRelation } from '../model/clock.ts'
import type { Side } from '../model/connection.ts'
import { middle, toClientTime } from './clock-interval.ts'

/** A moment in one of the two captures, in ns after that capture's base. */
export interface TapMoment {
  side: Side
  time: number
}

export interface MomentOrder {
  order: 'before' | 'after' | 'undetermined'
  /** From the first moment to the second on the client's clock, in ns; null when the clocks cannot be related. */
  gapNs: number | null
  /** How far the gap may be off either way, in ns; null when it has no bound. */
  uncertaintyNs: number | null
}

/**
 * Was the first moment before the second? Exact within one capture (equal times: undetermined, file order
 * decides); between captures only when the whole interval of the clocks' offset agrees (VERDICTS §5).
 */
export function compareMoments(
  relation: ClockRelation | null,
  first: TapMoment,
  second: TapMoment,
): MomentOrder {
  if (first.side === second.side) {
    const gapNs = second.time - first.time
    return { order: orderOf(gapNs, gapNs), gapNs, uncertaintyNs: 0 }
  }
  if (relation === null || !relation.consistent) {
    return { order: 'undetermined', gapNs: null, uncertaintyNs: null }
  }
  const upstream = first.side === 'upstream' ? first : second
  const client = first.side === 'upstream' ? second : first
  const at = toClientTime(relation, upstream.time)
  // Both times were cut to their resolution, so the gap itself is known no better than that.
  const cut = relation.resolutionNs
  const low = (client === first ? at.low - client.time : client.time - at.high) - cut
  const high = (client === first ? at.high - client.time : client.time - at.low) + cut
  const bounded = Number.isFinite(low) && Number.isFinite(high)
  return {
    order: orderOf(low, high),
    gapNs: Number.isFinite(low) || Number.isFinite(high) ? middle({ low, high }) : null,
    uncertaintyNs: bounded ? (high - low) / 2 : null,
  }
}

function orderOf(low: number, high: number): MomentOrder['order'] {
  if (low > 0) return 'before'
  return high < 0 ? 'after' : 'undetermined'
}
