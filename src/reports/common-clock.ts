import type { Clock, Fate, Report } from '../model/report.ts'
import { secondsBetween } from './time-format.ts'

/** Places a segment's times on the first capture's clock; seconds after that capture's first packet, null where unknown. */
export interface CommonClock {
  at(fate: Fate, captureId: string): number | null
}

/** The common clock of a report: the client capture's own, or the only capture's. */
export function commonClock(report: Pick<Report, 'captures' | 'clock'>): CommonClock {
  const zero = report.captures.map((capture) => capture.firstPacketAt).find((at) => at !== null)
  const reference = report.captures[0]?.id
  return {
    at(fate, captureId) {
      const own = secondsBetween(zero ?? null, fate.at[captureId] ?? null)
      if (own === null || captureId === reference) return own
      // Along a path each capture has an offset of its own.
      const known = report.captures.find(({ id }) => id === captureId)?.clock
      if (known) return own - known.offsetSeconds
      return report.clock && zero ? toReference(own, report.clock, zero) : null
    },
  }
}

function toReference(own: number, clock: Clock, zero: string): number {
  let offset = clock.offsetSeconds
  let since = 0
  for (const step of clock.steps) {
    const at = secondsBetween(zero, step.at)
    if (at === null || own - step.offsetSeconds < at) break
    offset = step.offsetSeconds
    since = at
  }
  // upstream = reference + offset + drift · (reference − since), solved for the reference.
  const drift = clock.driftPpm * 1e-6
  return (own - offset + drift * since) / (1 + drift)
}
