import { type Case, shownTap } from '../model/case.ts'
import type { Side } from '../model/connection.ts'

/** The tap that is nearest to a side, by which its addresses and its clock are told; else the one that is shown. */
export function tapNear(c: Case, side: Side): number {
  const { taps } = c.sighting
  const own = taps.findIndex((tap) => tap.side === side && tap.view !== null)
  return own >= 0 ? own : shownTap(c.sighting)
}

/** A moment at one tap on the clock of another, in ns since 1970: the middle of what the clocks allow. */
export function wallTime(c: Case, moment: { tap: number; time: number }, tap: number): number {
  const { clock } = c.sighting
  if (moment.tap !== tap && clock !== null) {
    const { low, high } = clock.translate(moment.tap, moment.time, tap)
    const known = [low, high].filter(Number.isFinite)
    const middle = known.reduce((sum, one) => sum + one, 0) / known.length
    if (known.length > 0) return Number(c.bases[tap]!) + middle
  }
  return Number(c.bases[moment.tap]!) + moment.time
}
