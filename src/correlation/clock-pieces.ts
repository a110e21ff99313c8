import type { ClockPiece } from '../model/clock.ts'
import { extremeAt, FeasibleLines } from './clock-hull.ts'

/** Observations in order of the reference clock; `bound` is θ's bound without slack, relative to both bases. */
export interface OrderedBounds {
  count: number
  time: Float64Array
  bound: Float64Array
  direction: Uint8Array
  /** The direction whose segments leave at the tap of the reference clock. */
  leaving: number
  /** Resolution of the coarser timestamps, in ns: what cutting both can hide, so every bound is loosened by it. */
  slackNs: number
}

/** The pieces that explain the bounds with the fewest steps and dropped pairs. */
export interface Explanation {
  pieces: ClockPiece[]
  dropped: number
  /** Index of the first observation that is surely in each piece. */
  starts: number[]
}

const MAX_STEPS = 8
/** How far to look when a pair contradicts: is it alone, or are those after it all of its opinion? */
const LOOKAHEAD = 1024
/** More pairs against the old line than against the new one before a step is believed. */
const STEP_MARGIN = 3
/** Segments under way while a clock steps fit neither side: a shorter piece (ns) is part of the step. */
const UNDER_WAY = 250e6
/** A piece of this few pairs at an end, beside one of many, may as well be wrong pairs. */
const FEW = 2

/** Wrong pairs that may be left out before the whole is called inconsistent. */
export function droppable(pairs: number): number {
  return Math.floor(pairs / 50)
}

/** Splits the trace where no line fits; null when that takes more than 8 steps or too many dropped pairs. */
export function explain(bounds: OrderedBounds): Explanation | null {
  const dropped = new Uint8Array(bounds.count)
  for (let round = 0; round <= MAX_STEPS; round++) {
    const starts = forwardStarts(bounds, dropped)
    if (starts === null) return null
    if (!dropBlip(bounds, starts, dropped)) {
      const found = assemble(bounds, starts, dropped)
      return found.pieces.length <= MAX_STEPS + 1 ? found : null
    }
  }
  return null
}

function addTo(lines: FeasibleLines, bounds: OrderedBounds, i: number): boolean {
  return lines.add(bounds.direction[i]!, bounds.time[i]!, loosened(bounds, i))
}

function loosened(bounds: OrderedBounds, i: number): number {
  return bounds.direction[i] === 0
    ? bounds.bound[i]! + bounds.slackNs
    : bounds.bound[i]! - bounds.slackNs
}

/** Each piece as long as it can be, which gives the fewest; marks lone contradictions as dropped. */
function forwardStarts(bounds: OrderedBounds, dropped: Uint8Array): number[] | null {
  const lines = new FeasibleLines()
  const starts = [0]
  let droppedCount = 0
  // Twice the steps that are reported: blips among them are dropped afterwards.
  const bound = 2 * MAX_STEPS + 1
  const allowed = droppable(bounds.count) + bound
  for (let i = 0; i < bounds.count; i++) {
    if (dropped[i] === 1 || addTo(lines, bounds, i)) continue
    if (isStep(lines, bounds, i, dropped)) {
      if (starts.push(i) > bound) return null
      lines.clear()
      addTo(lines, bounds, i)
    } else {
      dropped[i] = 1
      if (++droppedCount > allowed) return null
    }
  }
  return starts
}

/** Weighs, over the pairs that follow, a step before pair `i` against dropping it. */
function isStep(old: FeasibleLines, bounds: OrderedBounds, i: number, dropped: Uint8Array) {
  const fresh = new FeasibleLines()
  let againstOld = 0
  let againstNew = 0
  const end = Math.min(bounds.count, i + LOOKAHEAD)
  for (let j = i; j < end; j++) {
    if (dropped[j] === 1) continue
    if (old.contradicts(bounds.direction[j]!, bounds.time[j]!, loosened(bounds, j))) againstOld++
    if (!addTo(fresh, bounds, j)) againstNew++
    if (againstNew > againstOld) return false
    if (againstOld - againstNew >= STEP_MARGIN) return true
  }
  // Undecided at the end of the trace: a piece of its own, whose few bounds then stay honest.
  return againstOld > againstNew
}

/** Finds a short piece between two that fit one line without it, and drops its pairs. */
function dropBlip(bounds: OrderedBounds, starts: number[], dropped: Uint8Array): boolean {
  const lines = new FeasibleLines()
  for (let k = 1; k + 1 < starts.length; k++) {
    const from = starts[k]!
    const to = starts[k + 1]!
    if (to - from > droppable(bounds.count)) continue
    lines.clear()
    const end = starts[k + 2] ?? bounds.count
    let fits = true
    for (let i = starts[k - 1]!; i < end && fits; i++) {
      if ((i < from || i >= to) && dropped[i] === 0) fits = addTo(lines, bounds, i)
    }
    if (!fits) continue
    dropped.fill(1, from, to)
    return true
  }
  return false
}

