import { describe, expect, it } from 'vitest'
import { holdsAmongOthers, type Place } from '../../src/diagnosis/holds-among-others.ts'
import { ASKED } from '../../src/diagnosis/noting-surroundings.ts'
import { type Sighted, SurroundingsCollector } from '../../src/diagnosis/surroundings.ts'

const NOTHING = {
  established: false,
  tls: false,
  closedBy: null,
  abrupt: false,
  refused: false,
  forgotten: false,
  unanswered: false,
  served: null,
}
const CUT = { ...NOTHING, closedBy: { from: 'upstream', kind: 'fin' } as const, abrupt: true }
const MS = 1e6
const S = 1e9

/** Connections of endpoint 5. */
function others(...list: Partial<Sighted>[]): SurroundingsCollector {
  const collector = new SurroundingsCollector()
  list.forEach((one, i) => {
    collector.add({
      id: i + 2,
      upstream: 5,
      standing: NOTHING,
      started: 0,
      closed: 0,
      until: Number.NaN,
      measures: null,
      ...one,
    })
  })
  return collector
}

const own: Place = {
  upstream: 5,
  started: 0,
  closed: 10 * S,
  abrupt: 0,
  idle: 4 * S,
  age: 10 * S,
  request: Number.NaN,
}

describe('what a connection was told alone', () => {
  it('holds where it asked nothing of others, or they are not there', () => {
    expect(holdsAmongOthers(0, own, others())).toBe(true)
    const asked = ASKED.refused | ASKED.burst | ASKED.turnsAway | ASKED.idle
    expect(holdsAmongOthers(asked, own, others())).toBe(true)
    expect(holdsAmongOthers(asked, { ...own, upstream: 1e6 }, others())).toBe(true)
  })

  it('is not known to hold where it asked for its endpoint as such, for its lines, or for itself', () => {
    for (const asked of [ASKED.endpoint, ASKED.lines, ASKED.itself])
      expect(holdsAmongOthers(asked, own, others())).toBe(false)
  })

  it('does not hold where its endpoint cut another one in the same moment', () => {
    const cut = (closed: number) => others({ standing: CUT, closed })
    expect(holdsAmongOthers(ASKED.burst, own, cut(10 * S + 40 * MS))).toBe(false)
    expect(holdsAmongOthers(ASKED.burst, own, cut(10 * S + 60 * MS))).toBe(true)
    expect(holdsAmongOthers(ASKED.idle, own, cut(10 * S))).toBe(true)
    // Its own cut is among them.
    expect(holdsAmongOthers(ASKED.burst, { ...own, abrupt: 1 }, cut(10 * S))).toBe(true)
  })

  it('does not hold where its endpoint refused anybody', () => {
    const refusing = others({ standing: { ...NOTHING, refused: true }, started: 30 * S })
    expect(holdsAmongOthers(ASKED.refused, own, refusing)).toBe(false)
    expect(holdsAmongOthers(ASKED.refused, { ...own, upstream: 4 }, refusing)).toBe(true)
  })

  it('does not hold where three ended after as long a time', () => {
    const idle = (ns: number) => ({ measures: { idle: ns, age: Number.NaN, request: Number.NaN } })
    const two = [idle(4 * S), idle(4.2 * S)]
    expect(holdsAmongOthers(ASKED.idle, own, others(...two))).toBe(true)
    expect(holdsAmongOthers(ASKED.idle, own, others(...two, idle(3.8 * S)))).toBe(false)
    expect(holdsAmongOthers(ASKED.idle, own, others(...two, idle(5 * S)))).toBe(true)
    expect(holdsAmongOthers(ASKED.age, own, others(...two, idle(3.8 * S)))).toBe(true)
  })

  it('holds as to turning away as it was told', () => {
    const turned = { standing: { ...CUT, unanswered: true }, closed: 10 * MS }
    const working = { until: 5 * S }
    const turning = others(turned, turned, turned, working)
    expect(holdsAmongOthers(ASKED.turnsAway, own, turning)).toBe(false)
    expect(holdsAmongOthers(ASKED.turnsAway | ASKED.toldSo, own, turning)).toBe(true)
    expect(holdsAmongOthers(ASKED.turnsAway, own, others(turned, turned, working))).toBe(true)
  })
})
