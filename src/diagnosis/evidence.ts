import type { Case } from '../model/case.ts'
import { shownTap } from '../model/case.ts'
import type { Observation } from '../model/outcome.ts'
import type { Evidence } from '../model/report.ts'
import type { Segment } from '../model/segment.ts'
import { timeText } from './time-text.ts'

/**
 * An observation as evidence of the report. What a capture does not show is cited by the last packet of the
 * connection that it does show; where it shows none of it, by the other capture's.
 */
export function evidenceOf(c: Case, observation: Observation): Evidence {
  let { tap, segment } = observation
  if (segment === null) {
    if (c.sighting.taps[tap]!.view === null) tap = shownTap(c.sighting)
    const segments = c.sighting.taps[tap]!.view!.segments
    segment = segments[segments.length - 1]!
  }
  return cite(c, tap, segment, observation.text)
}

export function cite(c: Case, tap: number, segment: Segment, text: string): Evidence {
  return {
    capture: c.sighting.taps[tap]!.capture,
    frame: segment.frame,
    at: timeText(c.bases[tap]!, segment.time),
    text,
  }
}
