import type { Cases } from './compare-cases.ts'
import { EndingCounter } from './count-endings.ts'
import {
  asItsShape,
  decidePending,
  kindOf,
  NOT_SELECTED,
  PENDING,
  type Sight,
  Waiting,
} from './decide-pending.ts'
import { countedMeasures, measuresOf } from './diagnosis/measures.ts'
import { ASKED, notingSurroundings } from './diagnosis/noting-surroundings.ts'
import { aliveUntil, closeTime, standingOf } from './diagnosis/standing.ts'
import { type Sighted, SurroundingsCollector } from './diagnosis/surroundings.ts'
import { leadingWhy } from './diagnosis/why.ts'
import { type Beside, type Case, NOTHING_BESIDE, type Surroundings } from './model/case.ts'

export { NOT_SELECTED } from './decide-pending.ts'

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

/**
 * Two passes over the connections: what surrounds each and how it ended, as if it were alone; then those of which that
 * depends on what surrounds them. A case is made for connections that have no shape, and for the first of each shape.
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
  const waiting = new Waiting()
  const brief = { shape: 0, closed: Number.NaN, aliveUntil: Number.NaN }
  const upstream = { own: -1, shown: -1 }
  const sighted: Sighted = { ...NOBODY }
  const localReplies: Survey['localReplies'] = { count: 0, ids: [] }
  let matched = 0
  for (let i = 0; i < cases.count; i++) {
    cases.upstreamIds(i, upstream)
    const selected = isSelected(i)
    let kind = NOT_SELECTED
    let isPending = false
    if (cases.brief?.(i, brief)) {
      let sight = shapes[brief.shape]
      if (sight === undefined) {
        sight = sightOf(cases.at(i), counter, beside)
        shapes[brief.shape] = sight
      }
      sighted.standing = sight.standing
      sighted.closed = sight.standing.closedBy === null ? 0 : brief.closed
      sighted.until = brief.aliveUntil
      sighted.measures = null
      isPending = sight.asked !== 0
      kind = isPending ? asItsShape(brief.shape) : sight.kind
    } else {
      const c = cases.at(i)
      const measures = measuresOf(c)
      sighted.standing = standingOf(c)
      sighted.closed = closeTime(c)
      sighted.until = aliveUntil(c)
      sighted.measures = countedMeasures(c, measures)
      if (c.links.length > 0) collector.addLinked(c)
      if (selected) {
        // Most endpoints that do so have shown it by now.
        const around = notingSurroundings(null, beside, collector.turnsAway(upstream.own))
        kind = kindOf(c, leadingWhy(c, around), counter)
        // Its own lines were at hand.
        const asked = around.asked & ~ASKED.lines
        isPending = asked !== 0
        if (isPending) {
          waiting.add(c, kind, asked, measures)
          kind = PENDING
        }
        if (c.outcome.application.http?.localReply != null) {
          localReplies.count++
          if (localReplies.ids.length < MOST_LOCAL_REPLIES) localReplies.ids.push(i + 1)
        }
      }
    }
    sighted.id = cases.idAt?.(i) ?? i + 1
    sighted.upstream = upstream.own
    sighted.started = cases.startTime(i)
    collector.add(sighted)
    if (!selected) continue
    kinds[i] = kind
    if (cases.isMatched(i)) matched++
    if (!isPending) counter.add(i + 1, kind, upstream.own, upstream.shown)
  }
  const surroundings = collector.result(beside)
  decidePending({ cases, kinds, shapes, waiting, collector, surroundings, counter, beside })
  return { surroundings, counter, kinds, matched, localReplies }
}

function sightOf(c: Case, counter: EndingCounter, beside: Beside): Sight {
  const around = notingSurroundings(null, beside)
  const kind = kindOf(c, leadingWhy(c, around), counter)
  return { standing: standingOf(c), kind, asked: around.asked }
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
