import type { Case, LinkedLeg } from '../model/case.ts'
import { shownTap } from '../model/case.ts'

/** What the other leg of a proxy may ask of this one. */
export function linkedLeg(c: Case): LinkedLeg {
  const { termination, benign, firstReset, firstClose } = c.outcome
  const { client, upstream } = c.sighting.taps[shownTap(c.sighting)]!.view!.endpoints
  const close = closeMoment(c)
  return {
    id: c.id,
    client,
    upstream,
    termination,
    benign,
    firstReset: firstReset && { by: firstReset.by, confidence: firstReset.confidence },
    firstClose: firstClose && { by: firstClose.by, kind: firstClose.kind },
    closed: close && c.onReportClock(close.tap, close.time),
    links: c.links,
  }
}

/** When and where a connection's first FIN or ending RST was seen; null without one. */
function closeMoment({ outcome }: Case): { tap: number; time: number } | null {
  const { firstClose: close, firstReset: reset } = outcome
  if (close?.segment != null) return { tap: close.tap, time: close.segment.time }
  return reset && { tap: reset.tap, time: reset.time }
}
