import type { Side } from '../model/connection.ts'
import type { ResetEvent } from '../model/outcome.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { isNewData, nearestToSender, other } from './taps.ts'

/** What says goodbye in TLS: a close_notify, of HTTP/2 with a GOAWAY before it. */
const GOODBYE_BYTES = 96

/**
 * Did the RST answer no more than a close_notify? Of a TLS session whose last word was the upstream's, one side said
 * goodbye and closed its socket, and the other answered the goodbye (RFC 8446 §6.1): nothing was under way.
 */
export function answersGoodbye(
  sighting: Sighting,
  fins: Record<Side, AlignedSegment | null>,
  reset: ResetEvent,
): boolean {
  const fin = fins[reset.from]
  if (fin === null || reset.anatomy !== 'passive' || reset.trigger === null) return false
  const { tap, segment } = nearestToSender(sighting, fin)
  const { segments, application } = sighting.taps[tap]!.view!
  const { tls } = application
  if (tls === null || tls.stage !== 'established') return false
  const writer = other(reset.from)
  const alertLast =
    writer === 'client' ? tls.clientEndsWithAlertSize : tls.upstreamEndsWithAlertSize
  if (!alertLast) return false
  let after = 0
  // How much each side has said since the other did.
  const turn = { from: writer as Side, bytes: 0 }
  let beforeTurn: Side | null = null
  for (const s of segments) {
    if (s.length === 0 || !isNewData(s)) continue
    if (s.from === writer && s.frame > segment.frame) after += s.length
    else if (s.frame > segment.frame) return false
    else if (s.from === turn.from) turn.bytes += s.length
    else {
      beforeTurn = turn.bytes > 0 ? turn.from : null
      turn.from = s.from
      turn.bytes = s.length
    }
  }
  if (after === 0 || after > GOODBYE_BYTES) return false
  const isGoodbye = turn.from === reset.from && turn.bytes <= GOODBYE_BYTES
  return turn.from === 'upstream' || (isGoodbye && beforeTurn === 'upstream')
}
