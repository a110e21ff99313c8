import { ASKED } from './noting-surroundings.ts'
import { ENOUGH_REPEATED } from './rules/rule.ts'
import type { SurroundingsCollector } from './surroundings.ts'

/** By what a connection is found among others: its endpoint, and its own times; ns on the client's clock. */
export interface Place {
  upstream: number
  started: number
  /** Its end, 0 without one that a segment shows. */
  closed: number
  /** 1 where its own end is among the abrupt ones of its endpoint. */
  abrupt: number
  idle: number
  age: number
  request: number
}

const REPEATED = ASKED.idle | ASKED.age | ASKED.request
const ANY_OTHER = ASKED.endpoint | ASKED.itself | ASKED.lines

/**
 * Is a connection among others what it was told when it stood alone, as far as any cause tells it apart? Then its
 * first cause stands, and nobody need look at its segments again. False also where that cannot be said by numbers.
 */
export function holdsAmongOthers(
  asked: number,
  place: Place,
  others: SurroundingsCollector,
): boolean {
  if ((asked & ANY_OTHER) !== 0) return false
  const { upstream, closed, started } = place
  const toldTurning = (asked & ASKED.toldSo) !== 0
  if ((asked & ASKED.turnsAway) !== 0 && others.turnsAway(upstream) !== toldTurning) return false
  if ((asked & ASKED.refused) !== 0 && !Number.isNaN(others.firstRefused(upstream))) return false
  // How many ended counts only where more were cut, or where times repeat.
  if ((asked & ASKED.burst) !== 0 && others.abruptEnds(upstream, closed) !== place.abrupt)
    return false
  if ((asked & REPEATED) === 0) return true
  const isRule = (measure: 'idle' | 'age' | 'request') =>
    (asked & ASKED[measure]) !== 0 &&
    others.repeated(upstream, measure, place[measure], started) >= ENOUGH_REPEATED
  return !isRule('idle') && !isRule('age') && !isRule('request')
}
