import type { Cases } from './compare-cases.ts'
import { WordTable } from './connections/word-table.ts'
import { EndingCounter } from './count-endings.ts'
import { countedMeasures } from './diagnosis/measures.ts'
import { notingSurroundings } from './diagnosis/noting-surroundings.ts'
import { aliveUntil, closeTime, type Standing, standingOf } from './diagnosis/standing.ts'
import { type Sighted, SurroundingsCollector } from './diagnosis/surroundings.ts'
import { leadingWhy } from './diagnosis/why.ts'
import { type Beside, type Case, NOTHING_BESIDE, type Surroundings } from './model/case.ts'

/** What a report says of all its connections together. */
export interface Survey {
  surroundings: Surroundings
  counter: EndingCounter
  /** Per connection the number of its ending, or NOT_SELECTED. */
  kinds: Uint32Array
  matched: number
  /** Ids of connections on which a proxy answered itself: how many, and the first of them. */
  localReplies: { count: number; ids: number[] }
}

/** Such connections that are listed. */
const MOST_LOCAL_REPLIES = 1000

export const NOT_SELECTED = 0xffffffff
/** Its causes depend on what surrounds it. */
const PENDING = 0xfffffffe
/** With the number of its ending: that is it, unless something was cut in the same moment. */
const UNLESS_CUT = 0x40000000
/** With the number of its shape, whose own kind is one of the two above: what it waits for. */
const AS_ITS_SHAPE = 0x80000000

/** Kept segments of pending connections whose cases are held until their surroundings are known; others are made again. */
const MOST_HELD_SEGMENTS = 20_000

/**
 * Two passes over the connections: what surrounds each and how it ended, then those whose causes depend on what
 * surrounds them. A case is made for connections that have no shape, and for the first of each shape.
 */
export function surveyCases(
  cases: Cases,
  isSelected: (index: number) => boolean,
  beside: Beside = NOTHING_BESIDE,
): Survey {
  const counter = new EndingCounter()
  const collector = new SurroundingsCollector()
  const kinds = new Uint32Array(cases.count).fill(NOT_SELECTED)
  const shapes: (Sight | undefined)[] = []
  const held = new HeldCases()
  const brief = { shape: 0, closed: Number.NaN, aliveUntil: Number.NaN }
  const upstream = { own: -1, shown: -1 }
  const sighted: Sighted = { ...NOBODY }
  const localReplies: Survey['localReplies'] = { count: 0, ids: [] }
  let matched = 0
  let pending = 0
  for (let i = 0; i < cases.count; i++) {
    cases.upstreamIds(i, upstream)
    const selected = isSelected(i)
    let kind: number
    let c: Case | null = null
    let isShaped = false
    if (cases.brief?.(i, brief)) {
      isShaped = true
      let sight = shapes[brief.shape]
      if (sight === undefined) {
        sight = sightOf(cases.at(i), counter, beside)
        shapes[brief.shape] = sight
      }
      sighted.standing = sight.standing
      sighted.closed = sight.standing.closedBy === null ? 0 : brief.closed
      sighted.until = brief.aliveUntil
      sighted.measures = null
      kind = sight.kind
    } else {
      c = cases.at(i)
      sighted.standing = standingOf(c)
      sighted.closed = closeTime(c)
      sighted.until = aliveUntil(c)
      sighted.measures = countedMeasures(c)
      if (c.links.length > 0) collector.addLinked(c)
      kind = selected ? kindAlone(c, counter, notingSurroundings(null, beside)) : NOT_SELECTED
    }
    sighted.id = cases.idAt?.(i) ?? i + 1
    sighted.upstream = upstream.own
    sighted.started = cases.startTime(i)
    collector.add(sighted)
    if (!selected) continue
    const isPending = kind >= UNLESS_CUT
    kinds[i] = isPending && isShaped ? (AS_ITS_SHAPE | brief.shape) >>> 0 : kind
    if (cases.isMatched(i)) matched++
    if (c?.outcome.application.http?.localReply != null) {
      localReplies.count++
      if (localReplies.ids.length < MOST_LOCAL_REPLIES) localReplies.ids.push(i + 1)
    }
    if (!isPending) counter.add(i + 1, kind, upstream.own, upstream.shown)
    else {
      pending++
      if (c !== null) held.offer(i, c)
    }
  }
  const surroundings = collector.result(beside)
  if (pending > 0)
    decidePending(cases, kinds, shapes, collector, surroundings, counter, held, beside)
  return { surroundings, counter, kinds, matched, localReplies }
}

/** The number of an ending that depends on nothing around it, or on ends in the same moment only; PENDING for others. */
function kindAlone(
  c: Case,
  counter: EndingCounter,
  around: ReturnType<typeof notingSurroundings>,
): number {
  const cause = leadingWhy(c, around)
  const { endpoint, burst, itself } = around.asked
  if (endpoint || itself) return PENDING
  const kind = kindOf(c, cause, counter)
  return burst ? UNLESS_CUT | kind : kind
}

