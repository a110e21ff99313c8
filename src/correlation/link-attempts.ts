import type { RequestMark } from '../model/application.ts'
import { type Asked, canMeet, canPassOn, type LegSides } from './asked.ts'
import type { Sighted } from './leg-links.ts'
import type { Told } from './link-by-id.ts'

/** Requests that may wait at a time: among more than these nothing tells one from another. */
const MOST_WAITING = 128

/**
 * Connections that a proxy tried to open in vain carry no request: they belong to the one that was never passed on, if
 * it alone waited for its answer when they were tried. Only a capture that sees all that comes to the proxy can tell.
 */
export function linkAttempts(sides: LegSides, told: Told, tell: (found: Sighted) => void): void {
  if (!sides.together) return
  const attempts = sides.upstream.filter(({ isAttempt }) => isAttempt)
  if (attempts.length === 0) return
  attempts.sort((a, b) => a.opened - b.opened)
  const waiting = sides.downstream.flatMap((leg) =>
    leg.requests.flatMap((mark) => (isUnserved(mark, told) ? [{ leg, mark }] : [])),
  )
  waiting.sort((a, b) => a.mark.time - b.mark.time)
  let open: Asked[] = []
  let next = 0
  for (const leg of attempts) {
    while (next < waiting.length && waiting[next]!.mark.time <= leg.opened) {
      open.push(waiting[next++]!)
    }
    open = open.filter((d) => (d.mark.answered ?? d.leg.ended) >= leg.opened).slice(-MOST_WAITING)
    const u: Asked = { leg, mark: { ...NOTHING, time: leg.opened } }
    const fitting = open.filter((d) => canPassOn(sides, d, u) && canMeet(sides, d, u))
    const [d] = fitting
    if (d === undefined || fitting.length > 1) continue
    tell({
      downstream: d.leg,
      upstream: leg,
      basis: 'tried while the request waited',
      confidence: 'probable',
      asked: { downstream: d.mark, upstream: u.mark },
    })
  }
}

const NOTHING: Omit<RequestMark, 'time'> = {
  line: 0,
  requestId: 0,
  traceId: 0,
  status: 0,
  answered: null,
}

/** It was passed on to nobody, and not answered as if it had been. */
function isUnserved(mark: RequestMark, told: Told): boolean {
  return !told.passedOn.has(mark) && (mark.status === 0 || mark.status >= 500)
}
