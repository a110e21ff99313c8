import type {
  ExchangeState,
  FirstCloseFacts,
  FirstResetFacts,
  Observation,
  Outcome,
  ResetEvent,
} from '../model/outcome.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { attribute } from './attribute.ts'
import { causerOf } from './caused-by.ts'
import { classify, crossesFin, finBefore, firstFinOf, isAfterFullClose } from './classify.ts'
import { bestApplication, exchangeAtFin, exchangeOf, idleBefore } from './exchange.ts'
import { readHandshake } from './handshake.ts'
import { compareTimes, type FirstOf, firstReset, precedes } from './order-resets.ts'
import { readResets } from './reset-events.ts'
import { unansweredRun } from './silent-loss.ts'
import { anyTap, nearestToSender, other, tapAt } from './taps.ts'
import { tlsAbort } from './tls-abort.ts'
import { answersGoodbye } from './tls-goodbye.ts'

/** How one connection ended, by everything that all taps saw of it. Pure. */
export function outcomeOf(sighting: Sighting): Outcome {
  const handshake = readHandshake(sighting)
  const fins = {
    client: firstFinOf(sighting, 'client'),
    upstream: firstFinOf(sighting, 'upstream'),
  }
  const resets = readResets(sighting)
  for (const event of resets) event.afterClose = isAfterFullClose(sighting, fins, event.segment)
  const application = bestApplication(sighting)
  const first = firstReset(
    sighting,
    resets.filter((e) => e.ending && !e.afterClose),
  )
  const reset = first?.event ?? null
  const close = firstClosing(sighting, fins, reset)
  const tlsDetail =
    handshake.complete || handshake.syn === null
      ? tlsAbort(sighting, application, { close, reset })
      : null
  const exchange = exchangeOf(sighting, fins)
  const facts =
    first === null ? null : describeFirst(sighting, first, resets, fins, application, exchange)
  const classified = classify({
    sighting,
    handshake,
    fins,
    reset,
    resets,
    application,
    tlsDetail,
    exchange,
  })
  const exchangeAtClose =
    close !== null && close !== reset?.segment
      ? exchangeAtFin(sighting, close, application)
      : exchange
  const isAbandoned =
    reset === null &&
    close !== null &&
    close === fins.upstream &&
    exchange === 'response-owed' &&
    exchangeAtClose === exchange &&
    isFollowed(application)
  return {
    // Spelled out: properties that follow a spread are defined one by one in V8, at a third of this function's time.
    termination: classified.termination,
    detail: classified.detail,
    benign:
      (classified.benign && !isAbandoned && (facts === null || isOrdinaryReset(sighting, facts))) ||
      (reset !== null && facts!.by === reset.from && answersGoodbye(sighting, fins, reset)),
    crossedInFlight:
      (facts?.crossedInFlight ?? false) || (reset !== null && crossesFin(sighting, fins, reset)),
    firstReset: facts,
    ignoredResets: resets.filter((e) => !e.ending || e.afterClose).map((e) => ignored(sighting, e)),
    firstClose: closeFacts(sighting, close, facts, reset, classified.detail),
    resets,
    fins,
    handshake,
    application,
    exchange,
    exchangeAtClose,
  }
}

/** Requests and responses were told apart to the end: a FIN of the upstream while one is owed leaves it unanswered. */
function isFollowed({ http, h2, lostPlace }: Outcome['application']): boolean {
  return !lostPlace && (http !== null || (h2 != null && !h2.lostPlace))
}

/**
 * An end reset is ordinary only where one of the ends itself gave up a connection on which nothing was under way:
 * not one made between, not one that refuses data, not one after probes that nobody answered.
 */
function isOrdinaryReset(sighting: Sighting, facts: FirstResetFacts): boolean {
  const { by, event, tap } = facts
  if (by !== 'client' && by !== 'upstream') return false
  if (event.anatomy === 'passive' && (event.trigger?.segment.length ?? 0) > 0) return false
  return unansweredRun(sighting.taps[tap]!.view!, tap, event.segment.seen[tap]!.frame) === null
}

/** The first of both FINs and the ending RST: by what the hosts knew, else by the clocks. */
function firstClosing(
  sighting: Sighting,
  fins: Outcome['fins'],
  reset: ResetEvent | null,
): AlignedSegment | null {
  const all = [fins.client, fins.upstream, reset?.segment ?? null].filter((s) => s !== null)
  let first: AlignedSegment | null = null
  for (const segment of all) {
    if (first === null) first = segment
    else if (precedes(sighting, segment, first)) first = segment
    else if (
      !precedes(sighting, first, segment) &&
      compareTimes(sighting, segment, first).order === 'before'
    ) {
      first = segment
    }
  }
  return first
}