function kindOf(c: Case, cause: ReturnType<typeof leadingWhy>, counter: EndingCounter): number {
  const { termination, detail, benign, firstReset, ignoredResets } = c.outcome
  return counter.kindOf({
    termination,
    detail,
    benign,
    by: firstReset?.by ?? null,
    confidence: firstReset?.confidence ?? null,
    cause: cause === null ? null : { id: cause.id, confidence: cause.confidence },
    ignoredReset: ignoredResets.length > 0,
  })
}

/** Ends around one connection's own that the causes' conditions tell apart (rules/process-rules.ts). */
const MOST_TOLD_APART = 3

/** What all connections of one shape have in common. */
interface Sight {
  standing: Standing
  kind: number
  /** Its causes ask how many ends there were around its own. */
  asksBurst: boolean
}

function sightOf(c: Case, counter: EndingCounter, beside: Beside): Sight {
  const around = notingSurroundings(null, beside)
  const alone = kindAlone(c, counter, around)
  // Others of the shape may have other lines, or none.
  const kind = around.asked.lines ? PENDING : alone
  return { standing: standingOf(c), kind, asksBurst: around.asked.burst }
}

/**
 * Decides what had to wait for its surroundings; once for all of a shape with the same endpoint and as many ends
 * around their own, unless their causes ask for more.
 */
function decidePending(
  cases: Cases,
  kinds: Uint32Array,
  shapes: readonly (Sight | undefined)[],
  collector: SurroundingsCollector,
  surroundings: Surroundings,
  counter: EndingCounter,
  held: HeldCases,
  beside: Beside,
): void {
  const alike = new WordTable(5)
  /** By id in `alike`. */
  const decided: number[] = []
  const upstream = { own: -1, shown: -1 }
  for (let i = 0; i < cases.count; i++) {
    const waiting = kinds[i]!
    if (waiting < UNLESS_CUT || waiting === NOT_SELECTED) continue
    const hasShape = waiting >= AS_ITS_SHAPE && waiting !== PENDING
    const shape = waiting - AS_ITS_SHAPE
    const pending = hasShape ? shapes[shape]!.kind : waiting
    cases.upstreamIds(i, upstream)
    if (pending !== PENDING && !collector.wasCut(upstream.own)) {
      kinds[i] = pending & ~UNLESS_CUT
      counter.add(i + 1, kinds[i]!, upstream.own, upstream.shown)
      continue
    }
    const hasLines = (beside.lines?.(i).length ?? 0) > 0
    const isShaped = !hasLines && hasShape
    if (isShaped) {
      const { key } = alike
      key[0] = shape
      key[1] = upstream.own
      key[2] = upstream.shown
      key[3] = 0
      key[4] = 0
      const sight = shapes[shape]!
      if (sight.asksBurst) {
        const closed = sight.standing.closedBy === null ? 0 : cases.closedAt!(i)
        const burst = collector.burst(upstream.own, closed)
        if (burst.abrupt === 0 && pending !== PENDING) {
          kinds[i] = pending & ~UNLESS_CUT
          counter.add(i + 1, kinds[i]!, upstream.own, upstream.shown)
          continue
        }
        // No cause tells more of them than this many apart, but for its sentence.
        key[3] = 1 + Math.min(burst.ends, MOST_TOLD_APART)
        key[4] = Math.min(burst.abrupt, MOST_TOLD_APART)
      }
    }
    const known = isShaped ? alike.find() : -1
    let kind: number
    if (known >= 0) kind = decided[known]!
    else {
      const c = held.take(i) ?? cases.at(i)
      const around = notingSurroundings(surroundings, beside)
      kind = kindOf(c, leadingWhy(c, around), counter)
      const { itself, burst } = around.asked
      const isDecided = isShaped && !itself && (!burst || shapes[shape]!.asksBurst)
      if (isDecided) decided[alike.intern()] = kind
    }
    kinds[i] = kind
    counter.add(i + 1, kind, upstream.own, upstream.shown)
  }
}

/** Cases that are needed once more, as many as may be held. */
class HeldCases {
  private readonly cases = new Map<number, Case>()
  private room = MOST_HELD_SEGMENTS

  offer(index: number, c: Case): void {
    if (this.room <= 0) return
    this.room -= c.sighting.segments.length
    this.cases.set(index, c)
  }

  take(index: number): Case | undefined {
    const c = this.cases.get(index)
    this.cases.delete(index)
    return c
  }
}

const NOBODY: Sighted = {
  id: 0,
  upstream: 0,
  standing: {
    established: false,
    tls: false,
    closedBy: null,
    abrupt: false,
    refused: false,
    forgotten: false,
    unanswered: false,
    served: null,
  },
  started: 0,
  closed: 0,
  until: 0,
  measures: null,
}
