import type { NsInterval } from '../model/clock.ts'
import type { SharedClock } from '../model/sighting.ts'

/** What relates the times of two of several taps; within `clock` the first is tap 0 and the second tap 1. */
export interface ClockEdge {
  near: number
  far: number
  clock: SharedClock
}

/** Times of several taps on each other's clocks. */
export interface TapClocks {
  /** Null where nothing relates the two. */
  translate(from: number, time: number, to: number): NsInterval | null
}

/** Goes over as few clocks as lead from one tap to the other: each adds its own uncertainty. */
export function tapClocks(taps: number, edges: readonly ClockEdge[]): TapClocks {
  const steps = Array.from({ length: taps }, (_, to) => stepsTowards(to, taps, edges))
  return {
    translate(from, time, to) {
      let low = time
      let high = time
      for (let tap = from; tap !== to; ) {
        const edge = steps[to]![tap] ?? null
        if (edge === null) return null
        const [here, there] = edge.near === tap ? [0, 1] : [1, 0]
        low = edge.clock.translate(here!, low, there!).low
        high = edge.clock.translate(here!, high, there!).high
        tap = edge.near === tap ? edge.far : edge.near
      }
      return { low, high }
    },
  }
}

/** Of each tap the edge by which it comes nearer to `to`; null where it cannot. */
function stepsTowards(to: number, taps: number, edges: readonly ClockEdge[]): (ClockEdge | null)[] {
  const step: (ClockEdge | null)[] = new Array(taps).fill(null)
  const reached = [to]
  for (const tap of reached) {
    for (const edge of edges) {
      const next = edge.near === tap ? edge.far : edge.far === tap ? edge.near : -1
      if (next < 0 || reached.includes(next)) continue
      step[next] = edge
      reached.push(next)
    }
  }
  return step
}