/** Where each piece could begin at the earliest: the same walk from the end. */
function backwardStarts(bounds: OrderedBounds, dropped: Uint8Array): number[] {
  const lines = new FeasibleLines()
  const starts: number[] = []
  const mirrored = { ...bounds, time: bounds.time.map((t) => -t) }
  let earliest = bounds.count
  for (let i = bounds.count - 1; i >= 0; i--) {
    if (dropped[i] === 1) continue
    if (!addTo(lines, mirrored, i)) {
      starts.push(earliest)
      lines.clear()
      addTo(lines, mirrored, i)
    }
    earliest = i
  }
  starts.push(0)
  return starts.reverse()
}

function assemble(bounds: OrderedBounds, latest: number[], dropped: Uint8Array): Explanation {
  // A step lies between the earliest and the latest place where the next piece can begin. Pairs in between
  // could belong to either side, so they bound neither.
  const earliest = latest.length > 1 ? backwardStarts(bounds, dropped) : [0]
  const pieces: ClockPiece[] = []
  const lasts: number[] = []
  let droppedCount = 0
  for (const flag of dropped) droppedCount += flag
  const lines = new FeasibleLines()
  for (let k = 0; k < latest.length; k++) {
    const start = latest[k]!
    const next = latest[k + 1] ?? bounds.count
    const sure = k + 1 < latest.length ? (earliest[k + 1] ?? next) : bounds.count
    const end = sure > start ? Math.min(sure, next) : next
    lasts.push(fill(lines, bounds, dropped, start, end))
    pieces.push(pieceOf(lines, bounds, dropped, start, lasts[k]!))
  }
  const starts = latest.slice()
  for (let k = 1; k + 1 < pieces.length; ) {
    if (pieces[k + 1]!.from - pieces[k - 1]!.to <= UNDER_WAY) {
      pieces.splice(k, 1)
      starts.splice(k, 1)
      lasts.splice(k, 1)
    } else k++
  }
  for (let k = 1; k < pieces.length; k++) {
    const before = pieces[k - 1]!
    const after = pieces[k]!
    // A segment was read at two moments; the step is between the readings that surely were before and after.
    before.to -= underWay(before, bounds, lasts[k - 1]!, 1 - bounds.leaving)
    after.from += underWay(after, bounds, starts[k]!, bounds.leaving)
  }
  droppedCount += markDoubtful(pieces)
  return { pieces, dropped: droppedCount, starts }
}

/** How long observation `i` may have been under way, if it travelled in this direction. */
function underWay(piece: ClockPiece, bounds: OrderedBounds, i: number, direction: number): number {
  if (bounds.direction[i] !== direction) return 0
  const time = bounds.time[i]!
  const longest =
    direction === 0
      ? bounds.bound[i]! + extremeAt(piece.lower, time)
      : extremeAt(piece.upper, time) - bounds.bound[i]!
  return Math.min(UNDER_WAY, Math.max(0, longest) + bounds.slackNs)
}

/** Gives the lines every kept bound of a range; the index of the last one. */
function fill(
  lines: FeasibleLines,
  bounds: OrderedBounds,
  dropped: Uint8Array,
  start: number,
  end: number,
): number {
  lines.clear()
  let last = start
  for (let i = start; i < end; i++) {
    if (dropped[i] === 1) continue
    addTo(lines, bounds, i)
    last = i
  }
  return last
}

function countKept(dropped: Uint8Array, first: number, last: number): number {
  let count = 0
  for (let i = first; i <= last; i++) count += 1 - dropped[i]!
  return count
}

function pieceOf(
  lines: FeasibleLines,
  bounds: OrderedBounds,
  dropped: Uint8Array,
  first: number,
  last: number,
): ClockPiece {
  return {
    from: bounds.time[first]!,
    to: bounds.time[last]!,
    pairs: countKept(dropped, first, last),
    upper: lines.upper,
    lower: lines.lower,
    slopeLow: lines.slopeLow,
    slopeHigh: lines.slopeHigh,
    doubtful: false,
  }
}

function markDoubtful(pieces: ClockPiece[]): number {
  let pairs = 0
  const ends = pieces.length > 1 ? [0, pieces.length - 1] : []
  for (const k of ends) {
    const piece = pieces[k]!
    const neighbour = pieces[k === 0 ? 1 : k - 1]!
    if (piece.pairs > FEW || neighbour.pairs <= 10 * FEW) continue
    piece.doubtful = true
    pairs += piece.pairs
  }
  return pairs
}
