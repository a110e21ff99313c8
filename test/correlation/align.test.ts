import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { alignSegments } from '../../src/correlation/align.ts'
import type { Segment } from '../../src/model/segment.ts'
import { made, viewOf } from '../support/made-view.ts'

/** Frame pairs, 0 where a tap did not see the segment; `*` for bytes that the other tap saw in other pieces. */
function aligned(a: readonly Segment[], b: readonly Segment[], shift?: [number, number]): string[] {
  const shifts = shift && { client: shift[0], upstream: shift[1] }
  return alignSegments(viewOf(a), viewOf(b), shifts).map(
    ({ seen: [x, y], covered }) => `${x?.frame ?? 0}-${y?.frame ?? 0}${covered ? '*' : ''}`,
  )
}

const data = (seq: number, length: number, ipId: number, more: Partial<Segment> = {}) =>
  made('client', 'PA', { seq, length, ipId, ...more })

describe('which segments of two taps are one', () => {
  it('pairs what agrees in numbers, length and flags', () => {
    const both = [made('client', 'S', { seq: 9 }), data(10, 5, 2), data(15, 5, 3)]
    expect(aligned(both, both)).toEqual(['1-1', '2-2', '3-3'])
  })

  it('keeps the order of each tap', () => {
    const [a, b, c] = [data(10, 5, 2), data(15, 5, 3), data(20, 5, 4)]
    const order = aligned([a!, b!, c!], [b!, c!])
    expect(order).toEqual(['1-0', '2-1', '3-2'])
  })

  it('does not take a lost first copy for the second, which has another IP ID', () => {
    const [lost, again] = [data(10, 5, 2), data(10, 5, 3)]
    expect(aligned([lost, again], [again])).toEqual(['1-0*', '2-1'])
  })

  it('nor one with other timestamps', () => {
    const lost = data(10, 5, 0, { hasTimestamps: true, tsVal: 100 })
    const again = data(10, 5, 0, { hasTimestamps: true, tsVal: 300 })
    expect(aligned([lost, again], [again])).toEqual(['1-0*', '2-1'])
  })

  it('does not take a RST without identity for one with an identity', () => {
    const forged = made('upstream', 'RA', { seq: 50, ack: 20, ipId: 0 })
    const own = made('upstream', 'RA', { seq: 50, ack: 20, ipId: 7, hasTimestamps: true, tsVal: 9 })
    expect(aligned([forged], [own])).toEqual(['1-0', '0-1'])
  })

  it('goes by the bytes where cards cut segments up', () => {
    const large = [data(10, 30, 2), data(40, 5, 5)]
    const small = [data(10, 10, 2), data(20, 10, 3), data(30, 10, 4), data(40, 5, 5)]
    const found = aligned(large, small)
    expect(found).toContain('1-0*')
    expect(found).toContain('2-4')
    expect(found.filter((pair) => pair.startsWith('0-')).every((pair) => pair.endsWith('*'))).toBe(
      true,
    )
  })

  it('never calls control segments covered', () => {
    const rst = made('client', 'RA', { seq: 15, ipId: 9 })
    const found = alignSegments(viewOf([data(10, 30, 2), rst]), viewOf([data(10, 30, 2)]))
    expect(found[1]).toMatchObject({ seen: [{ frame: 2 }, null], covered: false })
  })

  it('sees through sequence numbers that a middlebox rewrote, also around 2^32', () => {
    const a = [data(0xfffffff0, 32, 2, { ack: 5 }), made('upstream', 'A', { seq: 5, ack: 16 })]
    const b = [
      data(0x10, 32, 2, { ack: 0xffffff05 }),
      made('upstream', 'A', { seq: 0xffffff05, ack: 0x30 }),
    ]
    expect(aligned(a, b, [0x20, 0xffffff00])).toEqual(['1-1', '2-2'])
    expect(aligned(a, b)).not.toContain('1-1')
  })

  const segment = fc
    .record({
      from: fc.constantFrom('client' as const, 'upstream' as const),
      flags: fc.constantFrom('S', 'SA', 'A', 'PA', 'FA', 'RA', 'R'),
      seq: fc.constantFrom(0xffffffff, 0, 1, 5, 10),
      ack: fc.constantFrom(0, 1, 7),
      length: fc.nat(8),
      ipId: fc.nat(3),
      tsVal: fc.nat(2),
      hasTimestamps: fc.boolean(),
    })
    .map(({ from, flags, ...fields }) => made(from, flags, fields))
  const lists = fc.array(segment, { maxLength: 12 })

  it('takes the first that fits of those that are left, by identity before by bytes', () => {
    const FIN_SYN_RST_ACK = 0x17
    const numbers = (s: Segment) =>
      [s.from, s.seq, s.length, s.flags & FIN_SYN_RST_ACK, s.flags & 0x10 ? s.ack : 0].join()
    const stamp = (s: Segment) => (s.hasTimestamps ? s.tsVal : -1)
    const identified = (x: Segment, y: Segment) =>
      (x.ipId === y.ipId && (x.ipId > 0 || x.hasTimestamps)) ||
      (x.ipId === y.ipId && x.flags === y.flags && x.window === y.window)
    const stamped = (x: Segment) => x.hasTimestamps && x.length > 0
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const partner = new Map<Segment, Segment>()
        for (const fits of [identified, stamped]) {
          for (const x of a) {
            if (partner.has(x)) continue
            const taken = new Set(partner.values())
            const y = b.find(
              (y) =>
                !taken.has(y) && numbers(x) === numbers(y) && stamp(x) === stamp(y) && fits(x, y),
            )
            if (y !== undefined) partner.set(x, y)
          }
        }
        const expected = a.flatMap((x, i) => {
          const y = partner.get(x)
          return y === undefined ? [] : [`${i + 1}-${b.indexOf(y) + 1}`]
        })
        const pairs = alignSegments(viewOf(a), viewOf(b)).filter(({ seen }) => !seen.includes(null))
        expect(pairs.map(({ seen: [x, y] }) => `${x!.frame}-${y!.frame}`)).toEqual(expected)
      }),
      { numRuns: 1000 },
    )
  })

  it('uses every segment of either tap exactly once, whatever they are', () => {
    fc.assert(
      fc.property(lists, lists, (a, b) => {
        const found = alignSegments(viewOf(a), viewOf(b))
        for (const [tap, view] of [a, b].entries()) {
          const frames = found.flatMap((s) => s.seen[tap]?.frame ?? [])
          expect([...frames].sort((x, y) => x - y)).toEqual(view.map((_, i) => i + 1))
        }
        for (const { from, seen } of found) {
          expect(seen.every((s) => s === null || s.from === from)).toBe(true)
        }
        // The client's tap sets the order; what only the upstream's saw stands among it.
        const first = found.flatMap((s) => s.seen[0]?.frame ?? [])
        expect(first).toEqual([...first].sort((x, y) => x - y))
      }),
    )
  })
})
