import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { relateClocks } from '../../src/correlation/clock.ts'
import { offsetIntervalAt, toClientTime } from '../../src/correlation/clock-interval.ts'
import {
  type SimulatedStep,
  type SimulationOptions,
  simulate,
  trueOffset,
} from './clock-simulation.ts'

const SECOND = 1e9
const MS = 1e6
const CUT = 3

/** Traffic both ways for `spanNs`, quickest round trip 1.5 ms, some of it queued for long. */
function traffic(count: number, spanNs: number, seed: number): SimulationOptions['segments'] {
  let state = seed | 1
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x7fffffff
  }
  return Array.from({ length: count }, (_, i) => {
    const direction = random() < 0.5 ? (0 as const) : (1 as const)
    const least = direction === 0 ? 0.5 * MS : MS
    return {
      at: Math.floor(((i + random()) / count) * spanNs),
      direction,
      delayNs: least + Math.floor(random() ** 3 * 20 * MS),
    }
  })
}

function expectTruth(options: SimulationOptions): void {
  const s = simulate(options)
  const relation = relateClocks(s.observations)!
  expect(relation.consistent).toBe(true)
  for (const at of s.moments) {
    const theta = offsetIntervalAt(relation, s.clientClock(at))
    expect(theta.low).toBeLessThanOrEqual(trueOffset(s, at) + CUT)
    expect(theta.high).toBeGreaterThanOrEqual(trueOffset(s, at) - CUT)
    const back = toClientTime(relation, s.upstreamClock(at))
    expect(back.low).toBeLessThanOrEqual(s.clientClock(at) + CUT)
    expect(back.high).toBeGreaterThanOrEqual(s.clientClock(at) - CUT)
  }
}

describe('clock steps', () => {
  for (const clock of ['client', 'upstream'] as const) {
    for (const changeNs of [5 * MS, -5 * MS, 3 * SECOND, -3 * SECOND]) {
      it(`finds a step of ${changeNs / MS} ms of the ${clock} clock`, () => {
        const segments = traffic(2000, 20 * SECOND, 7)
        const steps: SimulatedStep[] = [{ at: 10 * SECOND, changeNs, clock }]
        const s = simulate({ offsetNs: 60 * SECOND, driftPpm: 15, segments, steps })
        const relation = relateClocks(s.observations)!
        expect(relation.consistent).toBe(true)
        expect(relation.steps).toHaveLength(1)
        const step = relation.steps[0]!
        const change = clock === 'upstream' ? changeNs : -changeNs
        expect(Math.abs(step.changeNs - change)).toBeLessThan(1.6 * MS)
        const at = s.clientClock(10 * SECOND)
        expect(Math.abs(step.atClientTime - at)).toBeLessThan(2 * SECOND)
        expectTruth({ offsetNs: 60 * SECOND, driftPpm: 15, segments, steps })
      })
    }
  }

  it('finds several steps and uses the right piece at each moment', () => {
    const segments = traffic(4000, 40 * SECOND, 3)
    const steps: SimulatedStep[] = [
      { at: 8 * SECOND, changeNs: 50 * MS, clock: 'upstream' },
      { at: 17 * SECOND, changeNs: -400 * MS, clock: 'upstream' },
      { at: 30 * SECOND, changeNs: 9 * MS, clock: 'upstream' },
    ]
    const relation = relateClocks(
      simulate({ offsetNs: 0, driftPpm: -40, segments, steps }).observations,
    )!
    expect(relation.steps.map((s) => Math.round(s.changeNs / MS / 3))).toEqual([17, -133, 3])
    expectTruth({ offsetNs: 0, driftPpm: -40, segments, steps })
  })

  // With hardly a pair beyond the step nothing may contradict, and a step cannot be known.
  it('contains the true offset at every moment around a step with traffic on both sides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 100, max: 600 }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.double({ min: 22, max: 5000, noNaN: true }),
        fc.boolean(),
        fc.constantFrom('client' as const, 'upstream' as const),
        (seed, count, place, changeMs, back, clock) => {
          expectTruth({
            offsetNs: -7200 * SECOND,
            driftPpm: (seed % 600) - 300,
            segments: traffic(count, 10 * SECOND, seed),
            steps: [
              {
                at: Math.floor(place * 10 * SECOND),
                changeNs: Math.round((back ? -changeMs : changeMs) * MS),
                clock,
              },
            ],
          })
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('clocks that do not run evenly', () => {
  for (const swingNs of [20_000, 150_000, 700_000]) {
    it(`allow for a swing of ${swingNs / 1000} µs over an hour instead of inventing steps`, () => {
      const segments = traffic(20_000, 3600 * SECOND, 5).map((s) => ({
        ...s,
        delayNs: s.delayNs - (s.direction === 0 ? 0.48 * MS : 0.96 * MS),
      }))
      const options = { offsetNs: 4 * SECOND, driftPpm: 8, segments, swingNs }
      const relation = relateClocks(simulate(options).observations)!
      expect(relation).toMatchObject({ consistent: true, steps: [], dropped: 0 })
      expect(relation.highNs! - relation.lowNs!).toBeLessThan(8 * swingNs + 100_000)
      expectTruth(options)
    })
  }
})

describe('wrong pairs', () => {
  const segments = traffic(3000, 30 * SECOND, 11)
  const truth = { offsetNs: 90 * SECOND, driftPpm: 25, segments }

  function spoilt(fraction: number): ReturnType<typeof simulate> {
    const s = simulate(truth)
    const every = Math.round(1 / fraction)
    for (let i = every >> 1; i < segments.length; i += every) {
      // The first copy at the receiving tap, paired with the second one that left: "arrived" 200 ms early.
      if (segments[i]!.direction === 0) s.observations.clientTime[i]! += 200 * MS
      else s.observations.upstreamTime[i]! += 200 * MS
    }
    return s
  }

  it('drops and counts a few impossible pairs without moving the bounds', () => {
    const clean = relateClocks(simulate(truth).observations)!
    const relation = relateClocks(spoilt(0.005).observations)!
    expect(relation).toMatchObject({ consistent: true, steps: [], dropped: 15 })
    expect(relation.lowNs! - clean.lowNs!).toBeLessThanOrEqual(0)
    expect(relation.highNs! - clean.highNs!).toBeGreaterThanOrEqual(0)
    expect(relation.highNs! - relation.lowNs!).toBeLessThan(2.5 * MS)
  })

  it('is inconsistent when many pairs are impossible', () => {
    const relation = relateClocks(spoilt(0.1).observations)!
    expect(relation).toMatchObject({ consistent: false, lowNs: null, highNs: null, pieces: [] })
  })

  it('is inconsistent when the pairs are of different connections', () => {
    const s = simulate(truth)
    const mixed = s.observations.upstreamTime.slice().reverse()
    const relation = relateClocks({ ...s.observations, upstreamTime: mixed })!
    expect(relation.consistent).toBe(false)
    expect(offsetIntervalAt(relation, 0)).toEqual({
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    })
  })

  it('takes a pair that was delayed by a retransmission as it is: late, not impossible', () => {
    const s = simulate(truth)
    for (let i = 5; i < segments.length; i += 40) {
      if (segments[i]!.direction === 0) s.observations.upstreamTime[i]! += 400 * MS
      else s.observations.clientTime[i]! += 400 * MS
    }
    expect(relateClocks(s.observations)).toMatchObject({ consistent: true, dropped: 0, steps: [] })
  })
})
