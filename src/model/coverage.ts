import type { Sighting } from './sighting.ts'

/** Two clocks that agree to nothing better than this still count as running at the same time. */
const MARGIN_NS = 1e6

/** Could the capture at tap `index` have been running at the moment that tap `at` calls `time`? */
export function covers(sighting: Sighting, index: number, at: number, time: number): boolean {
  const tap = sighting.taps[index]!
  if (index === at) return true
  if (sighting.clock === null) return tap.view !== null
  const { low, high } = sighting.clock.translate(at, time, index)
  return high >= tap.captureStart - MARGIN_NS && low <= tap.captureEnd + MARGIN_NS
}

/**
 * Was it surely running from `beforeNs` before that moment to `afterNs` after it: long enough to have seen a packet
 * that passed the other tap then? A capture's first and last packets are all that is known of when it ran.
 */
export function surelyCovers(
  sighting: Sighting,
  index: number,
  at: number,
  time: number,
  beforeNs: number,
  afterNs: number,
): boolean {
  const tap = sighting.taps[index]!
  if (index === at) return true
  if (sighting.clock === null) return false
  const { low, high } = sighting.clock.translate(at, time, index)
  return low - beforeNs >= tap.captureStart && high + afterNs <= tap.captureEnd
}
