import { ACK, FIN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { Side } from '../model/connection.ts'
import type { Attribution, ExchangeState, ResetEvent } from '../model/outcome.ts'
import type { Confidence, ResetBy } from '../model/report.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { nearestToSender, other, tapAt } from './taps.ts'

export interface Causer {
  causedBy: ResetBy
  confidence: Confidence
}

/** Whose doing an ending RST was: its sender's, unless it answers something that its maker could not expect (VERDICTS §5). */
export function causerOf(
  sighting: Sighting,
  event: ResetEvent,
  attribution: Attribution,
  fins: Record<Side, AlignedSegment | null>,
  exchange: ExchangeState,
): Causer {
  const { by, confidence } = attribution
  if (by === 'undetermined') return { causedBy: 'undetermined', confidence: 'unclear' }
  if (by === 'between') return { causedBy: 'between', confidence }
  if (answersStrangeAddress(sighting, event)) return { causedBy: 'between', confidence: 'probable' }
  if (event.anatomy === 'refusal') return { causedBy: by, confidence }
  if (event.anatomy !== 'passive' || event.trigger === null) {
    return { causedBy: by, confidence: confidence === 'certain' ? 'probable' : confidence }
  }
  const closer = event.from
  const writer = other(closer)
  const fin = fins[closer]
  if (fin !== null) {
    if (knewOfFin(event, fin)) return { causedBy: writer, confidence: 'probable' }
    const midExchange = exchange === 'mid-response' || exchange === 'mid-request'
    return midExchange || exchange === 'response-owed'
      ? { causedBy: closer, confidence: 'probable' }
      : { causedBy: 'undetermined', confidence: 'unclear' }
  }
  if (neverPartOfIt(sighting, closer)) return { causedBy: 'between', confidence: 'probable' }
  return { causedBy: by, confidence: 'probable' }
}

/** Had the writer acknowledged the FIN when it sent the segment that the RST answers? */
export function knewOfFin(event: ResetEvent, fin: AlignedSegment): boolean {
  const trigger = event.trigger
  if (trigger === null || (trigger.segment.flags & ACK) === 0) return false
  const seen = fin.seen[trigger.tap]
  if (!seen || (seen.flags & FIN) === 0) return false
  return delta(advance(seen.seq, seen.length + 1), trigger.segment.ack) >= 0
}

/** The RST, or what it answers, uses an address pair that is not the connection's: an un-NATed segment. */
function answersStrangeAddress(sighting: Sighting, event: ResetEvent): boolean {
  const { tap, segment } = nearestToSender(sighting, event.segment)
  const pairs = sighting.taps[tap]!.view!.strangeFrames
  return (
    pairs.has(segment.frame) || (event.trigger !== null && pairs.has(event.trigger.segment.frame))
  )
}

/**
 * The host that has no socket was captured from before this connection's data and never shows its handshake nor
 * anything of its own: the address was another pod's before (stale endpoint, reused address).
 */
function neverPartOfIt(sighting: Sighting, side: Side): boolean {
  const home = tapAt(sighting, side)
  const far = tapAt(sighting, other(side))
  if (home < 0 || far < 0) return false
  const here = sighting.taps[home]!.view!
  const there = sighting.taps[far]!.view!
  const spoke = here.segments.some((s) => s.from === side && (s.flags & 0x04) === 0)
  return here.midstream && !there.midstream && !spoke && there[side].packets > there[side].resets
}
