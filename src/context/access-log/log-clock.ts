/** How far a log's clock is from a capture's: to add to a time of the log, ns, give or take the slack. */
export interface ClockOffset {
  offsetNs: number
  offsetSlackNs: number
}

/** By id of the capture. */
export type LogClock = ReadonlyMap<string, ClockOffset>

/** Where a capture is not named, its clock is taken to be the log's. */
export const SAME_CLOCK: LogClock = new Map()

export const NO_OFFSET: ClockOffset = { offsetNs: 0, offsetSlackNs: 0 }

export function offsetTo(clock: LogClock, capture: string): ClockOffset {
  return clock.get(capture) ?? NO_OFFSET
}

/** One line and the only connection with its addresses: the offset lies between these, ns. */
export interface ClockObservation {
  capture: string
  connection: number
  low: number
  high: number
}

/** START_TIME has milliseconds, and a proxy notes it a moment before or after the packet. */
export const NEAR_NS = 50e6

/** Fewer lines than these, or of fewer connections, prove no offset: ports are used again. */
const LEAST_LINES = 3
const LEAST_CONNECTIONS = 2
/** Part of the lines that must agree. */
const MOST_OF_THEM = 0.9

/**
 * The clock of a log, from lines that have the addresses of one connection only: each must lie within that connection's
 * life. Without an offset where most of them do as they stand; and where they do not agree on another one, which leaves
 * them without a connection.
 */
export function logClock(observations: readonly ClockObservation[]): LogClock {
  const clock = new Map<string, ClockOffset>()
  for (const capture of new Set(observations.map((one) => one.capture))) {
    const found = offsetOf(observations.filter((one) => one.capture === capture))
    if (found !== null) clock.set(capture, found)
  }
  return clock
}

/** Do these lines fit this clock, and not their own time? For logs with too few lines to tell it themselves. */
export function fitsClock(observations: readonly ClockObservation[], clock: LogClock): boolean {
  const fits = (
    { capture, low, high }: ClockObservation,
    { offsetNs, offsetSlackNs: slack }: ClockOffset,
  ) => clock.has(capture) && isWithin(offsetNs, low - slack, high + slack)
  return (
    observations.length > 0 &&
    observations.every((one) => fits(one, offsetTo(clock, one.capture))) &&
    !observations.some(({ low, high }) => isWithin(0, low, high))
  )
}

function isWithin(offset: number, low: number, high: number): boolean {
  return low - NEAR_NS <= offset && offset <= high + NEAR_NS
}

function offsetOf(observations: readonly ClockObservation[]): ClockOffset | null {
  const wanted = Math.max(LEAST_LINES, MOST_OF_THEM * observations.length)
  const fitting = (offset: number) =>
    observations.filter(({ low, high }) => isWithin(offset, low, high))
  if (observations.length < LEAST_LINES || fitting(0).length >= wanted) return null
  const best = mostCommon(observations)
  if (best.count < wanted) return null
  const offsetNs = (best.low + best.high) / 2
  const agreeing = fitting(offsetNs)
  const connections = new Set(agreeing.map((one) => one.connection))
  if (connections.size < LEAST_CONNECTIONS) return null
  return { offsetNs, offsetSlackNs: (best.high - best.low) / 2 }
}

/** The stretch that most of the intervals share; of equals the one that is nearest to 0. */
function mostCommon(intervals: readonly ClockObservation[]): {
  low: number
  high: number
  count: number
} {
  const edges = intervals.flatMap(({ low, high }) => [
    { at: low - NEAR_NS, step: 1 },
    { at: high + NEAR_NS, step: -1 },
  ])
  // Where one ends and another begins they share a point.
  edges.sort((a, b) => a.at - b.at || b.step - a.step)
  let best = { low: 0, high: 0, count: 0 }
  let count = 0
  for (const [i, { at, step }] of edges.entries()) {
    count += step
    if (step < 0 || count < best.count) continue
    const here = { low: at, high: edges[i + 1]!.at, count }
    if (count > best.count || distance(here) < distance(best)) best = here
  }
  return best
}

function distance({ low, high }: { low: number; high: number }): number {
  return Math.max(0, low, -high)
}
