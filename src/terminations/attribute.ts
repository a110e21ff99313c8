import { covers, surelyCovers } from '../model/coverage.ts'
import type { Attribution, Observation, ResetEvent } from '../model/outcome.ts'
import type { ResetBy } from '../model/report.ts'
import type { Segment } from '../model/segment.ts'
import type { Sighting, Tap } from '../model/sighting.ts'
import {
  contradictsDirection,
  forgedOtherWay,
  goneWithoutReason,
  hadClosed,
  hasBaseline,
  missingArrival,
} from './attribution-doubts.ts'
import {
  between,
  continuity,
  endpointText,
  INITIAL_TTLS,
  lossSettles,
  named,
  oddTtlEvidence,
  shape,
  sideCapture,
  undetermined,
  whereBetween,
} from './attribution-words.ts'
import { nearestToReceiver, other } from './taps.ts'

/** Who sent an ending RST, how sure that is, and by which packets (the table of VERDICTS §5). */
export function attribute(
  sighting: Sighting,
  event: ResetEvent,
  all: readonly ResetEvent[],
): Attribution {
  const sender = event.from
  const home = sighting.taps.findIndex((tap) => tap.side === sender)
  const leaving = home < 0 ? null : (event.segment.seen[home] ?? null)
  if (leaving !== null) return sentBySender(sighting, event, home, leaving)
  if (home >= 0) return notSeenLeaving(sighting, event, home, all)
  return oneTapOnly(sighting, event)
}

/** The RST leaves its sender's tap: it came from behind that tap, and from the host if the tap is in it. */
function sentBySender(
  sighting: Sighting,
  event: ResetEvent,
  home: number,
  rst: Segment,
): Attribution {
  const side = event.from
  const tap = sighting.taps[home]!
  const evidence: Observation[] = [
    { tap: home, segment: rst, text: `RST leaves the ${named(side)}'s side${shape(event)}` },
  ]
  addArrival(sighting, event, evidence)
  if (contradictsDirection(tap, side, rst)) {
    evidence.push({
      tap: home,
      segment: rst,
      text: `the capture records this RST as arriving, where the ${named(side)}'s other packets leave`,
    })
    return between('probable', evidence, whereBetween(sighting, event), [
      `a capture inside the ${named(side)}'s own network namespace`,
    ])
  }
  if (event.oddTtl !== null) {
    evidence.push(oddTtlEvidence(home, rst, event))
    return {
      by: side,
      confidence: 'probable',
      where: null,
      evidence,
      settles: [
        `a capture inside the ${named(side)}'s own network namespace: this RST's TTL differs from that host's other packets`,
      ],
    }
  }
  if (event.senderContinues !== null) {
    evidence.push({
      tap: event.senderContinues.tap,
      segment: event.senderContinues.segment,
      text: `the ${named(side)} goes on afterwards, so the RST came from something behind this tap`,
    })
    return {
      by: 'undetermined',
      confidence: 'unclear',
      where: null,
      evidence,
      settles: [`a capture inside the ${named(side)}'s own network namespace`],
    }
  }
  if (goneWithoutReason(tap, event, rst)) {
    const doubt = tap.loss[0] ?? missingArrival(sighting, side, home)
    if (doubt !== null) {
      evidence.push({
        tap: home,
        segment: rst,
        text: `nothing in this capture shows why the ${named(side)} no longer had the connection, and it may be incomplete: ${doubt}`,
      })
      return { by: side, confidence: 'probable', where: null, evidence, settles: lossSettles(side) }
    }
  }
  if (sighting.taps.length > 1 && sighting.taps.every((t) => t.loss.length > 0)) {
    evidence.push({
      tap: home,
      segment: null,
      text: `both captures are incomplete, so an earlier RST may be in neither: ${tap.loss[0]}`,
    })
    return { by: side, confidence: 'probable', where: null, evidence, settles: lossSettles(side) }
  }
  const told = tap.inHost?.told === true && tap.inHost.host === side
  const shown = tap.inHost !== null && tap.inHost.host === side
  const agrees =
    event.anatomy === 'active' || event.anatomy === 'passive' || event.anatomy === 'refusal'
  // A single capture proves its own host only when the user says which host that is.
  const both = sighting.isPlaced
  const baseline = hasBaseline(tap, side)
  const sound = event.anatomy !== 'inconsistent'
  const certain = told || (both && sound && (shown || (agrees && baseline)))
  return {
    by: side,
    confidence: certain ? 'certain' : 'probable',
    where: null,
    evidence,
    settles: certain
      ? []
      : both
        ? [`a capture inside the ${named(side)}'s own network namespace`]
        : ['a second capture at the other side, or --at if you know where this one was taken'],
  }
}

