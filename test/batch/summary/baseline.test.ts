import { describe, expect, test } from 'vitest'
import { compareWithBaseline, reachesLevel } from '../../../src/batch/summary/baseline.ts'
import { summarise } from '../../../src/batch/summary/summarise.ts'
import { end, failedRow, finding, row } from './row-fixtures.ts'

const ends = (count: number, name = 'k') =>
  Array.from({ length: count }, (_, i) => end(i + 1, `${name}${i}`, i))

/** A run of one sample with so many connections that have the finding. */
const run = (count: number, connections: number, more: Parameters<typeof finding>[1] = {}) => {
  const one = row('a', [finding(ends(count), more)])
  return [{ ...one, summary: { ...one.summary!, connections } }]
}

describe('findings', () => {
  test('of a code and a Service that the baseline has not are new, and the other way round gone', () => {
    const now = [row('a', [finding(ends(3), { service: 'shop/cart' })])]
    const old = [row('a', [finding(ends(3), { service: 'shop/pay', upstream: '10.0.0.1:1' })])]
    const { new: found, gone, worse, unchanged } = compareWithBaseline(now, old)
    expect(found.map(({ place }) => place)).toEqual(['shop/cart'])
    expect(gone.map(({ finding, unseen }) => [finding.place, unseen])).toEqual([
      ['shop/pay', false],
    ])
    expect([worse, unchanged]).toEqual([[], 0])
  })

  test('are the same at the same Service with other pods, and at the same endpoint without names', () => {
    const service = 'shop/cart'
    const old = [row('a', [finding(ends(3), { service, upstream: '10.0.0.1:1' })])]
    const moved = [row('a', [finding(ends(3), { service, upstream: '10.0.0.2:1' })])]
    const nameless = [row('a', [finding(ends(3), { upstream: '10.0.0.1:1' })])]
    expect(compareWithBaseline(moved, old)).toMatchObject({ new: [], gone: [], unchanged: 1 })
    expect(compareWithBaseline(nameless, old)).toMatchObject({ new: [], gone: [], unchanged: 1 })
  })

  test('are matched however many endpoints they have', () => {
    const many = Array.from({ length: 50 }, (_, i) =>
      row(`s${i}`, [finding(ends(1, 'shared'), { upstream: `10.0.0.${i}:80` })]),
    )
    const last = [row('z', [finding(ends(1), { upstream: '10.0.0.49:80' })])]
    expect(compareWithBaseline(last, many)).toMatchObject({ new: [], gone: [], unchanged: 1 })
  })

  // Expected from the binomial distribution by hand: of 14 and 1 in equal runs, P(X >= 14 of 15) = 16 / 2^15 = 0.0005;
  // of 11 and 1, P(X >= 11 of 12) = 13 / 2^12 = 0.003.
  test.each([
    ['more, and not by chance', 14, 1, 1000, 1000, 14],
    ['a larger run with the same rate is not worse', 100, 10, 10_000, 1000, null],
    ['a smaller run with the same number is', 100, 100, 1000, 10_000, 10],
    ['what chance may give is not worse', 11, 1, 1000, 1000, null],
    ['a small rise is not, however sure', 13_000, 10_000, 100_000, 100_000, null],
    ['less is not worse', 5, 500, 1000, 1000, null],
  ])('%s', (_, now, before, connections, earlier, factor) => {
    const { worse, unchanged } = compareWithBaseline(run(now, connections), run(before, earlier))
    expect(worse.map((one) => [one.because, Math.round(one.factor)])).toEqual(
      factor === null ? [] : [['rate', factor]],
    )
    expect(unchanged).toBe(factor === null ? 1 : 0)
  })

  test('that do harm now are worse', () => {
    const { worse } = compareWithBaseline(run(3, 100), run(3, 100, { severity: 'info' }))
    expect(worse).toMatchObject([{ because: 'severity', before: { severity: 'info' } }])
    expect(compareWithBaseline(run(3, 100, { severity: 'info' }), run(3, 100)).worse).toEqual([])
  })
})

describe('samples', () => {
  test('that are missing or failed now, and what is therefore not known', () => {
    const now = [row('a'), failedRow('b', 'not a capture file'), row('new')]
    const old = [row('a'), row('b', [finding(ends(2))]), row('c'), failedRow('d', 'x')]
    const { samples, gone } = compareWithBaseline(now, old)
    expect(samples).toEqual({
      shared: 2,
      added: 1,
      missing: ['c', 'd'],
      missingCount: 2,
      failed: [{ sample: 'b', message: 'not a capture file' }],
      failedCount: 1,
    })
    expect(gone).toMatchObject([{ unseen: true }])
  })

  test('of other names, as those of another night, are not called missing', () => {
    const { samples } = compareWithBaseline([row('21/a'), row('21/b')], [row('20/a')])
    expect(samples).toMatchObject({ shared: 0, added: 2, missing: [], missingCount: 0, failed: [] })
  })
})

test('a level counts all findings, and with a baseline new and worse ones only', () => {
  const rows = run(3, 100)
  const summary = summarise(rows)
  expect(reachesLevel(summary, null, 'error')).toBe(true)
  expect(reachesLevel(summary, compareWithBaseline(rows, rows), 'info')).toBe(false)
  const added = compareWithBaseline(rows, run(1, 100, { code: 'RS101' }))
  expect(reachesLevel(summary, added, 'error')).toBe(true)
  const mild = run(3, 100, { severity: 'warning' })
  expect(reachesLevel(summarise(mild), null, 'error')).toBe(false)
  expect(reachesLevel(summarise(mild), null, 'warning')).toBe(true)
  expect(reachesLevel(summarise([]), null, 'info')).toBe(false)
})
