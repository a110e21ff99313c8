import { ACK, FIN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ResetEvent } from '../model/outcome.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { nearestToSender, tapAt } from './taps.ts'

export interface FirstOf {
  event: ResetEvent
  /** The other side's reset that crossed this one, if any. */
  crossed: ResetEvent | null
  /** False when the clocks cannot tell which of the two was first. */
  ordered: boolean
  gapNs: number | null
  uncertaintyNs: number | null
}

/**
 * The first of several ending RSTs: happened-before first, clocks second (VERDICTS §5). A host whose tap shows the
 * other's RST arriving before its own leaves came second; two that crossed are ordered by the common clock or not at all.
 */
export function firstReset(sighting: Sighting, events: readonly ResetEvent[]): FirstOf | null {
  const roots = events.filter(
    (e) => !events.some((f) => f !== e && precedes(sighting, f.segment, e.segment)),
  )
  const candidates = roots.length > 0 ? roots : events
  let first = candidates[0]
  if (first === undefined) return null
  let crossed: ResetEvent | null = null
  let order: Omit<FirstOf, 'event' | 'crossed'> = {
    ordered: true,
    gapNs: null,
    uncertaintyNs: null,
  }
  for (const event of candidates.slice(1)) {
    if (event.from === first.from) {
      const same = compareTimes(sighting, event.segment, first.segment)
      if (same.order === 'before') first = event
      continue
    }
    const compared = compareTimes(sighting, event.segment, first.segment)
    crossed = event
    if (compared.order === 'before') {
      crossed = first
      first = event
    }
    order = {
      ordered: compared.order !== 'undetermined',
      gapNs: compared.gapNs === null ? null : Math.abs(compared.gapNs),
      uncertaintyNs: compared.uncertaintyNs,
    }
  }
  return { event: first, crossed, ...order }
}

/** Did `a` happen before `b` by what one host knew: no clock needed? */
export function precedes(sighting: Sighting, a: AlignedSegment, b: AlignedSegment): boolean {
  if (a.from === b.from) {
    const tap = a.seen.findIndex((s, i) => s !== null && b.seen[i])
    return tap >= 0 && a.seen[tap]!.frame < b.seen[tap]!.frame
  }
  if (acknowledgesFin(b, a)) return true
  // At the tap of b's sender: a arrived before b left.
  const home = tapAt(sighting, b.from)
  if (home >= 0 && b.seen[home]) {
    const arrived = a.seen[home]
    return arrived != null && arrived.frame < b.seen[home]!.frame
  }
  // b was not seen leaving: at a known tap, what arrives after a left may have crossed it all the same.
  if (sighting.taps.some((tap) => tap.side !== null)) return false
  const tap = b.seen.findIndex((s, i) => s !== null && a.seen[i])
  return tap >= 0 && a.seen[tap]!.frame < b.seen[tap]!.frame
}

/** Does `later` acknowledge the FIN that `earlier` carries? Its sender had it then. */
function acknowledgesFin(later: AlignedSegment, earlier: AlignedSegment): boolean {
  const tap = later.seen.findIndex((s, i) => s !== null && earlier.seen[i])
  const fin = earlier.seen[tap]
  const s = later.seen[tap]
  if (fin == null || s == null || (fin.flags & FIN) === 0 || (s.flags & ACK) === 0) return false
  const covered = delta(advance(fin.seq, fin.length + 1), s.ack)
  return covered >= 0 && covered < 2 ** 16
}

/** Which of two segments was sent first by the clocks; within one tap by file order. */
export function compareTimes(sighting: Sighting, a: AlignedSegment, b: AlignedSegment) {
  const first = nearestToSender(sighting, a)
  const second = nearestToSender(sighting, b)
  const oneSide = a.from === b.from || sighting.taps.every((tap) => tap.side === null)
  if (first.tap === second.tap && oneSide) {
    const gapNs = second.segment.time - first.segment.time
    const before = first.segment.frame < second.segment.frame
    return { order: before ? ('before' as const) : ('after' as const), gapNs, uncertaintyNs: 0 }
  }
  const leftHome =
    first.segment === a.seen[tapAt(sighting, a.from)] &&
    second.segment === b.seen[tapAt(sighting, b.from)]
  if (sighting.clock === null || !leftHome) {
    return { order: 'undetermined' as const, gapNs: null, uncertaintyNs: null }
  }
  return sighting.clock.compare(
    { tap: first.tap, time: first.segment.time },
    { tap: second.tap, time: second.segment.time },
  )
}
