import type { ClockObservations, ClockPiece, ClockRelation, ClockStep } from '../model/clock.ts'
import { middle, pieceAt, relativeOffsetAt } from './clock-interval.ts'
import { droppable, type Explanation, explain, type OrderedBounds } from './clock-pieces.ts'

/**
 * Timestamps are no better than the moments at which drivers take them, and no clock runs quite evenly: where
 * loosening every bound by one of these (ns) saves a step, there was no step.
 */
const JITTER = [0, 10e3, 50e3, 250e3, 1e6]
/** How far, per ns of capture, a clock strays from a line without showing it, and the most of it (ns). */
const UNEVENNESS = 1e-7
const MOST_UNEVENNESS = 50e3
/** Less (ns) is a change of pace, not a step. */
const LEAST_STEP = 1e6

/**
 * Puts two captures on one clock from segments that are surely the same copy at both taps. Every bound is
 * hard (a segment cannot arrive before it left); no path symmetry is assumed. Null without observations.
 */
export function relateClocks(observations: ClockObservations): ClockRelation | null {
  const n = observations.count
  if (n === 0) return null
  const resolutionNs = Math.max(
    resolutionOf(observations.clientTime, n),
    resolutionOf(observations.upstreamTime, n),
  )
  const { best, bounds, reference } = bestExplanation(
    observations,
    resolutionNs + Math.min(MOST_UNEVENNESS, spanOf(observations) * UNEVENNESS),
  )
  const baseDeltaNs = Number(observations.baseDeltaNs)
  const consistent = best !== null && best.dropped <= droppable(n)
  const pieces = best !== null && consistent ? best.pieces : []
  const relation: ClockRelation = {
    pairs: n,
    dropped: best?.dropped ?? 0,
    offsetNs: 0,
    lowNs: null,
    highNs: null,
    driftPpm: 0,
    consistent,
    steps: [],
    resolutionNs,
    reference,
    baseDeltaNs,
    pieces,
  }
  if (best === null || !consistent) {
    relation.offsetNs = baseDeltaNs + middleBound(bounds)
    return relation
  }
  const start = relativeOffsetAt(relation, 0)
  relation.lowNs = Number.isFinite(start.low) ? start.low + baseDeltaNs : null
  relation.highNs = Number.isFinite(start.high) ? start.high + baseDeltaNs : null
  relation.offsetNs = baseDeltaNs + middle(start)
  relation.driftPpm = driftOf(pieces)
  relation.steps = stepsOf(best, bounds, reference)
  return relation
}

interface Candidate {
  best: Explanation | null
  bounds: OrderedBounds
  reference: 'client' | 'upstream'
}

/** The explanation with the fewest steps and drops; with the tightest bounds among equals. */
function bestExplanation(observations: ClockObservations, slackNs: number): Candidate {
  const client = ordered(observations, 'client', slackNs)
  let chosen: Candidate = { best: explain(client), bounds: client, reference: 'client' }
  if (chosen.best !== null && cost(chosen.best) === 0) return chosen
  // A clock that is set back makes its own times useless for ordering, but not the other's.
  const upstream = ordered(observations, 'upstream', slackNs)
  for (const jitter of JITTER) {
    for (const reference of ['client', 'upstream'] as const) {
      if (jitter === 0 && reference === 'client') continue
      const bounds = { ...(reference === 'client' ? client : upstream) }
      bounds.slackNs = slackNs + jitter
      let found = explain(bounds)
      if (found === null || !isBetter(found, chosen, reference, jitter)) continue
      if (jitter > 0) {
        // What was just enough to make a line fit leaves that line no room to be off.
        bounds.slackNs += jitter
        found = explain(bounds) ?? found
      }
      chosen = { best: found, bounds, reference }
    }
    if (chosen.best !== null && cost(chosen.best) === 0) break
  }
  return chosen
}

