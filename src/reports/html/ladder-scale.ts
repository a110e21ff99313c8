/** When a segment passed the two ends of the drawing, in seconds on the common clock; null: unknown. */
export interface Flight {
  departure: number | null
  arrival: number | null
}

/** Where it is drawn. */
export interface Placed {
  from: number
  to: number
}

/** A time that is not drawn to scale. `gap`: seconds between the two departures around it. */
export interface Fold {
  from: number
  to: number
  gap: number
}

export interface LadderScale {
  placed: Placed[]
  folds: Fold[]
  height: number
  /** Where a time of the common clock is; clamped to the drawing. */
  y(seconds: number): number
}

/** Least distance of two departures: their labels stand there. */
const ROW = 24
const FOLD_HEIGHT = 36
const LEAST_STEP = 3
const MOST_STEP = 20

/**
 * Places flights on one downward axis of time. Order is kept for departures and arrivals alike, so that segments that
 * crossed on the way cross in the drawing; distances grow with the logarithm of the time between.
 */
export function ladderScale(flights: readonly Flight[], foldSeconds: number): LadderScale {
  const times = knownTimes(flights)
  const events = times
    .flatMap(({ departure, arrival }, index) => [
      { time: departure, index, departs: true },
      { time: arrival, index, departs: false },
    ])
    .sort((a, b) => a.time - b.time || a.index - b.index || Number(b.departs) - Number(a.departs))
  const placed = flights.map((): Placed => ({ from: 0, to: 0 }))
  const marks: { time: number; y: number }[] = []
  const folds: Fold[] = []
  let y = 0
  let departed: { time: number; y: number } | null = null
  let previous: number | null = null
  for (const { time, index, departs } of events) {
    const passed = previous === null ? 0 : time - previous
    if (passed >= foldSeconds) {
      folds.push({ from: y + 8, to: y + FOLD_HEIGHT - 8, gap: time - (departed?.time ?? time) })
      y += FOLD_HEIGHT
    } else if (passed > 0) y += step(passed)
    if (departs) {
      if (departed) y = Math.max(y, departed.y + ROW)
      departed = { time, y }
    }
    placed[index]![departs ? 'from' : 'to'] = y
    marks.push({ time, y })
    previous = time
  }
  return { placed, folds, height: y, y: (seconds) => interpolate(marks, seconds) }
}

/** A flight without times takes those of the one before; nothing arrives before it was sent. */
function knownTimes(flights: readonly Flight[]): { departure: number; arrival: number }[] {
  let last = flights.find(({ departure }) => departure !== null)?.departure ?? 0
  return flights.map(({ departure, arrival }) => {
    last = departure ?? last
    return { departure: last, arrival: Math.max(last, arrival ?? last) }
  })
}

function step(seconds: number): number {
  return Math.min(MOST_STEP, LEAST_STEP + 4 * Math.log10(1 + seconds * 1e6))
}

function interpolate(marks: readonly { time: number; y: number }[], seconds: number): number {
  const after = marks.findIndex(({ time }) => time >= seconds)
  if (after === -1) return marks.at(-1)?.y ?? 0
  const next = marks[after]!
  const before = marks[after - 1]
  if (before === undefined || next.time === before.time) return next.y
  const part = Math.min(1, (seconds - before.time) / (next.time - before.time))
  return before.y + (next.y - before.y) * part
}
