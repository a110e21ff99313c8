import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { relateClocks } from '../../src/correlation/clock.ts'
import { compareMoments } from '../../src/correlation/order.ts'
import { simulate } from './clock-simulation.ts'

const MS = 1e6
const segments = Array.from({ length: 40 }, (_, i) => ({
  at: i * 20 * MS + i * 7001,
  direction: (i & 1) as 0 | 1,
  delayNs: (i & 1 ? 2 : 3) * MS,
}))
const world = simulate({ offsetNs: 3.6e12, driftPpm: 0, segments })
const relation = relateClocks(world.observations)!
const client = (at: number) => ({ side: 'client' as const, time: world.clientClock(at) })
const upstream = (at: number) => ({ side: 'upstream' as const, time: world.upstreamClock(at) })

describe('order of two moments', () => {
  it('is exact within one capture, with or without a clock', () => {
    const a = { side: 'client' as const, time: 5 }
    const b = { side: 'client' as const, time: 6 }
    expect(compareMoments(null, a, b)).toEqual({ order: 'before', gapNs: 1, uncertaintyNs: 0 })
    expect(compareMoments(null, b, a)).toEqual({ order: 'after', gapNs: -1, uncertaintyNs: 0 })
    expect(compareMoments(null, a, a).order).toBe('undetermined')
  })

  it('is known between captures once the gap exceeds the uncertainty', () => {
    const known = compareMoments(relation, client(100 * MS), upstream(110 * MS))
    expect(known.order).toBe('before')
    expect(known.uncertaintyNs).toBeGreaterThan(2.4 * MS)
    expect(known.uncertaintyNs).toBeLessThan(2.8 * MS)
    expect(Math.abs(known.gapNs! - 10 * MS)).toBeLessThan(known.uncertaintyNs!)
    expect(compareMoments(relation, upstream(110 * MS), client(100 * MS)).order).toBe('after')
    expect(compareMoments(relation, client(100 * MS), upstream(101 * MS)).order).toBe(
      'undetermined',
    )
  })

  it('never contradicts the truth', () => {
    const moment = fc.integer({ min: 0, max: 900 * MS })
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        const { order, gapNs, uncertaintyNs } = compareMoments(relation, client(a), upstream(b))
        if (order === 'before') expect(a).toBeLessThan(b)
        if (order === 'after') expect(a).toBeGreaterThan(b)
        if (Math.abs(b - a) > 6 * MS) expect(order).not.toBe('undetermined')
        expect(Math.abs(gapNs! - (b - a))).toBeLessThanOrEqual(uncertaintyNs!)
      }),
    )
  })

  it('knows one of the two answers when one direction was seen', () => {
    const oneWay = simulate({
      offsetNs: 0,
      driftPpm: 0,
      segments: segments.map((s) => ({ ...s, direction: 0 as const })),
    })
    const half = relateClocks(oneWay.observations)!
    const at = (time: number) => ({ side: 'upstream' as const, time })
    // θ is at most the quickest delay, so an upstream moment may be later than it looks, never earlier.
    expect(compareMoments(half, { side: 'client', time: 0 }, at(50 * MS)).order).toBe('before')
    const unknown = compareMoments(half, { side: 'client', time: 500 * MS }, at(50 * MS))
    expect(unknown.order).toBe('undetermined')
    expect(unknown.uncertaintyNs).toBeNull()
  })

  it('is undetermined without a trustworthy clock', () => {
    const none = { order: 'undetermined', gapNs: null, uncertaintyNs: null }
    expect(compareMoments(null, client(0), upstream(9e9))).toEqual(none)
    expect(compareMoments({ ...relation, consistent: false }, client(0), upstream(9e9))).toEqual(
      none,
    )
  })
})
