import { RST } from '../../../native-free-decoders/decoded-packet.ts'
import { type Case, endpointText, opposite, type Surroundings, shownTap } from '../../model/case.ts'
import type { ConnectionView, Side } from '../../model/connection.ts'
import { surelyCovers } from '../../model/coverage.ts'
import type { FirstResetFacts, Observation } from '../../model/outcome.ts'
import type { Cause, Confidence, Evidence } from '../../model/report.ts'
import type { AlignedSegment } from '../../model/sighting.ts'
import { evidenceOf } from '../evidence.ts'
import { codeOf } from '../findings.ts'
import { LEAST_REPEATED_NS, type Measures, measuresOf } from '../measures.ts'
import { upstreamKey } from '../standing.ts'
import type { Measure } from '../timers.ts'

/** What every rule may look at; its texts are made when a rule has something to say. */
export class Facts {
  readonly c: Case
  readonly around: Surroundings
  /** The view that is shown: the client's if there is one. */
  readonly view: ConnectionView
  readonly reset: FirstResetFacts | null
  /** How long it had lived, been silent, waited before it was closed. */
  readonly measures: Measures

  constructor(c: Case, around: Surroundings) {
    this.c = c
    this.around = around
    this.view = c.sighting.taps[shownTap(c.sighting)]!.view!
    this.reset = c.outcome.firstReset
    this.measures = measuresOf(c)
  }

  get upstreamKey(): string {
    return upstreamKey(this.c)
  }

  /** The upstream's port as its own host knows it. */
  get upstreamPort(): number {
    const { taps } = this.c.sighting
    return (taps[taps.length - 1]!.view ?? this.view).endpoints.upstream.port
  }

  get upstream(): string {
    return endpointText(this.view.endpoints.upstream)
  }

  get client(): string {
    return endpointText(this.view.endpoints.client)
  }

  /** Both taps saw this connection. */
  get bothSaw(): boolean {
    const { taps } = this.c.sighting
    return taps.length > 1 && taps.every((tap) => tap.view !== null)
  }
}

/** One cause, if the packets support it. */
export type Rule = (f: Facts) => CauseText | null

type Resetting = (f: Facts, reset: FirstResetFacts) => CauseText | null

/** A rule for connections that a RST ended. */
export const whenReset =
  (rule: Resetting): Rule =>
  (f) =>
    f.reset === null ? null : rule(f, f.reset)

/** What a rule found: evidence is cited once somebody is to read it, and most of what is found is only counted. */
export interface CauseText {
  id: string
  confidence: Confidence
  why: string | (() => string)
  evidence?: Observation[]
  against?: () => Observation[]
  next?: string[]
}

/** A cause of the report; without evidence of its own it rests on how the connection ended. */
export function causeOf(f: Facts, text: CauseText): Cause {
  const evidence = (text.evidence ?? []).map((o) => evidenceOf(f.c, o))
  return {
    id: text.id,
    code: codeOf(text.id),
    confidence: text.confidence,
    why: typeof text.why === 'string' ? text.why : text.why(),
    evidence: evidence.length > 0 ? evidence : endEvidence(f),
    against: [...(text.against?.() ?? []), ...(text.confidence === 'certain' ? [] : doubts(f))].map(
      (o) => evidenceOf(f.c, o),
    ),
    next: text.next ?? [],
  }
}

/** What speaks against any cause that is not certain: what the captures may not have held. */
function doubts(f: Facts): Observation[] {
  return f.c.sighting.taps.flatMap(({ view, loss, capture }, tap) =>
    view === null || loss.length === 0
      ? []
      : [
          {
            tap,
            segment: null,
            text: `the ${capture} capture has gaps (${loss[0]}): what it does not show may have happened`,
          },
        ],
  )
}

/** A sentence about how the connection was closed, at the segment that closed it. */
export function closeObservation(f: Facts, text: string): Observation {
  const close = f.c.outcome.firstClose
  return { tap: close?.tap ?? shownTap(f.c.sighting), segment: close?.segment ?? null, text }
}

function endEvidence(f: Facts): Evidence[] {
  const { c } = f
  if (f.reset !== null) return f.reset.evidence.slice(0, 2).map((o) => evidenceOf(c, o))
  const close = c.outcome.firstClose
  if (close?.segment != null) {
    const text = `${close.kind === 'fin' ? 'FIN' : 'RST'} of the ${close.by}`
    return [evidenceOf(c, { tap: close.tap, segment: close.segment, text })]
  }
  return [
    evidenceOf(c, {
      tap: shownTap(c.sighting),
      segment: null,
      text: 'last packet of the connection',
    }),
  ]
}

/** What left one tap this long before the other capture's end should have been seen there. */
const FLIGHT_NS = 100e6

/** Segments that left a side's tap and did not reach the other, which was there to see them. */
export function lostFrom(f: Facts, side: Side): AlignedSegment[] {
  const { taps, segments } = f.c.sighting
  const home = taps.findIndex((tap) => tap.side === side)
  const far = taps.findIndex((tap) => tap.side === opposite(side))
  if (home < 0 || far < 0 || taps[far]!.loss.length > 0) return []
  const running = (time: number) => surelyCovers(f.c.sighting, far, home, time, 0, FLIGHT_NS)
  return segments.filter(
    (s) =>
      s.from === side &&
      s.seen[home] != null &&
      s.seen[far] == null &&
      !s.covered &&
      !isRst(s) &&
      running(s.seen[home]!.time),
  )
}

/** Segments of a side that both taps saw. */
export function deliveredFrom(f: Facts, side: Side): AlignedSegment[] {
  return f.c.sighting.segments.filter(
    (s) => s.from === side && !isRst(s) && (s.covered || s.seen.every((o) => o !== null)),
  )
}

export function isRst(s: AlignedSegment): boolean {
  return s.seen.some((o) => o !== null && (o.flags & RST) !== 0)
}

/** The sighting of a segment at its sender's tap, as an observation. */
export function seenAt(s: AlignedSegment, tap: number, text: string): Observation {
  return { tap, segment: s.seen[tap] ?? null, text }
}

export function tapOf(f: Facts, side: Side): number {
  const tap = f.c.sighting.taps.findIndex((t) => t.side === side && t.view !== null)
  return tap >= 0 ? tap : shownTap(f.c.sighting)
}

/** Seconds with three decimals below ten, else one. */
export function secondsText(ns: number): string {
  const s = ns / 1e9
  return `${s < 10 ? s.toFixed(3) : s.toFixed(1)} s`
}

/**
 * Connections of its endpoint that ended after as long a time, this one included. Those that the upstream ended in the
 * same moment count once: they ended together, whatever their times.
 */
export function repeatedApart(f: Facts, measure: Measure): number {
  if (!(f.measures[measure] >= LEAST_REPEATED_NS)) return 1
  const repeated = f.around.repeated(f.c, measure)
  if (repeated === 1) return 1
  const together = f.c.outcome.firstClose?.by === 'upstream' ? f.around.burst(f.c).ends : 1
  return Math.max(1, repeated - Math.max(0, together - 1))
}

/** Ends after the same time in so many connections are a rule of somebody's. */
export const ENOUGH_REPEATED = 3

/** ", as 30 more of this endpoint": empty where it is the only one. */
export function alikeText(repeated: number): string {
  return repeated > 1 ? `, as did ${repeated - 1} more of this endpoint's` : ''
}