function addArrival(sighting: Sighting, event: ResetEvent, evidence: Observation[]): void {
  const far = sighting.taps.findIndex((tap) => tap.side === other(event.from))
  if (far < 0) return
  const arrived = event.segment.seen[far] ?? null
  const to = named(other(event.from))
  evidence.push(
    arrived !== null
      ? { tap: far, segment: arrived, text: `the same RST arrives at the ${to}'s side` }
      : {
          tap: far,
          segment: null,
          text: `the RST does not appear at the ${to}'s side: lost, filtered or not captured on the way`,
        },
  )
}

/** The RST arrives at one side and does not leave the other, where a capture was taken. */
function notSeenLeaving(
  sighting: Sighting,
  event: ResetEvent,
  home: number,
  all: readonly ResetEvent[],
): Attribution {
  const side = event.from
  const tap = sighting.taps[home]!
  const arrival = nearestToReceiver(sighting, event.segment)
  const rst = arrival.segment
  const evidence: Observation[] = [
    { tap: arrival.tap, segment: rst, text: `RST arrives in the ${named(side)}'s name` },
  ]
  if (!covers(sighting, home, arrival.tap, rst.time)) {
    return withoutTap(
      sighting,
      event,
      evidence,
      `the ${named(side)}-side capture has no packets of that time`,
    )
  }
  evidence.push({
    tap: home,
    segment: null,
    text:
      tap.view === null
        ? `the ${named(side)}-side capture, running at that moment, does not show this connection`
        : `no such RST leaves in the ${named(side)}-side capture, which was running at that moment`,
  })
  if (event.oddTtl !== null) evidence.push(oddTtlEvidence(arrival.tap, rst, event))
  if (event.senderContinues !== null) {
    evidence.push({
      tap: event.senderContinues.tap,
      segment: event.senderContinues.segment,
      text: `the ${named(side)} goes on talking after the RST in its name`,
    })
  }
  const mirrored = forgedOtherWay(sighting, event, all)
  if (mirrored !== null && tap.view !== null) {
    evidence.push({
      tap: mirrored.tap,
      segment: mirrored.segment,
      text: `a RST in the ${named(other(side))}'s name arrives at the ${named(side)}'s side, and none left the ${named(other(side))}`,
    })
  }
  const where = whereBetween(sighting, event)
  if (tap.view === null) return connectionMissing(sighting, event, evidence, where, tap)
  const contradiction = event.senderContinues !== null || event.oddTtl?.strong === true
  if (tap.loss.length > 0) {
    evidence.push({
      tap: home,
      segment: null,
      text: `the ${named(side)}-side capture is incomplete: ${tap.loss[0]}`,
    })
    if (contradiction || mirrored !== null)
      return between('probable', evidence, where, lossSettles(side))
    if (event.anatomy === 'active' && event.continuesSender) {
      evidence.push({ tap: arrival.tap, segment: rst, text: continuity(side) })
      return { by: side, confidence: 'probable', where: null, evidence, settles: lossSettles(side) }
    }
    return undetermined(evidence, lossSettles(side))
  }
  if (mirrored !== null || contradiction) return between('certain', evidence, where, [])
  if (!surelyCovers(sighting, home, arrival.tap, rst.time, 0, 0)) {
    return undetermined(evidence, [
      `${sideCapture(side)} that goes on for longer: this one may have ended just before`,
    ])
  }
  if (event.continuesSender) {
    evidence.push({ tap: arrival.tap, segment: rst, text: continuity(side) })
    return {
      by: side,
      confidence: 'probable',
      where: null,
      evidence,
      settles: [`${sideCapture(side)} that surely lost nothing (look at tcpdump's drop count)`],
    }
  }
  if (event.anatomy === 'inconsistent') return between('certain', evidence, where, [])
  if (hadClosed(tap, event)) {
    evidence.push({
      tap: home,
      segment: null,
      text: `the ${named(side)} had closed before: its own kernel would answer data with just such a RST`,
    })
    return undetermined(evidence, lossSettles(side))
  }
  return between('probable', evidence, where, [
    `a capture one hop further towards the ${named(side)}, or the log of the device between`,
  ])
}

