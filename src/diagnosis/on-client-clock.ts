import type { Case } from '../model/case.ts'
import type { SharedClock } from '../model/sighting.ts'

/** A time of one of a connection's taps on the report's clock: the middle of what the clocks allow. */
export function onClientClock(c: Case, tap: number, time: number): number {
  return c.shownTime(tap, time)
}

/** The same for a time of any of the report's captures. */
export function onFirstClock(
  bases: readonly bigint[],
  clock: SharedClock | null,
  tap: number,
  time: number,
): number {
  if (tap === 0) return time
  const wall = Number(bases[tap]! - bases[0]!) + time
  if (clock === null) return wall
  const { low, high } = clock.translate(tap, time, 0)
  if (Number.isFinite(low) && Number.isFinite(high)) return (low + high) / 2
  return Number.isFinite(low) ? low : Number.isFinite(high) ? high : wall
}
