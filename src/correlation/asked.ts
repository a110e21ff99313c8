import type { RequestMark } from '../model/application.ts'
import type { NsInterval } from '../model/clock.ts'
import { isSameConnection, type Leg, meet } from './legs.ts'

/** One request on one leg. */
export interface Asked {
  leg: Leg
  mark: RequestMark
}

/** Legs that may belong together, and how their times relate. */
export interface LegSides {
  downstream: readonly Leg[]
  upstream: readonly Leg[]
  /** A time of the upstream legs' tap on the clock of the downstream legs' tap; null where nobody knows. */
  there: ((time: number) => NsInterval) | null
  /** One tap saw both, so its addresses show which connections end at one proxy, and it saw all of that proxy's. */
  together: boolean
}

/** Timestamps may be this much off. */
const SLACK_NS = 1e6

/** A proxy passes on a request after it came, and before it was answered. */
export function canPassOn(sides: LegSides, d: Asked, u: Asked): boolean {
  if (isSameConnection(d.leg, u.leg)) return false
  if (sides.there === null) return true
  const until = d.mark.answered ?? d.leg.ended
  if (sides.together) {
    const isBefore = d.mark.time === u.mark.time && d.leg.row < u.leg.row
    return (d.mark.time < u.mark.time || isBefore) && u.mark.time <= until
  }
  const { low, high } = sides.there(u.mark.time)
  return high >= d.mark.time - SLACK_NS && low <= until + SLACK_NS
}

/** What the proxy answered came after what it was answered, but for an error of its own. */
export function canAnswer({ there, together }: LegSides, d: Asked, u: Asked): boolean {
  if (d.mark.answered === null || u.mark.answered === null) return true
  if (d.mark.status >= 500 && d.mark.status !== u.mark.status) return true
  if (there === null) {
    return u.mark.answered - u.mark.time <= d.mark.answered - d.mark.time + SLACK_NS
  }
  return there(u.mark.answered).low <= d.mark.answered + (together ? 0 : SLACK_NS)
}

export function canMeet({ together }: LegSides, d: Asked, u: Asked): boolean {
  return !together || meet(d.leg, u.leg)
}

/** Requests that are not done, by a hash that is not 0, each group in order of time. */
export function groupsBy(
  legs: readonly Leg[],
  keyOf: (mark: RequestMark) => number,
  done: ReadonlySet<RequestMark>,
): Map<number, Asked[]> {
  const groups = new Map<number, Asked[]>()
  for (const leg of legs) {
    for (const mark of leg.requests) {
      const key = keyOf(mark)
      if (key === 0 || done.has(mark)) continue
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [{ leg, mark }])
      else group.push({ leg, mark })
    }
  }
  for (const group of groups.values()) group.sort(byTime)
  return groups
}

function byTime(a: Asked, b: Asked): number {
  return a.mark.time - b.mark.time || a.leg.row - b.leg.row
}
