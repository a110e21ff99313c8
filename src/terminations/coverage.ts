import type { Sighting } from '../model/sighting.ts'

/** Clocks that cannot be related are taken to agree to this much, so that a window that ends early is noticed. */
const MARGIN_NS = 1e6

/** Was the capture at tap `index` running at the moment that tap `at` calls `time`? Unknown clocks: it must overlap. */
export function covers(sighting: Sighting, index: number, at: number, time: number): boolean {
  const tap = sighting.taps[index]!
  if (index === at) return true
  if (sighting.clock === null) return tap.view !== null
  const { low, high } = sighting.clock.translate(at, time, index)
  return high >= tap.captureStart - MARGIN_NS && low <= tap.captureEnd + MARGIN_NS
}
