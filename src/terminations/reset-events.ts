import { ACK, FIN, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import { covers } from '../model/coverage.ts'
import type { OddTtl, ResetEvent } from '../model/outcome.ts'
import type { Acceptance, Anatomy } from '../model/report.ts'
import type { Segment } from '../model/segment.ts'
import type { AlignedSegment, Sighting, Tap } from '../model/sighting.ts'
import {
  anyTap,
  isReset,
  livesOn,
  nearestToReceiver,
  nearestToSender,
  other,
  reactionNs,
  roundTripNs,
  speaksAfter,
  tapAt,
} from './taps.ts'

/** A host may have sent a segment in the moment in which a RST passed its tap but had not reached the socket. */
const SOCKET_GRACE_NS = 2e6

const INITIAL_TTLS: readonly number[] = [64, 128, 255]

/** Every RST of a connection with its anatomy, its trigger and what became of it (VERDICTS §3). */
export function readResets(sighting: Sighting): ResetEvent[] {
  const events: ResetEvent[] = []
  for (const segment of sighting.segments) {
    if (isReset(segment.seen[anyTap(segment)]!)) events.push(readReset(sighting, segment))
  }
  for (const event of events) reconsider(sighting, events, event)
  return events
}

/**
 * A host that answers data with a passive RST has no socket. If it never sent a FIN, the last RST that arrived at its
 * tap before took the socket away, however its number looked.
 */
function reconsider(sighting: Sighting, events: readonly ResetEvent[], answer: ResetEvent): void {
  const home = tapAt(sighting, answer.from)
  const at = home < 0 ? null : answer.segment.seen[home]
  if (at == null || answer.anatomy !== 'passive' || (answer.trigger?.segment.length ?? 0) === 0)
    return
  const closed = sighting.taps[home]!.view!.segments.some(
    (s) => s.from === answer.from && s.frame < at.frame && (s.flags & FIN) !== 0,
  )
  if (closed) return
  let last: ResetEvent | null = null
  for (const event of events) {
    const arrived = event.segment.seen[home]
    if (event.from === answer.from || arrived == null || arrived.frame > at.frame) continue
    if (event.ending) return
    last = event
  }
  if (last !== null) {
    last.ending = true
    last.acceptance = 'assumed'
  }
}

function readReset(sighting: Sighting, segment: AlignedSegment): ResetEvent {
  const sent = nearestToSender(sighting, segment)
  const view = sighting.taps[sent.tap]!.view!
  const trigger = findTrigger(sighting, segment)
  const oddTtl = unusualTtl(sighting.taps[sent.tap]!, view, sent.segment)
  const continues = senderContinues(sighting, segment)
  const home = tapAt(sighting, segment.from)
  const own = home >= 0 ? sighting.taps[home]!.view : null
  const anatomy = anatomyOf(
    view,
    own,
    sent.segment,
    trigger?.segment ?? null,
    oddTtl,
    continues !== null,
  )
  const acceptance = acceptanceOf(sighting, segment)
  const leftHome = home >= 0 && segment.seen[home] !== null
  const endsSender =
    leftHome &&
    continues === null &&
    speaksAfter(sighting.taps[home]!.view!, segment.from, segment.seen[home]!.frame, 0) === null
  const accepted = acceptance !== null && acceptance !== 'not-delivered'
  const stray = isStray(view, sent.segment)
  return {
    from: segment.from,
    segment,
    anatomy,
    acceptance: stray ? null : acceptance,
    ending: !stray && (accepted || endsSender),
    afterClose: false,
    trigger,
    oddTtl,
    senderContinues: continues,
    continuesSender: continuesSender(view, sent.segment),
  }
}

/**
 * The segment that a RST answers: for a passive RST the latest one from the other side whose ACK is the RST's
 * sequence number, for a refusal the SYN. Looked for at the tap nearest to the RST's sender.
 */
function findTrigger(
  sighting: Sighting,
  reset: AlignedSegment,
): { tap: number; segment: Segment } | null {
  const { tap, segment: rst } = nearestToSender(sighting, reset)
  const view = sighting.taps[tap]!.view!
  const isBare = (rst.flags & ACK) === 0
  let found: Segment | null = null
  for (const s of view.segments) {
    if (s.frame >= rst.frame) break
    if (s.from === reset.from || isReset(s)) continue
    const answers = isBare
      ? (s.flags & ACK) !== 0 && s.ack === rst.seq
      : (s.flags & SYN) !== 0 && rst.ack === advance(s.seq, s.length + 1)
    if (answers) found = s
  }
  return found === null ? null : { tap, segment: found }
}

/** The shape of a RST, compared with what Linux sends (CATALOGUE §2.0). */
function anatomyOf(
  view: ConnectionView,
  own: ConnectionView | null,
  rst: Segment,
  trigger: Segment | null,
  oddTtl: OddTtl | null,
  senderLives: boolean,
): Anatomy {
  if (oddTtl?.strong || senderLives) return 'inconsistent'
  const facts = view[rst.from]
  const isBare = (rst.flags & ACK) === 0
  if (!isBare && trigger !== null && (trigger.flags & (SYN | ACK)) === SYN) {
    const unanswered = facts.isn === null && facts.next === null
    if (unanswered || rst.seq === 0) return 'refusal'
  }
  const otherSent = view[other(rst.from)]
  if (isBare) {
    if (rst.window === 0 && !rst.hasTimestamps && trigger !== null) return 'passive'
    if (trigger === null && rst.senderNext !== null && rst.seq !== rst.senderNext) {
      return stepsOutOfLine(view, own, rst) ? 'inconsistent' : 'unknown'
    }
    return 'unknown'
  }
  const inLine = rst.senderNext !== null && rst.seq === rst.senderNext
  const knows = otherSent.next !== null && delta(rst.ack, otherSent.next) >= 0
  const stamped = rst.hasTimestamps || rst.optionsCut || !usesTimestamps(view, rst.from)
  if (inLine && knows && stamped && rst.ipId !== 0) return 'active'
  if (inLine && knows && stamped) return 'unknown'
  return stepsOutOfLine(view, own, rst) ? 'inconsistent' : 'unknown'
}

/** The sequence number lies behind or ahead of the sender's and no segment of the other side carries it as its ACK. */
function stepsOutOfLine(view: ConnectionView, own: ConnectionView | null, rst: Segment): boolean {
  // What was lost on the way makes a number step at the far end that was in line where it was sent.
  if (own !== null && (rst.seq === own[rst.from].next || rst.seq === own[other(rst.from)].acked)) {
    return false
  }
  const facts = view[rst.from]
  if (rst.senderNext === null || rst.seq === rst.senderNext) return false
  if (facts.unseenSegments > 0 || view.midstream) return false
  if (facts.finSeq !== null && (rst.seq === facts.finSeq || rst.seq === advance(facts.finSeq, 1))) {
    return false
  }
  const receiver = view[other(rst.from)]
  if (receiver.acked === rst.seq || rst.otherAck === rst.seq) return false
  return !view.segments.some(
    (s) =>
      s.from !== rst.from &&
      (((s.flags & ACK) !== 0 && s.ack === rst.seq) || s.sackRight === rst.seq),
  )
}

function usesTimestamps(view: ConnectionView, side: Side): boolean {
  return view.segments.some(
    (s) => s.from === side && !isReset(s) && (s.flags & SYN) === 0 && s.hasTimestamps,
  )
}

/** A TTL that none of the sender's other segments had at this tap. */
function unusualTtl(tap: Tap, view: ConnectionView, rst: Segment): OddTtl | null {
  const { ttlLow, ttlHigh, packets, resets } = view[rst.from]
  // Nothing else of that side in this connection: other connections of the same address must do.
  const own = packets - resets >= 1 && ttlHigh > 0 ? { low: ttlLow, high: ttlHigh } : null
  const usual = own ?? tap.usualTtl?.(rst.from) ?? null
  if (usual === null) return null
  const { low, high } = usual
  if (rst.ttl >= low && rst.ttl <= high) return null
  const distance = rst.ttl < low ? low - rst.ttl : rst.ttl - high
  // No path gives back what a router took: an untouched TTL was made on this side of it.
  const untouched = INITIAL_TTLS.includes(rst.ttl) && !INITIAL_TTLS.includes(high)
  return { ttl: rst.ttl, low, high, strong: distance > 2 || untouched }
}

/** Do IP ID and TSval go on from the sender's last segments? */
function continuesSender(view: ConnectionView, rst: Segment): boolean {
  let last: Segment | null = null
  for (const s of view.segments) {
    if (s.frame >= rst.frame) break
    if (s.from === rst.from && !isReset(s) && (s.flags & SYN) === 0) last = s
  }
  if (last === null || rst.ttl !== last.ttl) return false
  const hasId = rst.ipId > 0 && last.ipId > 0
  const idStep = hasId ? (rst.ipId - last.ipId) & 0xffff : -1
  const idContinues = hasId && idStep >= 1 && idStep <= 64
  if (hasId && !idContinues) return false
  const cut = last.optionsCut || rst.optionsCut
  if (!cut && last.hasTimestamps !== rst.hasTimestamps) return false
  if (!rst.hasTimestamps || !last.hasTimestamps) return idContinues
  const tick = delta(last.tsVal, rst.tsVal)
  const elapsedMs = (rst.time - last.time) / 1e6
  // TSval counts milliseconds on Linux; other systems tick at 10 to 1000 Hz.
  return tick >= 0 && tick <= elapsedMs * 1.1 + 50
}

/**
 * Proof that the apparent sender of a RST did not end with it: new data beyond the RST's number, or anything at all
 * well after everything in flight had arrived.
 */
function senderContinues(
  sighting: Sighting,
  reset: AlignedSegment,
): { tap: number; segment: Segment } | null {
  const home = tapAt(sighting, reset.from)
  if (home >= 0 && reset.seen[home] !== null) {
    const rst = reset.seen[home]!
    const next = livesOn(
      sighting.taps[home]!.view!,
      reset.from,
      rst.frame,
      rst.time + SOCKET_GRACE_NS,
    )
    return next === null ? null : { tap: home, segment: next }
  }
  const { tap, segment: rst } = nearestToReceiver(sighting, reset)
  const view = sighting.taps[tap]!.view!
  if (home >= 0 && home !== tap && sighting.clock !== null) {
    // Whatever leaves its own tap after the RST must long have been sent shows a living socket.
    const latest = sighting.clock.translate(tap, rst.time, home).high + SOCKET_GRACE_NS
    const next = speaksAfter(sighting.taps[home]!.view!, reset.from, 0, latest)
    return next === null ? null : { tap: home, segment: next }
  }
  // Only arrivals are known: what was sent before may come late, so only what is new counts.
  const flight = Math.max(50e6, 2 * roundTripNs(view))
  const isActive = (rst.flags & ACK) !== 0
  for (const s of view.segments) {
    if (s.frame <= rst.frame || s.from !== rst.from || isReset(s)) continue
    if ((s.flags & SYN) !== 0) continue
    if (isActive && s.length > 0 && delta(rst.seq, s.seq) >= 0) return { tap, segment: s }
  }
  const next = livesOn(view, reset.from, rst.frame, rst.time + flight)
  return next === null ? null : { tap, segment: next }
}

/** Did the receiver take the RST? Null: it ignored it. */
function acceptanceOf(sighting: Sighting, reset: AlignedSegment): Acceptance | null {
  const receiver = other(reset.from)
  const far = tapAt(sighting, receiver)
  if (far >= 0 && reset.seen[far] === null) {
    const where = anyTap(reset)
    const covered = covers(sighting, far, where, reset.seen[where]!.time)
    if (covered && sighting.taps[far]!.loss.length === 0) return 'not-delivered'
  }
  const { tap, segment: rst } = nearestToReceiver(sighting, reset)
  const view = sighting.taps[tap]!.view!
  const atReceiver = tap === far
  const inHost = sighting.taps[tap]!.inHost?.host === receiver
  const wait = atReceiver
    ? reactionNs(view, receiver, inHost)
    : Math.max(1e9, 4 * roundTripNs(view))
  const goesOn = livesOn(view, receiver, rst.frame, rst.time + wait) !== null
  if (goesOn) return null
  const exact = exactNumber(view, rst, receiver)
  if (exact !== null) return exact
  const known =
    atReceiver &&
    !view.midstream &&
    sighting.taps[tap]!.loss.length === 0 &&
    view.client.unseenSegments === 0
  if (!known) return 'assumed'
  // Its number is not the expected one. Not every stack asks back (RFC 5961); silence of both ends shows the end.
  const challenged = speaksAfter(view, receiver, rst.frame, rst.time) !== null
  const sender = speaksAfter(view, rst.from, rst.frame, rst.time) !== null
  return challenged || sender ? null : 'assumed'
}

function exactNumber(view: ConnectionView, rst: Segment, receiver: Side): Acceptance | null {
  const before = view.segments.filter((s) => s.frame < rst.frame)
  const receiverIsInSynSent =
    receiver === 'client' &&
    before.some((s) => s.from === 'client' && (s.flags & SYN) !== 0) &&
    !before.some((s) => s.from === 'upstream' && !isReset(s))
  if (receiverIsInSynSent) {
    const isn = view.client.isn
    const acks = (rst.flags & ACK) !== 0 && isn !== null && delta(isn, rst.ack) >= 1
    return acks && delta(rst.ack, view.client.next ?? rst.ack) >= 0 ? 'exact' : null
  }
  const fin = view[rst.from].finSeq
  const finBefore =
    fin !== null && before.some((s) => s.from === rst.from && (s.flags & 0x01) !== 0)
  if (finBefore && rst.seq === fin) return 'after-fin'
  if (rst.seq === rst.otherAck || rst.seq === inOrderReach(before, rst)) return 'exact'
  const sacked = before.filter((s) => s.from === receiver && s.sackRight !== null)
  if (sacked.some((s) => s.sackRight === rst.seq)) return 'sack-edge'
  // What the receiver selectively acknowledged lies behind a hole: RCV.NXT is not the sender's SND.NXT then.
  const last = sacked[sacked.length - 1]
  const hole = last !== undefined && last.ack === rst.otherAck
  return rst.seq === rst.senderNext && !hole ? 'exact' : null
}

/** RCV.NXT by what arrived here: the end of the sender's bytes up to the first hole. */
function inOrderReach(before: readonly Segment[], rst: Segment): number | null {
  const data = before.filter((s) => s.from === rst.from && !isReset(s))
  let reach = rst.otherAck ?? (data[0] === undefined ? null : data[0].seq)
  if (reach === null) return null
  // Each segment moves the edge once at most: hostile numbers must not lead round the circle for ever.
  let waiting = data
  for (let moved = true; moved; ) {
    moved = false
    const left: Segment[] = []
    for (const s of waiting) {
      const start = (s.flags & SYN) !== 0 ? advance(s.seq, 1) : s.seq
      const end = advance(start, s.length + ((s.flags & FIN) !== 0 ? 1 : 0))
      if (delta(s.seq, reach) >= 0 && delta(reach, end) > 0) {
        reach = end
        moved = true
      } else left.push(s)
    }
    waiting = left
  }
  return reach
}

/** Far outside any window: a RST of another use of the same ports, or a blind guess. */
const STRAY_DISTANCE = 1 << 26

/** Is its number nowhere near anything that this connection used? */
function isStray(view: ConnectionView, rst: Segment): boolean {
  if ((rst.flags & ACK) !== 0 && rst.seq === 0) return false
  const known = [rst.senderNext, rst.otherAck, view[rst.from].next, view[other(rst.from)].acked]
  const numbers = known.filter((n) => n !== null)
  return numbers.length > 0 && numbers.every((n) => Math.abs(delta(n, rst.seq)) > STRAY_DISTANCE)
}
