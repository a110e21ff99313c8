import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { Side } from '../model/connection.ts'
import type { ExchangeState, Outcome, ResetEvent } from '../model/outcome.ts'
import type { Detail, Termination } from '../model/report.ts'
import type { Segment } from '../model/segment.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { knewOfFin } from './caused-by.ts'
import { exchangeAtFin, homeTap, idleBefore, isResponseTruncated } from './exchange.ts'
import { openDetail } from './silent-loss.ts'
import { anyTap, nearestToReceiver, nearestToSender, other } from './taps.ts'

/** A SYN that nothing answered may still be answered within this time. */
const SYN_WAIT_NS = 3e9
const IDLE_NS = 1e9

export interface ClassifyInput {
  sighting: Sighting
  handshake: Outcome['handshake']
  fins: Outcome['fins']
  /** The first ending RST, not counting one after both FINs were acknowledged. */
  reset: ResetEvent | null
  resets: readonly ResetEvent[]
  application: Outcome['application']
  tlsDetail: Detail | null
  exchange: ExchangeState
}

export interface Classified {
  termination: Termination
  detail: Detail
  benign: boolean
}

/** Exactly one class, by the first rule that holds (the decision table of VERDICTS §4). */
export function classify(input: ClassifyInput): Classified {
  const { sighting, handshake, fins, reset } = input
  if (handshake.syn !== null && !handshake.complete) {
    const detail = handshakeDetail(input)
    if (detail === null) return { termination: 'open', detail: 'active', benign: true }
    // A half-open scan: the client takes back its own SYN when it is answered.
    const scan = detail === 'reset-by-client' && !answersStranger(sighting, reset)
    return { termination: 'handshake-never-completed', detail, benign: scan }
  }
  if (input.tlsDetail !== null) {
    return { termination: 'tls-aborted', detail: input.tlsDetail, benign: false }
  }
  if (reset !== null) {
    const detail = resetDetail(input, reset)
    const finFirst = finBefore(sighting, fins, reset)
    const probe = detail === 'no-data' && reset.from === 'client'
    return {
      termination: finFirst ? 'rst-after-fin' : 'rst-without-fin',
      detail,
      benign: detail === 'after-complete-response' || probe,
    }
  }
  if (fins.client !== null && fins.upstream !== null) {
    const truncated = fins.upstream !== null && isResponseTruncated(input.application)
    return { termination: 'fin-close', detail: finDetail(input), benign: !truncated }
  }
  const detail = openDetail(sighting)
  const cut = fins.upstream !== null && isResponseTruncated(input.application)
  return {
    termination: 'open',
    detail,
    benign: detail !== 'silent-loss' && detail !== 'stalled' && !cut,
  }
}

function handshakeDetail(input: ClassifyInput): Detail | null {
  const { sighting, handshake, reset } = input
  if (reset !== null) {
    if (reset.from === 'client') return 'reset-by-client'
    const { tap, segment } = nearestToReceiver(sighting, reset.segment)
    const answered = handshake.synAck?.seen[tap]
    const synAckFirst = answered ? answered.frame < segment.frame : handshake.synAck !== null
    return synAckFirst && reset.anatomy !== 'refusal' ? 'reset-after-syn-ack' : 'refused'
  }
  const icmp = sighting.taps.some((tap) => tap.view?.icmp.some((e) => e.about === 'client'))
  if (icmp) return 'icmp-unreachable'
  const recent = sighting.taps.every((tap) => {
    if (tap.view === null) return true
    return tap.captureEnd - tap.view.firstTime < SYN_WAIT_NS && tap.view.client.packets === 1
  })
  if (handshake.synAck === null) return recent ? null : 'no-answer'
  return recent ? null : 'no-final-ack'
}

function answersStranger(sighting: Sighting, reset: ResetEvent | null): boolean {
  if (reset?.trigger == null) return false
  return sighting.taps[reset.trigger.tap]!.view!.strangeFrames.has(reset.trigger.segment.frame)
}

