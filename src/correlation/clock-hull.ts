import type { LineChain } from '../model/clock.ts'

/** No working clock runs further from another than this (1000 ppm). */
export const MAX_DRIFT = 1e-3

/** One side of the feasible lines while it grows; `first` is the live start, so that trimming is free. */
interface GrowingChain {
  time: number[]
  value: number[]
  from: number[]
  first: number
  low: number
  high: number
}

/**
 * All lines θ(t) = a + b·t that keep below every upper and above every lower bound given so far: a linear
 * program in (a, b), kept as two chains. Bounds come in order of time, which makes each cheap (amortised O(1)):
 * the latest bound always cuts at one end. Both chains use the same code, the lower one in mirrored
 * coordinates (−a, −b).
 */
export class FeasibleLines {
  readonly #upper: GrowingChain = emptyChain()
  readonly #lower: GrowingChain = emptyChain()

  clear(): void {
    reset(this.#upper)
    reset(this.#lower)
  }

  /** Would this bound leave no line? Direction 0 is an upper bound of θ at `time`, 1 a lower one. */
  contradicts(direction: number, time: number, bound: number): boolean {
    return direction === 0
      ? leavesNothing(this.#upper, this.#lower, time, bound)
      : leavesNothing(this.#lower, this.#upper, time, -bound)
  }

  /** Adds a bound; false, and nothing changed, when no line would be left. `time` never decreases. */
  add(direction: number, time: number, bound: number): boolean {
    return direction === 0
      ? cut(this.#upper, this.#lower, time, bound)
      : cut(this.#lower, this.#upper, time, -bound)
  }

  get upper(): LineChain {
    return frozen(this.#upper)
  }

  get lower(): LineChain {
    return frozen(this.#lower)
  }

  get slopeLow(): number {
    return this.#upper.low
  }

  get slopeHigh(): number {
    return this.#upper.high
  }
}

/** The largest a + b·t that the chain allows; for a lower chain minus the smallest. Infinite without bounds. */
export function extremeAt(chain: LineChain, time: number): number {
  const n = chain.time.length
  if (n === 0) return Number.POSITIVE_INFINITY
  // Along the chain the value at `time` rises as long as the bounds are from before it.
  let low = 0
  let high = n
  while (low < high) {
    const middle = (low + high) >> 1
    if (chain.time[middle]! < time) low = middle + 1
    else high = middle
  }
  const line = low < n ? low : n - 1
  const slope = low < n ? chain.from[line]! : chain.end
  return chain.value[line]! + slope * (time - chain.time[line]!)
}

function emptyChain(): GrowingChain {
  return { time: [], value: [], from: [], first: 0, low: -MAX_DRIFT, high: MAX_DRIFT }
}

function reset(chain: GrowingChain): void {
  chain.time.length = 0
  chain.value.length = 0
  chain.from.length = 0
  chain.first = 0
  chain.low = -MAX_DRIFT
  chain.high = MAX_DRIFT
}

function leavesNothing(own: GrowingChain, other: GrowingChain, time: number, value: number) {
  const last = other.time.length - 1
  if (last < other.first) return false
  // The room between the new bound and the other chain shrinks with the slope: it is largest at the lowest.
  return value + other.value[last]! + own.low * (other.time[last]! - time) < 0
}

function cut(own: GrowingChain, other: GrowingChain, time: number, value: number): boolean {
  if (leavesNothing(own, other, time, value)) return false
  if (other.time.length > other.first) narrow(own, other, time, value)
  let last = own.time.length - 1
  while (last > own.first && own.from[last]! >= own.high) last--
  while (last >= own.first) {
    const left = own.from[last]!
    if (value - left * time > own.value[last]! - left * own.time[last]!) break
    last--
  }
  own.time.length = last + 1
  own.value.length = last + 1
  own.from.length = last + 1
  if (last < own.first) push(own, time, value, own.low)
  else if (value - own.high * time < own.value[last]! - own.high * own.time[last]!)
    push(own, time, value, (value - own.value[last]!) / (time - own.time[last]!))
  return true
}

/** Takes away the slopes at which the new bound contradicts the other chain. */
function narrow(own: GrowingChain, other: GrowingChain, time: number, value: number): void {
  const room = (line: number, slope: number) =>
    value + other.value[line]! + slope * (other.time[line]! - time)
  if (room(other.first, own.high) >= 0) return
  const last = other.time.length - 1
  while (other.first < last && room(other.first, -other.from[other.first + 1]!) < 0) other.first++
  const line = other.first
  const root = (value + other.value[line]!) / (time - other.time[line]!)
  own.high = Math.min(own.high, Math.max(own.low, root))
  other.low = -own.high
  other.from[line] = other.low
}

function push(chain: GrowingChain, time: number, value: number, from: number): void {
  chain.time.push(time)
  chain.value.push(value)
  chain.from.push(Math.min(chain.high, Math.max(chain.low, from)))
}

function frozen(chain: GrowingChain): LineChain {
  return {
    time: Float64Array.from(chain.time.slice(chain.first)),
    value: Float64Array.from(chain.value.slice(chain.first)),
    from: Float64Array.from(chain.from.slice(chain.first)),
    end: chain.high,
  }
}
