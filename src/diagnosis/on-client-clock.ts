import type { Case } from '../model/case.ts'

/** A tap's time on the first tap's clock: the middle of what the clocks allow. */
export function onClientClock(c: Case, tap: number, time: number): number {
  if (tap === 0) return time
  const wall = Number(c.bases[tap]! - c.bases[0]!) + time
  if (c.sighting.clock === null) return wall
  const { low, high } = c.sighting.clock.translate(tap, time, 0)
  if (Number.isFinite(low) && Number.isFinite(high)) return (low + high) / 2
  return Number.isFinite(low) ? low : Number.isFinite(high) ? high : wall
}
