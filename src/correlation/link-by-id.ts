import type { RequestMark } from '../model/application.ts'
import { type Asked, canMeet, canPassOn, groupsBy, type LegSides } from './asked.ts'
import type { Sighted } from './leg-links.ts'

/** An id that more requests than this carry is no id. */
const MOST_SHARING = 64

/** Requests of which is told already what they became, and what they came from; marks are told apart by identity. */
export interface Told {
  passedOn: Set<RequestMark>
  received: Set<RequestMark>
}

/**
 * Requests that say themselves which they are. Attempts of one request share its id, and so do all legs on its way: of
 * several that were open, the one it came through is the last.
 */
export function linkById(sides: LegSides, told: Told, tell: (found: Sighted) => void): void {
  for (const { name, keyOf, strongest } of IDS) {
    const near = groupsBy(sides.downstream, keyOf, told.passedOn)
    const far = groupsBy(sides.upstream, keyOf, told.received)
    for (const [key, asked] of far) {
      const from = near.get(key)
      if (from === undefined || from.length > MOST_SHARING || asked.length > MOST_SHARING) continue
      for (const u of asked) {
        const d = through(sides, from, u)
        if (d === null) continue
        const samePath = d.asked.mark.line === u.mark.line
        if (strongest === 'probable' && !samePath) continue
        told.passedOn.add(d.asked.mark)
        told.received.add(u.mark)
        tell({
          downstream: d.asked.leg,
          upstream: u.leg,
          basis: samePath ? name : `${name}, another path`,
          confidence: d.alone && samePath ? strongest : 'probable',
          asked: { downstream: d.asked.mark, upstream: u.mark },
        })
      }
    }
  }
}

/** Applications pass ids on, too (tracing asks them to): with another path it may be another request of the same trace. */
const IDS = [
  {
    name: 'same x-request-id',
    keyOf: (mark: RequestMark) => mark.requestId,
    strongest: 'certain',
  },
  {
    name: 'same traceparent and request line',
    keyOf: (mark: RequestMark) => mark.traceId,
    strongest: 'probable',
  },
] as const

/** The request that a proxy passed on as this one, and whether it can be no other. */
function through(
  sides: LegSides,
  from: readonly Asked[],
  u: Asked,
): { asked: Asked; alone: boolean } | null {
  const open = from.filter((d) => canPassOn(sides, d, u))
  if (open.length === 0) return null
  const meeting = open.filter((d) => canMeet(sides, d, u))
  const likely = meeting.length > 0 ? meeting : open
  // Within one capture legs enclose each other; elsewhere a second one with this id is a second attempt.
  return {
    asked: likely[likely.length - 1]!,
    alone: likely.length === 1 || sides.together,
  }
}