/**
 * Was a FIN of either side seen at the RST sender's tap before the RST? Where that capture lost the sender's own FIN,
 * the other tap shows the order just as well.
 */
export function finBefore(
  sighting: Sighting,
  fins: Outcome['fins'],
  reset: ResetEvent,
): Side | null {
  const home = nearestToSender(sighting, reset.segment)
  let found: { side: Side; frame: number } | null = null
  for (const side of ['client', 'upstream'] as const) {
    const fin = fins[side]?.seen[home.tap]
    if (fin && fin.frame < home.segment.frame && (found === null || fin.frame < found.frame)) {
      found = { side, frame: fin.frame }
    }
  }
  if (found !== null) return found.side
  const own = fins[reset.from]
  const tap = own?.seen.findIndex((s, i) => s !== null && reset.segment.seen[i]) ?? -1
  const earlier = tap >= 0 && own!.seen[tap]!.frame < reset.segment.seen[tap]!.frame
  return earlier ? reset.from : null
}

/** Did a FIN and the RST cross: sent, but not yet arrived at the RST's sender? */
export function crossesFin(sighting: Sighting, fins: Outcome['fins'], reset: ResetEvent): boolean {
  const fin = fins[other(reset.from)]
  if (fin === null) return false
  const home = nearestToSender(sighting, reset.segment)
  const there = nearestToSender(sighting, fin)
  if (home.tap === there.tap) return false
  const arrivedHere = fin.seen[home.tap]
  const notYetHere = !arrivedHere || arrivedHere.frame > home.segment.frame
  const resetThere = reset.segment.seen[there.tap]
  return notYetHere && (!resetThere || resetThere.frame > there.segment.frame)
}

function resetDetail(input: ClassifyInput, reset: ResetEvent): Detail {
  const { sighting, fins, application } = input
  const views = sighting.taps.flatMap((tap) => (tap.view === null ? [] : [tap.view]))
  if (views.every((view) => firstIsReset(view.segments))) return 'lone-reset'
  const closer = finBefore(sighting, fins, reset)
  const ownFin = fins[reset.from]
  const answersData = reset.trigger !== null && reset.trigger.segment.length > 0
  if (ownFin !== null && closer === reset.from && reset.anatomy !== 'active' && answersData) {
    const atClose = exchangeAtFin(sighting, ownFin, application)
    const idle = atClose === 'complete' || atClose === 'no-data'
    return idle && !knewOfFin(reset, ownFin) ? 'keep-alive-race' : 'data-after-close'
  }
  const state = input.exchange
  if (state === 'mid-response' || state === 'response-owed') return 'mid-response'
  if (state === 'mid-request') return 'mid-request'
  if (state === 'complete') {
    if (answeredEarly(sighting, reset)) return 'mid-request'
    return isUnacknowledged(sighting, reset) ? 'mid-response' : 'after-complete-response'
  }
  if (state === 'no-data' && !views.some((view) => view.midstream)) return 'no-data'
  const { tap, segment } = nearestToSender(sighting, reset.segment)
  const idle = idleBefore(sighting, tap, reset.trigger?.segment.frame ?? segment.frame)
  if (idle !== null && idle >= IDLE_NS) return 'idle'
  return closer !== null ? 'half-closed-reset' : 'mid-stream'
}

/** The upstream answered, request data still came, and the upstream reset: it never read that data. */
function answeredEarly(sighting: Sighting, reset: ResetEvent): boolean {
  if (reset.from !== 'upstream') return false
  const { tap, segment } = nearestToSender(sighting, reset.segment)
  let last: Side | null = null
  for (const s of sighting.taps[tap]!.view!.segments) {
    if (s.frame >= segment.frame) break
    if (s.length > 0 && s.kind === 'new') last = s.from
  }
  return last === 'client'
}

