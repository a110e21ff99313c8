import type { BatchFinding, Count } from './batch-summary.ts'
import { timeOf } from './known-ends.ts'

/** Ends of one finding within this many seconds of the first of them are a burst, where they are so many. */
const BURST_SECONDS = 1
const LEAST_BURST = 5

/**
 * How many different ones `total` are, of which `listed` were told apart and are `distinct` ones. What was not listed is
 * thought to repeat as often as what was; at least as many as one sample alone has, at most as if none of them repeated.
 */
export function countOf(total: number, listed: number, distinct: number, largest: number): Count {
  const repeats = listed - distinct
  const unlisted = Math.max(0, total - listed)
  const atMost = Math.max(0, total - repeats)
  const atLeast = Math.min(atMost, Math.max(atMost - unlisted, largest))
  const about = Math.round(atMost - (listed === 0 ? 0 : (unlisted * repeats) / listed))
  return { about: Math.max(atLeast, about), atLeast, atMost }
}

/** The median of the known ones (NaN: unknown; seconds), and the share of them that lies near it. */
export function idleOf(seconds: Float64Array): BatchFinding['idle'] {
  const gaps = seconds.filter((gap) => !Number.isNaN(gap)).sort()
  if (gaps.length === 0) return null
  const medianSeconds = gaps[(gaps.length - 1) >> 1]!
  const toleranceSeconds = Math.max(0.25, medianSeconds / 100)
  const near = gaps.filter((gap) => Math.abs(gap - medianSeconds) <= toleranceSeconds).length
  return { medianSeconds, toleranceSeconds, share: near / gaps.length, known: gaps.length }
}

/** Bursts among these times (seconds since 1970), none of which is in two of them. */
export function burstsOf(seconds: Float64Array): BatchFinding['bursts'] {
  const times = seconds.sort()
  let count = 0
  let largest = 0
  let largestAt = 0
  for (let start = 0; start < times.length; ) {
    let end = start + 1
    while (end < times.length && times[end]! - times[start]! <= BURST_SECONDS) end++
    if (end - start >= LEAST_BURST) {
      count++
      if (end - start > largest) {
        largest = end - start
        largestAt = times[start]!
      }
    }
    start = end
  }
  return count === 0 ? null : { count, largest, largestAt: timeOf(largestAt) }
}