/** Jitter may explain everything, or what nothing else does; beside a real step it would only hide its edge. */
function isBetter(
  found: Explanation,
  than: Candidate,
  reference: 'client' | 'upstream',
  jitter: number,
): boolean {
  if (than.best === null || (cost(found) < cost(than.best) && (jitter === 0 || cost(found) === 0)))
    return true
  const isSame = cost(found) === cost(than.best) && found.pieces.length === than.best.pieces.length
  return (
    jitter === 0 &&
    isSame &&
    reference !== than.reference &&
    reference === 'upstream' &&
    rises(found)
  )
}

function cost(explanation: Explanation): number {
  return (explanation.pieces.length - 1) * 3 + explanation.dropped
}

/** Where θ rises the client's clock may have been set back, but not the upstream's. */
function rises(explanation: Explanation): boolean {
  const { pieces } = explanation
  let balance = 0
  for (let k = 1; k < pieces.length; k++) {
    const then = pieceAt(pieces[k - 1]!, pieces[k]!.from)
    balance += Math.sign(middle(pieceAt(pieces[k]!, pieces[k]!.from)) - middle(then))
  }
  return balance > 0
}

function spanOf(observations: ClockObservations): number {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (let i = 0; i < observations.count; i++) {
    first = Math.min(first, observations.clientTime[i]!)
    last = Math.max(last, observations.clientTime[i]!)
  }
  return last - first
}

/** The coarsest power of ten of ns that all times are multiples of; µs at least where few times could tell. */
function resolutionOf(times: Float64Array, count: number): number {
  let resolution = count >= 16 ? 1_000_000 : 1000
  for (let i = 0; i < count && resolution > 1; i++) {
    while (resolution > 1 && times[i]! % resolution !== 0) resolution /= 10
  }
  return resolution
}

function ordered(
  observations: ClockObservations,
  reference: 'client' | 'upstream',
  slackNs: number,
): OrderedBounds {
  const { count, clientTime, upstreamTime, direction } = observations
  const key = reference === 'client' ? clientTime : upstreamTime
  const order = new Uint32Array(count)
  let sorted = true
  for (let i = 0; i < count; i++) {
    order[i] = i
    if (i > 0 && key[i]! < key[i - 1]!) sorted = false
  }
  if (!sorted) order.sort((a, b) => key[a]! - key[b]! || a - b)
  const bounds: OrderedBounds = {
    count,
    time: new Float64Array(count),
    bound: new Float64Array(count),
    direction: new Uint8Array(count),
    leaving: reference === 'client' ? 0 : 1,
    slackNs,
  }
  for (let i = 0; i < count; i++) {
    const from = order[i]!
    bounds.time[i] = key[from]!
    bounds.bound[i] = upstreamTime[from]! - clientTime[from]!
    bounds.direction[i] = direction[from]!
  }
  return bounds
}

function middleBound(bounds: OrderedBounds): number {
  return bounds.bound.slice().sort()[bounds.count >> 1]!
}

/** Of the piece with the most pairs; 0 as long as no drift at all explains it. */
function driftOf(pieces: ClockPiece[]): number {
  let main = pieces[0]!
  for (const piece of pieces) if (piece.pairs > main.pairs) main = piece
  if (main.slopeLow <= 0 && main.slopeHigh >= 0) return 0
  return ((main.slopeLow + main.slopeHigh) / 2) * 1e6
}

/** Where the offsets of two neighbours do not meet; where they do, only the drift changed. */
function stepsOf(
  explanation: Explanation,
  bounds: OrderedBounds,
  reference: 'client' | 'upstream',
): ClockStep[] {
  const steps: ClockStep[] = []
  const { pieces, starts } = explanation
  for (let k = 1; k < pieces.length; k++) {
    const before = pieces[k - 1]!
    const after = pieces[k]!
    if (before.doubtful || after.doubtful) continue
    const then = pieceAt(before, before.to)
    const now = pieceAt(after, after.from)
    if (now.low <= then.high && then.low <= now.high) continue
    if (Math.abs(middle(now) - middle(then)) < LEAST_STEP) continue
    const start = starts[k]!
    steps.push({
      atClientTime: bounds.time[start]! - (reference === 'client' ? 0 : bounds.bound[start]!),
      changeNs: middle(now) - middle(then),
    })
  }
  return steps
}
