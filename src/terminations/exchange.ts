import { delta } from '../../native-free-decoders/transport/sequence.ts'
import { type ApplicationSummary, TLS_STAGES } from '../model/application.ts'
import type { Side } from '../model/connection.ts'
import type { ExchangeState } from '../model/outcome.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { endOf, nearestToSender, other, tapAt } from './taps.ts'

/** The fullest of what the taps show of the application: one may have lost packets or have been cut short. */
export function bestApplication(sighting: Sighting): ApplicationSummary {
  let best: ApplicationSummary | null = null
  for (const { view } of sighting.taps) {
    if (view === null) continue
    if (best === null || rank(view.application) > rank(best)) best = view.application
  }
  return best!
}

function rank(a: ApplicationSummary): number {
  const place = a.lostPlace ? 0 : 1
  const stage = a.tls === null ? 0 : TLS_STAGES.indexOf(a.tls.stage) + 1
  const known = a.protocol === 'none' ? 0 : a.protocol === 'other' ? 10 : 20
  const bothSpoke = a.upstreamFirst !== 'none' && a.clientFirst !== 'none' ? 1 : 0
  return known + stage * 2 + bothSpoke + place * 0.5
}

/** From the most to the least that was still owed. */
const OWED: readonly ExchangeState[] = [
  'mid-response',
  'mid-request',
  'response-owed',
  'opaque',
  'complete',
  'no-data',
]

/**
 * How far the exchange of messages had come when the last byte was seen. What one side had sent in full the other may
 * never have got: of two taps that can both follow it, the one that is owed more counts.
 */
export function exchangeOf(
  sighting: Sighting,
  fins: Record<Side, AlignedSegment | null>,
): ExchangeState {
  const taps = sighting.taps.filter((tap) => tap.view !== null)
  const sound = taps.filter((tap) => tap.loss.length === 0 && !tap.view!.midstream)
  const states = (sound.length > 0 ? sound : [])
    .map((tap) => tap.view!.application)
    .filter((a) => a.http !== null && !a.lostPlace)
    .map((a) => closedByFin(exchangeState(a), a, fins))
  const best = bestApplication(sighting)
  states.push(closedByFin(exchangeState(best), best, fins))
  return OWED.find((state) => states.includes(state)) ?? 'opaque'
}

/** A response that lasts until the close is complete once its FIN was sent. */
function closedByFin(
  state: ExchangeState,
  application: ApplicationSummary,
  fins: Record<Side, AlignedSegment | null>,
): ExchangeState {
  const untilClose = application.http?.upstreamState === 'until-close'
  return untilClose && state === 'mid-response' && fins.upstream !== null ? 'complete' : state
}

/** How far one tap's view of the exchange had come. */
export function exchangeState(application: ApplicationSummary): ExchangeState {
  if (application.protocol === 'none') return 'no-data'
  const http = application.http
  if (http !== null && !application.lostPlace) {
    const { clientState, upstreamState } = http
    if (upstreamState === 'in-head' || upstreamState === 'in-body') return 'mid-response'
    if (upstreamState === 'until-close') return 'mid-response'
    if (clientState === 'in-head' || clientState === 'in-body') return 'mid-request'
    if (clientState === 'lost' || upstreamState === 'lost') return 'opaque'
    // Something else than HTTP was answered: how much of it there should be is anybody's guess.
    if (http.responses === 0 && application.upstreamFirst !== 'none') return 'opaque'
    return http.requests > http.responses ? 'response-owed' : 'complete'
  }
  const { h2 } = application
  if (h2 != null && !h2.lostPlace && !application.lostPlace && h2.opened > 0)
    return h2.opened > h2.ended ? 'response-owed' : 'complete'
  const tls = application.tls
  if (tls !== null && tls.stage === 'established' && !application.lostPlace) {
    if ((tls.upstreamRecordMissing ?? 0) > 0) return 'mid-response'
    if ((tls.clientRecordMissing ?? 0) > 0) return 'mid-request'
    if (tls.clientEndsWithAlertSize || tls.upstreamEndsWithAlertSize) return 'complete'
  }
  return 'opaque'
}

/**
 * The same at the moment of a FIN, at its sender's tap: what the other side sent afterwards does not count. Where the
 * protocol is opaque, a last payload of the upstream's stands for an answered request.
 */
export function exchangeAtFin(
  sighting: Sighting,
  fin: AlignedSegment,
  application: ApplicationSummary,
): ExchangeState {
  const { tap, segment } = nearestToSender(sighting, fin)
  const view = sighting.taps[tap]!.view!
  let last: Side | null = segment.length > 0 ? fin.from : null
  let after = false
  for (const s of view.segments) {
    if (s.length === 0 || s.kind === 'keep-alive' || s.from === fin.from) {
      if (s.length > 0 && s.kind !== 'keep-alive' && s.frame < segment.frame) last = s.from
      continue
    }
    // What the FIN does not acknowledge had not arrived when it was sent, whatever the order at a far tap.
    if (s.frame < segment.frame && delta(endOf(s), segment.ack) >= 0) last = s.from
    else after = true
  }
  const now = exchangeState(application)
  if (fin.from === 'client') {
    // What the upstream said afterwards was still owed when the client closed.
    if (now === 'complete' && last === 'client' && after) return 'response-owed'
    return now === 'opaque' && last === 'client' ? 'response-owed' : now
  }
  if (now === 'mid-response' || now === 'mid-request') {
    if (application.http?.upstreamState === 'until-close') return 'complete'
    return now === 'mid-request' && after && last !== 'client' ? 'complete' : now
  }
  if (now === 'response-owed') {
    const owed = (application.http?.requests ?? 0) - (application.http?.responses ?? 0)
    return after && owed <= 1 && last !== 'client' ? 'complete' : 'response-owed'
  }
  if (now !== 'opaque') return now
  return last === 'client' ? 'response-owed' : 'complete'
}

/** A response that its framing says was longer than what the upstream sent before its FIN. */
export function isResponseTruncated(application: ApplicationSummary): boolean {
  const http = application.http
  if (http === null || application.lostPlace) return false
  return (
    http.upstreamState === 'in-body' || (http.upstreamState === 'in-head' && http.responses > 0)
  )
}

/** Idle time in ns before a segment, at a tap: since the last payload byte either way, keep-alives excluded. */
export function idleBefore(sighting: Sighting, tap: number, frame: number): number | null {
  const view = sighting.taps[tap]!.view!
  let last: number | null = null
  let at: number | null = null
  for (const s of view.segments) {
    if (s.frame >= frame) {
      at = s.time
      break
    }
    if (s.length > 0 && s.kind !== 'keep-alive' && s.kind !== 'zero-window-probe') last = s.time
  }
  return last === null || at === null ? null : Math.max(0, at - last)
}

/** The tap of a side if it saw the connection, else whichever did. */
export function homeTap(sighting: Sighting, side: Side): number {
  const home = tapAt(sighting, side)
  return home >= 0
    ? home
    : Math.max(
        tapAt(sighting, other(side)),
        sighting.taps.findIndex((t) => t.view !== null),
      )
}