/** The upstream reset before the client had acknowledged the response: the client may never read it. */
function isUnacknowledged(sighting: Sighting, reset: ResetEvent): boolean {
  if (reset.from !== 'upstream') return false
  const { tap, segment } = nearestToSender(sighting, reset.segment)
  if (sighting.taps[tap]!.side !== 'upstream') return false
  const view = sighting.taps[tap]!.view!
  let end: number | null = null
  for (const s of view.segments) {
    if (s.frame < segment.frame && s.from === 'upstream' && s.length > 0)
      end = advance(s.seq, s.length)
  }
  return end !== null && segment.otherAck !== null && delta(end, segment.otherAck) < 0
}

function firstIsReset(segments: readonly { flags: number }[]): boolean {
  return segments.length > 0 && (segments[0]!.flags & 0x04) !== 0
}

function finDetail(input: ClassifyInput): Detail {
  const { sighting, fins, application, resets } = input
  if (isResponseTruncated(application)) return 'truncated-response'
  if (resets.some((e) => e.afterClose)) return 'late-rst'
  const client = fins.client!
  const upstream = fins.upstream!
  if (areSimultaneous(client, upstream)) return 'simultaneous'
  return firstFin(sighting, client, upstream) === 'upstream' ? 'by-upstream' : 'by-client'
}

/** Neither FIN acknowledges the other. */
function areSimultaneous(a: AlignedSegment, b: AlignedSegment): boolean {
  return !covers(a, b) && !covers(b, a)
}

function covers(later: AlignedSegment, earlier: AlignedSegment): boolean {
  const tap = later.seen.findIndex((s, i) => s !== null && earlier.seen[i])
  if (tap < 0) return true
  const fin = earlier.seen[tap]!
  const s = later.seen[tap]!
  return (s.flags & ACK) !== 0 && delta(advance(fin.seq, fin.length + 1), s.ack) >= 0
}

function firstFin(sighting: Sighting, client: AlignedSegment, upstream: AlignedSegment): Side {
  if (covers(upstream, client) && !covers(client, upstream)) return 'client'
  if (covers(client, upstream) && !covers(upstream, client)) return 'upstream'
  const tap = client.seen.findIndex((s, i) => s !== null && upstream.seen[i])
  if (tap >= 0) return client.seen[tap]!.frame < upstream.seen[tap]!.frame ? 'client' : 'upstream'
  const here = homeTap(sighting, 'client')
  return client.seen[here] ? 'client' : 'upstream'
}

/** The first FIN of a side. */
export function firstFinOf(sighting: Sighting, side: Side): AlignedSegment | null {
  for (const segment of sighting.segments) {
    if (segment.from !== side) continue
    if ((segment.seen[anyTap(segment)]!.flags & (FIN | SYN | RST)) === FIN) return segment
  }
  return null
}

/** Had both FINs been sent and acknowledged before this segment, by the tap nearest to its sender or by any other? */
export function isAfterFullClose(
  sighting: Sighting,
  fins: Outcome['fins'],
  segment: AlignedSegment,
): boolean {
  if (fins.client === null || fins.upstream === null) return false
  const { tap, segment: at } = nearestToSender(sighting, segment)
  return sighting.taps.some((_, index) => {
    const closed = closedAt(sighting, fins, index)
    if (closed === null) return false
    if (index === tap) return closed.frame < at.frame
    // The capture nearest to the sender may have lost the end of the close: the other one and the clock tell as well.
    const latest = sighting.clock?.translate(index, closed.time, tap).high
    return segment.seen[index] == null && latest !== undefined && latest < at.time
  })
}

/** The segment by which a tap saw the second of both FINs acknowledged. */
function closedAt(sighting: Sighting, fins: Outcome['fins'], tap: number): Segment | null {
  let last: Segment | null = null
  for (const side of ['client', 'upstream'] as const) {
    const fin = fins[side]?.seen[tap]
    if (!fin) return null
    const end = advance(fin.seq, fin.length + 1)
    const answer = sighting.taps[tap]!.view!.segments.find(
      (s) =>
        s.from === other(side) &&
        s.frame > fin.frame &&
        (s.flags & (ACK | 0x04)) === ACK &&
        delta(end, s.ack) >= 0,
    )
    if (answer === undefined) return null
    if (last === null || answer.frame > last.frame) last = answer
  }
  return last
}