/** The connection never appears at its apparent sender's tap: a device between, or another replica. */
function connectionMissing(
  sighting: Sighting,
  event: ResetEvent,
  evidence: Observation[],
  where: Attribution['where'],
  tap: Tap,
): Attribution {
  const side = event.from
  const { tap: at, segment: rst } = nearestToReceiver(sighting, event.segment)
  const usual = sighting.taps[at]!.usualTtl?.(side) ?? null
  const neverSeen = usual !== null && (rst.ttl < usual.low || rst.ttl > usual.high)
  const undecremented =
    INITIAL_TTLS.includes(rst.ttl) && usual !== null && !INITIAL_TTLS.includes(usual.high)
  if (neverSeen && event.oddTtl === null) {
    evidence.push({
      tap: at,
      segment: rst,
      text: `TTL ${rst.ttl}, which no other packet from that address has here (${usual.low}${usual.high > usual.low ? ` to ${usual.high}` : ''})`,
    })
  }
  if (tap.loss.length === 0 && (neverSeen || undecremented)) {
    return between(neverSeen && undecremented ? 'certain' : 'probable', evidence, where, [
      `the log of the device ${where?.text ?? 'between'}`,
    ])
  }
  return undetermined(evidence, [
    `a capture at every replica behind ${endpointText(sighting, side)}: another one may have answered`,
  ])
}

/** Only one capture, or the other one was not running: the RST's own shape decides, at most probable. */
function withoutTap(
  sighting: Sighting,
  event: ResetEvent,
  evidence: Observation[],
  why: string,
): Attribution {
  const side = event.from
  const { tap, segment: rst } = nearestToReceiver(sighting, event.segment)
  evidence.push({ tap, segment: null, text: why })
  const settles = [`${sideCapture(side)} of that moment`]
  if (event.oddTtl !== null) evidence.push(oddTtlEvidence(tap, rst, event))
  if (event.senderContinues !== null || event.oddTtl?.strong === true) {
    return between('probable', evidence, whereBetween(sighting, event), settles)
  }
  if (event.oddTtl !== null) return undetermined(evidence, settles)
  if (event.anatomy === 'active' && event.continuesSender) {
    evidence.push({ tap, segment: rst, text: continuity(side) })
    return { by: side, confidence: 'probable', where: null, evidence, settles }
  }
  return undetermined(evidence, settles)
}

/** A single capture (VERDICTS §9): the RST came from that direction, at most probable. */
function oneTapOnly(sighting: Sighting, event: ResetEvent): Attribution {
  const side = event.from
  const { tap, segment: rst } = nearestToReceiver(sighting, event.segment)
  const evidence: Observation[] = [
    { tap, segment: rst, text: `RST from the direction of the ${named(side)}${shape(event)}` },
  ]
  const settles = [`a capture at the ${named(side)}'s side: rstscope compare`]
  if (event.oddTtl !== null) evidence.push(oddTtlEvidence(tap, rst, event))
  if (event.senderContinues !== null) {
    evidence.push({
      tap: event.senderContinues.tap,
      segment: event.senderContinues.segment,
      text: `the ${named(side)} goes on talking after the RST in its name`,
    })
  }
  if (event.anatomy === 'inconsistent') {
    return between('probable', evidence, whereBetween(sighting, event), settles)
  }
  if (event.oddTtl !== null) return undetermined(evidence, settles)
  return { by: side as ResetBy, confidence: 'probable', where: null, evidence, settles }
}
