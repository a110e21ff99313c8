import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { relateClocks } from '../../src/correlation/clock.ts'
import { offsetIntervalAt, toClientTime } from '../../src/correlation/clock-interval.ts'
import { type SimulationOptions, simulate, trueOffset } from './clock-simulation.ts'

const SECOND = 1e9
const MS = 1e6
const HOUR = 3600 * SECOND
/** θ moves by less than this while a timestamp is cut to its resolution. */
const CUT = 3

const plain = (offsetNs: number, delays: [number, 0 | 1, number][]): SimulationOptions => ({
  offsetNs,
  driftPpm: 0,
  segments: delays.map(([at, direction, delayNs]) => ({ at, direction, delayNs })),
})

const arbitrary = fc
  .record({
    offsetNs: fc.integer({ min: -5 * HOUR, max: 5 * HOUR }),
    driftPpm: fc.double({ min: -300, max: 300, noNaN: true }),
    minima: fc.tuple(fc.integer({ min: 0, max: 40 * MS }), fc.integer({ min: 0, max: 40 * MS })),
    span: fc.integer({ min: 1, max: 1000 * SECOND }),
    resolutions: fc.tuple(fc.constantFrom(1, 1000), fc.constantFrom(1, 1000)),
    directions: fc.constantFrom([0, 1], [0], [1]),
    segments: fc.array(
      fc.record({
        place: fc.double({ min: 0, max: 1, noNaN: true }),
        direction: fc.nat(1),
        jitter: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      { minLength: 1, maxLength: 60 },
    ),
  })
  .map(
    (v): SimulationOptions => ({
      offsetNs: v.offsetNs,
      driftPpm: v.driftPpm,
      clientResolution: v.resolutions[0],
      upstreamResolution: v.resolutions[1],
      segments: v.segments
        .map((s) => {
          const direction = v.directions[s.direction % v.directions.length] as 0 | 1
          return {
            at: Math.floor(s.place * v.span),
            direction,
            delayNs: v.minima[direction] + Math.floor(s.jitter ** 4 * 100 * MS),
          }
        })
        .sort((a, b) => a.at - b.at),
    }),
  )

describe('one clock', () => {
  it('bounds the offset by the quickest segment each way', () => {
    const s = simulate(
      plain(2 * HOUR, [
        [0, 0, 2 * MS],
        [10 * MS, 1, 7 * MS],
        [20 * MS, 0, 5 * MS],
        [30 * MS, 1, 9 * MS],
      ]),
    )
    const relation = relateClocks(s.observations)!
    expect(relation).toMatchObject({ pairs: 4, dropped: 0, driftPpm: 0, consistent: true })
    expect(relation.lowNs! - 2 * HOUR).toBeGreaterThan(-7.1 * MS)
    expect(relation.lowNs! - 2 * HOUR).toBeLessThan(-6.9 * MS)
    expect(relation.highNs! - 2 * HOUR).toBeGreaterThan(1.9 * MS)
    expect(relation.highNs! - 2 * HOUR).toBeLessThan(2.1 * MS)
    expect(relation.steps).toEqual([])
  })

  it('has nothing to say without observations', () => {
    const { observations } = simulate(plain(0, [[0, 0, 0]]))
    expect(relateClocks({ ...observations, count: 0 })).toBeNull()
  })

  it('always contains the true offset, at the start and at every moment', () => {
    fc.assert(
      fc.property(arbitrary, (options) => {
        const s = simulate(options)
        const relation = relateClocks(s.observations)!
        expect(relation.consistent).toBe(true)
        expect(relation.steps).toEqual([])
        const start = -s.clientClock(0)
        const atStart = trueOffset(s, start)
        if (relation.lowNs !== null) expect(relation.lowNs).toBeLessThanOrEqual(atStart + CUT)
        if (relation.highNs !== null) expect(relation.highNs).toBeGreaterThanOrEqual(atStart - CUT)
        for (const at of s.moments) {
          const theta = offsetIntervalAt(relation, s.clientClock(at))
          expect(theta.low).toBeLessThanOrEqual(trueOffset(s, at) + CUT)
          expect(theta.high).toBeGreaterThanOrEqual(trueOffset(s, at) - CUT)
          const back = toClientTime(relation, s.upstreamClock(at))
          expect(back.low).toBeLessThanOrEqual(s.clientClock(at) + CUT)
          expect(back.high).toBeGreaterThanOrEqual(s.clientClock(at) - CUT)
        }
      }),
      { numRuns: 1500 },
    )
  })

  it('leaves the bound open that no segment gave', () => {
    const forward = relateClocks(simulate(plain(5 * SECOND, [[0, 0, MS]])).observations)!
    expect(forward.lowNs).toBeNull()
    expect(forward.highNs).toBeCloseTo(5 * SECOND + MS + 1000, -1)
    expect(forward.offsetNs).toBe(forward.highNs)
    const back = relateClocks(simulate(plain(5 * SECOND, [[0, 1, MS]])).observations)!
    expect(back.highNs).toBeNull()
    expect(offsetIntervalAt(back, 0).high).toBe(Number.POSITIVE_INFINITY)
  })

  it('is no wider than the quickest round trip when many segments were seen', () => {
    const segments = Array.from({ length: 4000 }, (_, i) => ({
      at: i * 50 * MS,
      direction: (i % 2) as 0 | 1,
      delayNs: (i % 2 === 0 ? 100_000 : 300_000) + ((i * 7919) % 97) * 20_000,
    }))
    for (const driftPpm of [-300, -20, 0, 20, 300]) {
      const s = simulate({ offsetNs: -HOUR, driftPpm, segments })
      const relation = relateClocks(s.observations)!
      expect(relation.driftPpm).toBeGreaterThan(driftPpm - 5)
      expect(relation.driftPpm).toBeLessThan(driftPpm + 5)
      expect(relation.highNs! - relation.lowNs!).toBeLessThan(600_000)
    }
  })

  it('says drift 0 while drift 0 explains everything', () => {
    const s = simulate({
      offsetNs: 0,
      driftPpm: 30,
      segments: [
        { at: 0, direction: 0, delayNs: MS },
        { at: 10 * MS, direction: 1, delayNs: MS },
        { at: 20 * MS, direction: 0, delayNs: MS },
      ],
    })
    expect(relateClocks(s.observations)!.driftPpm).toBe(0)
  })

  it('keeps the base difference exact, whatever its size', () => {
    const { observations } = simulate({
      ...plain(0, [
        [0, 0, MS],
        [MS, 1, MS],
      ]),
      clientResolution: 1,
      upstreamResolution: 1,
    })
    const near = relateClocks({ ...observations, baseDeltaNs: 0n })!
    const far = relateClocks({ ...observations, baseDeltaNs: 1_700_000_000_000_000_000n })!
    expect(toClientTime(far, 500)).toEqual(toClientTime(near, 500))
    expect(far.highNs! / 1.7e18).toBeCloseTo(1, 9)
  })

  it('takes a million observations in any order within seconds', () => {
    const count = 1_000_000
    const clientTime = new Float64Array(count)
    const upstreamTime = new Float64Array(count)
    const direction = new Uint8Array(count)
    for (let i = 0; i < count; i++) {
      const at = ((i * 7_919) % count) * 100_000
      const delay = 50_000 + ((i * 104_729) % 1013) * 1000
      direction[i] = i & 1
      clientTime[i] = direction[i] === 0 ? at : at + delay
      upstreamTime[i] = at * (1 + 40e-6) + (direction[i] === 0 ? delay : 0)
    }
    const began = performance.now()
    const relation = relateClocks({ count, clientTime, upstreamTime, direction, baseDeltaNs: 0n })!
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(relation.consistent).toBe(true)
    expect(relation.driftPpm).toBeCloseTo(40, 0)
  })
})
