import type { Case } from '../model/case.ts'
import type { Side } from '../model/connection.ts'
import type { Measure } from './timers.ts'

/** Times before a connection's first FIN or RST, in ns, as its sender's tap shows them; NaN where they cannot be known. */
export type Measures = Record<Measure, number>

/** Shorter times repeat by chance. */
export const LEAST_REPEATED_NS = 0.9e9

const UNKNOWN: Measures = { idle: Number.NaN, age: Number.NaN, request: Number.NaN }

/**
 * How long a connection had lived, had been silent or had waited for an answer when it was closed. Silence while an
 * answer is owed is waiting; any other is idleness.
 */
export function measuresOf(c: Case): Measures {
  const { firstClose: close, firstReset, exchangeAtClose } = c.outcome
  if (close?.segment == null) return UNKNOWN
  const view = c.sighting.taps[close.tap]!.view!
  const end = close.kind === 'rst' ? answeredTime(c, close.segment.time) : close.segment.time
  let last = Number.NaN
  let lastFrom: Side = 'upstream'
  for (const s of view.segments) {
    if (s.frame >= close.segment.frame || s.time >= end) break
    if (s.length === 0 || s.kind === 'keep-alive' || s.kind === 'zero-window-probe') continue
    last = s.time
    lastFrom = s.from
  }
  const silent = end - last
  const owed = exchangeAtClose === 'response-owed' && lastFrom === 'client'
  const reset = firstReset?.idleNs ?? silent
  return {
    idle:
      owed || exchangeAtClose === 'mid-response'
        ? Number.NaN
        : close.kind === 'rst'
          ? reset
          : silent,
    age: view.client.isn === null ? Number.NaN : close.segment.time - view.firstTime,
    request: owed ? silent : Number.NaN,
  }
}

/** A RST that answers a segment ends the silence that this segment ended. */
function answeredTime(c: Case, time: number): number {
  const { firstReset, firstClose } = c.outcome
  const trigger = firstReset?.event.trigger
  return trigger != null && trigger.tap === firstClose!.tap && trigger.segment.length > 0
    ? trigger.segment.time
    : time
}

/** A shorter silence before an ordinary end is no timer's, however often it comes (as in connections/shape.ts). */
const SHORTEST_TIMER_NS = 1.75e9

/** What of it counts when it comes again in other connections: of ordinary ends long silence alone. */
export function countedMeasures(c: Case, measures: Measures): Measures {
  if (!c.outcome.handshake.complete) return UNKNOWN
  if (!c.outcome.benign) return measures
  return { ...UNKNOWN, idle: measures.idle >= SHORTEST_TIMER_NS ? measures.idle : Number.NaN }
}
