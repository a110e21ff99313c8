import type { Cases } from './compare-cases.ts'
import { SmallGrid } from './connections/small-grid.ts'
import { WordTable } from './connections/word-table.ts'
import type { EndingCounter } from './count-endings.ts'
import { holdsAmongOthers, type Place } from './diagnosis/holds-among-others.ts'
import type { Measures } from './diagnosis/measures.ts'
import { ASKED, notingSurroundings } from './diagnosis/noting-surroundings.ts'
import { closeTime, ownBurst, type Standing, startTime } from './diagnosis/standing.ts'
import type { SurroundingsCollector } from './diagnosis/surroundings.ts'
import { leadingWhy } from './diagnosis/why.ts'
import type { Beside, Case, Surroundings } from './model/case.ts'

// What `kinds` says of a connection beside the number of its ending.

export const NOT_SELECTED = 0xffffffff
/** Its first cause asked what surrounds it; it is the next one of those that wait. */
export const PENDING = 0xfffffffe
/** With the number of its shape, whose first cause asked. */
const AS_ITS_SHAPE = 0x80000000

export function asItsShape(shape: number): number {
  return (AS_ITS_SHAPE | shape) >>> 0
}

/** What all connections of one shape have in common: their ending is what it would be if each were alone. */
export interface Sight {
  standing: Standing
  kind: number
  /** What its first cause asked of its surroundings. */
  asked: number
}

/** The number of an ending with this first cause. */
export function kindOf(
  c: Case,
  cause: ReturnType<typeof leadingWhy>,
  counter: EndingCounter,
): number {
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

/** Connections without a shape whose first cause asked what surrounds them: numbers, in order, for there may be many. */
export class Waiting {
  private readonly kinds: number[] = []
  private readonly asked: number[] = []
  private readonly abrupt: number[] = []
  /** Start, end and the three measures of each. */
  private readonly times: number[] = []
  private next = 0

  add(c: Case, kind: number, asked: number, { idle, age, request }: Measures): void {
    this.kinds.push(kind)
    this.asked.push(asked)
    this.abrupt.push(ownBurst(c).abrupt)
    this.times.push(startTime(c), closeTime(c), idle, age, request)
  }

  /** The next one: its place, the number of its ending if it were alone, and what it asked. */
  take(place: Place): { kind: number; asked: number } {
    const at = this.next++
    const { times } = this
    place.abrupt = this.abrupt[at]!
    place.started = times[at * 5]!
    place.closed = times[at * 5 + 1]!
    place.idle = times[at * 5 + 2]!
    place.age = times[at * 5 + 3]!
    place.request = times[at * 5 + 4]!
    return { kind: this.kinds[at]!, asked: this.asked[at]! }
  }
}

/** Ends around one connection's own that the causes' conditions tell apart (rules/process-rules.ts). */
const MOST_TOLD_APART = 3
/** Times that no shape knows. */
const MEASURED = ASKED.idle | ASKED.age | ASKED.request
/** What need not be the same for all of a shape at one endpoint. */
const OWN = MEASURED | ASKED.itself

export interface Undecided {
  cases: Cases
  kinds: Uint32Array
  shapes: readonly (Sight | undefined)[]
  waiting: Waiting
  collector: SurroundingsCollector
  surroundings: Surroundings
  counter: EndingCounter
  beside: Beside
}

/**
 * Decides what had to wait for its surroundings: by numbers where these tell it nothing else than if it were alone;
 * else once for all of a shape with the same endpoint and as many ends around their own, unless their causes ask for
 * more; else by its case.
 */
export function decidePending(all: Undecided): void {
  const { cases, kinds, shapes, collector, counter } = all
  const decided: Decided = { alike: new WordTable(5), kinds: [], ordinary: new SmallGrid() }
  const upstream = { own: -1, shown: -1 }
  const place: Place = { ...NOWHERE }
  for (let i = 0; i < cases.count; i++) {
    const waits = kinds[i]!
    if (waits < AS_ITS_SHAPE || waits === NOT_SELECTED) continue
    cases.upstreamIds(i, upstream)
    place.upstream = upstream.own
    let kind: number
    if (waits === PENDING) {
      const alone = all.waiting.take(place)
      kind = holdsAmongOthers(alone.asked, place, collector) ? alone.kind : lookAgain(all, i).kind
    } else {
      const shape = waits - AS_ITS_SHAPE
      const { standing, asked, kind: alone } = shapes[shape]!
      const isEnd = standing.closedBy !== null
      place.closed = isEnd ? cases.closedAt!(i) : 0
      place.abrupt = isEnd && standing.abrupt ? 1 : 0
      const holds = (asked & MEASURED) === 0 && holdsAmongOthers(asked, place, collector)
      kind = holds ? alone : ofItsShape(all, decided, i, shape, place, upstream.shown)
    }
    kinds[i] = kind
    counter.add(i + 1, kind, upstream.own, upstream.shown)
  }
}

/** Kinds by shape, both upstream ids, and the ends around their own: all, and the abrupt ones. */
interface Decided {
  alike: WordTable
  kinds: number[]
  /** By shape and endpoint, where nothing else tells them apart. */
  ordinary: SmallGrid
}

function ofItsShape(
  all: Undecided,
  { alike, kinds, ordinary }: Decided,
  index: number,
  shape: number,
  { upstream, closed }: Place,
  shown: number,
): number {
  const { beside, collector } = all
  if ((beside.lines?.(index).length ?? 0) > 0) return lookAgain(all, index).kind
  const asksBurst = (all.shapes[shape]!.asked & ASKED.burst) !== 0
  const isOrdinary = !asksBurst && upstream === shown
  const quick = isOrdinary ? ordinary.get(shape, upstream) : -1
  if (quick >= 0) return quick
  const { key } = alike
  key[0] = shape
  key[1] = upstream
  key[2] = shown
  // No cause tells more of them than this many apart, but for its sentence.
  key[3] = asksBurst ? 1 + Math.min(collector.ends(upstream, closed), MOST_TOLD_APART) : 0
  key[4] = asksBurst ? Math.min(collector.abruptEnds(upstream, closed), MOST_TOLD_APART) : 0
  const known = alike.find()
  if (known >= 0) return kinds[known]!
  const { kind, asked } = lookAgain(all, index)
  // An endpoint that refused nobody did so at no time of anybody's.
  const own = Number.isNaN(collector.firstRefused(upstream)) ? OWN : OWN | ASKED.refused
  const isForAll = (asked & own) === 0 && ((asked & ASKED.burst) === 0 || asksBurst)
  if (isForAll) kinds[alike.intern()] = kind
  if (isForAll && isOrdinary) ordinary.set(shape, upstream, kind)
  return kind
}

function lookAgain(all: Undecided, index: number): { kind: number; asked: number } {
  const c = all.cases.at(index)
  const around = notingSurroundings(all.surroundings, all.beside)
  const kind = kindOf(c, leadingWhy(c, around), all.counter)
  return { kind, asked: around.asked }
}

const NOWHERE: Place = {
  upstream: 0,
  started: Number.NaN,
  closed: 0,
  abrupt: 0,
  idle: Number.NaN,
  age: Number.NaN,
  request: Number.NaN,
}
