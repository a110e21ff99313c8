import type { ClockRelation, NsInterval } from '../model/clock.ts'
import type { SharedClock } from '../model/sighting.ts'
import { offsetIntervalAt, toClientTime } from './clock-interval.ts'
import { compareMoments } from './order.ts'

/** Index of the client's and the upstream's tap in every sighting of `compare`. */
export const CLIENT_TAP = 0
export const UPSTREAM_TAP = 1

const sideOf = (tap: number) => (tap === CLIENT_TAP ? 'client' : 'upstream')

/** The relation of two captures' clocks, as the stages behind see it. */
export function sharedClock(relation: ClockRelation): SharedClock {
  return {
    compare(first, second) {
      const compared = compareMoments(
        relation,
        { side: sideOf(first.tap), time: first.time },
        { side: sideOf(second.tap), time: second.time },
      )
      // Just where between two packets a clock was set nobody knows: it orders nothing then.
      const stepped = relation.steps.length > 0 && first.tap !== second.tap
      return stepped ? { ...compared, order: 'undetermined' } : compared
    },
    translate(from, time, to): NsInterval {
      if (from === to) return { low: time, high: time }
      if (to === CLIENT_TAP) return toClientTime(relation, time)
      const offset = offsetIntervalAt(relation, time)
      return {
        low: time + offset.low - relation.baseDeltaNs,
        high: time + offset.high - relation.baseDeltaNs,
      }
    },
  }
}

/** The clock of a single capture: one tap, exact. */
export function singleClock(): SharedClock {
  return {
    compare: (first, second) => {
      const gapNs = second.time - first.time
      const order = gapNs > 0 ? 'before' : gapNs < 0 ? 'after' : 'undetermined'
      return { order, gapNs, uncertaintyNs: 0 }
    },
    translate: (_from, time) => ({ low: time, high: time }),
  }
}

/** A clock relation that the user tells: exact as far as anyone knows. */
export function toldClock(offsetSeconds: number, baseDeltaNs: number): SharedClock {
  const shift = offsetSeconds * 1e9 - baseDeltaNs
  return intervalClock({ low: shift, high: shift })
}

/** The upstream's clock is ahead by something within an interval, both counted from their bases. */
export function intervalClock(ahead: NsInterval): SharedClock {
  const translate = (from: number, time: number, to: number): NsInterval => {
    if (from === to) return { low: time, high: time }
    return to === CLIENT_TAP
      ? { low: time - ahead.high, high: time - ahead.low }
      : { low: time + ahead.low, high: time + ahead.high }
  }
  return {
    compare(first, second) {
      const a = translate(first.tap, first.time, CLIENT_TAP)
      const b = translate(second.tap, second.time, CLIENT_TAP)
      const order = a.high < b.low ? 'before' : b.high < a.low ? 'after' : 'undetermined'
      const gapNs = (b.low + b.high - a.low - a.high) / 2
      const isOneTap = first.tap === second.tap
      return { order, gapNs, uncertaintyNs: isOneTap ? 0 : (ahead.high - ahead.low) / 2 }
    },
    translate,
  }
}