function describeFirst(
  sighting: Sighting,
  first: FirstOf,
  resets: readonly ResetEvent[],
  fins: Outcome['fins'],
  application: Outcome['application'],
  atEnd: ExchangeState,
): FirstResetFacts {
  const { event, crossed } = first
  const { tap, segment } = nearestToSender(sighting, event.segment)
  const idleNs = idleBefore(
    sighting,
    tap,
    event.trigger?.tap === tap ? event.trigger.segment.frame : segment.frame,
  )
  let attribution = attribute(sighting, event, resets)
  if (crossed !== null && !first.ordered && attribution.by !== 'between') {
    attribution = crossedUndetermined(sighting, event, crossed, first)
  } else if (
    crossed !== null &&
    attribution.by !== 'between' &&
    attribution.by !== 'undetermined'
  ) {
    const there = nearestToSender(sighting, crossed.segment)
    attribution.evidence.push({
      tap: there.tap,
      segment: there.segment,
      text: `the other end's own RST left ${ms(first.gapNs)} later (clocks agree to ±${ms(first.uncertaintyNs)}): they crossed`,
    })
  }
  if (sighting.doubt !== null && attribution.confidence === 'certain') {
    attribution = {
      ...attribution,
      confidence: 'probable',
      settles: [...attribution.settles, sighting.doubt],
    }
  }
  const ownFin = fins[event.from]
  const exchange =
    ownFin !== null && finBefore(sighting, fins, event) !== null
      ? exchangeAtFin(sighting, ownFin, application)
      : atEnd
  const causer = causerOf(sighting, event, attribution, fins, exchange)
  return {
    by: attribution.by,
    confidence: attribution.confidence,
    where: attribution.where,
    evidence: attribution.evidence,
    settles: attribution.settles,
    event,
    causedBy: causer.causedBy,
    causedByConfidence: causer.confidence,
    crossedInFlight: crossed !== null,
    idleNs,
    tap,
    time: segment.time,
  }
}

function crossedUndetermined(
  sighting: Sighting,
  event: ResetEvent,
  crossed: ResetEvent,
  first: FirstOf,
): FirstResetFacts | ReturnType<typeof attribute> {
  const a = nearestToSender(sighting, event.segment)
  const b = nearestToSender(sighting, crossed.segment)
  const gap =
    first.gapNs === null
      ? 'the two RSTs crossed, and nothing tells which left first'
      : `the two RSTs crossed: they left ${ms(first.gapNs)} apart, and the clocks are known to ±${ms(first.uncertaintyNs)} only`
  return {
    by: 'undetermined',
    confidence: 'unclear',
    where: null,
    evidence: [
      {
        tap: a.tap,
        segment: a.segment,
        text: `the ${event.from}'s own RST, sent before it could know of the other`,
      },
      {
        tap: b.tap,
        segment: b.segment,
        text: gap,
      },
    ],
    settles: ['both captures on one host, or clocks synchronised by PTP'],
  }
}

/** Milliseconds with three significant figures or so. */
function ms(ns: number | null): string {
  if (ns === null || !Number.isFinite(ns)) return 'an unknown time'
  const value = ns / 1e6
  return `${value < 10 ? value.toFixed(3) : value.toFixed(1)} ms`
}

function ignored(sighting: Sighting, event: ResetEvent): Observation {
  const { tap, segment } = nearestToSender(sighting, event.segment)
  const home = tapAt(sighting, event.from)
  const direction = home >= 0 && event.segment.seen[home] ? 'by' : 'in the name of'
  const why = event.afterClose
    ? 'after both FINs were acknowledged: ordinary'
    : 'its receiver went on: the RST was ignored'
  return { tap, segment, text: `RST ${direction} the ${event.from}, ${why}` }
}

/** The unanswered retransmissions, as the tap of whoever sent them shows them. */
function runAtHome(sighting: Sighting) {
  let found: ReturnType<typeof unansweredRun> = null
  for (const [index, tap] of sighting.taps.entries()) {
    if (tap.view === null) continue
    const run = unansweredRun(tap.view, index, Number.POSITIVE_INFINITY)
    if (run !== null && (found === null || tap.side === run.side)) found = run
  }
  return found
}

function closeFacts(
  sighting: Sighting,
  close: AlignedSegment | null,
  first: FirstResetFacts | null,
  reset: ResetEvent | null,
  detail: Outcome['detail'],
): FirstCloseFacts | null {
  if (close !== null) {
    const { tap, segment } = nearestToSender(sighting, close)
    const isReset = reset !== null && close === reset.segment
    if (isReset) return { by: first?.by ?? close.from, kind: 'rst', tap, segment }
    const home = tapAt(sighting, close.from)
    const isAlone = sighting.taps.filter((t) => t.view !== null).length === 1
    const left = isAlone || (home >= 0 && close.seen[home] !== null)
    return { by: left ? close.from : 'undetermined', kind: 'fin', tap, segment }
  }
  if (detail !== 'silent-loss' && detail !== 'no-answer') return null
  const run = runAtHome(sighting)
  const tap = run?.tap ?? sighting.taps.findIndex((t) => t.view !== null)
  const silent = run === null ? 'upstream' : other(run.side)
  // With the other capture in hand, what the silent side never received is not its silence.
  const received = sighting.segments.some((s) => {
    const at = tapAt(sighting, silent)
    return (
      at >= 0 &&
      s.from !== silent &&
      s.seen[at] &&
      s.seen[anyTap(s)]!.frame >= (run?.firstFrame ?? 0)
    )
  })
  return {
    by: sighting.taps.length > 1 && !received ? 'undetermined' : silent,
    kind: 'silence',
    tap,
    segment: null,
  }
}
