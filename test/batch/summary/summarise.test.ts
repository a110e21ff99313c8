import { describe, expect, test } from 'vitest'
import { summarise } from '../../../src/batch/summary/summarise.ts'
import { at, end, failedRow, finding, row } from './row-fixtures.ts'

/** Ends 60 s apart, each after a minute of silence. */
const ends = (keys: string[], from = 0) =>
  keys.map((key, i) => end(i + 1, key, from + 60 * i, 60 + i / 100))

describe('a connection that several captures saw', () => {
  test('counts once in its finding and in the resets', () => {
    const { findings, resets, connections } = summarise([
      row('client', [finding(ends(['a', 'b', 'c']))]),
      row('upstream', [finding(ends(['b', 'c', 'd'], 0.5))]),
    ])
    expect(findings).toHaveLength(1)
    expect(findings[0]).toMatchObject({
      count: { about: 4, atLeast: 4, atMost: 4 },
      sampleCount: 2,
      samples: ['client', 'upstream'],
      share: 1,
    })
    expect(resets).toEqual({ about: 4, atLeast: 4, atMost: 4 })
    expect(connections).toBe(200)
  })

  test('makes one finding of two that name the upstream differently', () => {
    const { findings } = summarise([
      row('client', [finding(ends(['a', 'b']), { upstream: '10.96.0.10:443' })]),
      row('node', [finding(ends(['b', 'c']), { upstream: '10.8.1.15:8443' })]),
      row('pod', [finding(ends(['c']), { upstream: '10.8.1.99:8443' })]),
      row('other', [finding(ends(['x']), { upstream: '10.8.7.7:8443' })]),
    ])
    expect(findings.map(({ upstreams, count }) => [upstreams, count.about])).toEqual([
      [['10.8.1.15:8443', '10.8.1.99:8443', '10.96.0.10:443'], 3],
      [['10.8.7.7:8443'], 1],
    ])
  })

  test('stays two findings where two samples give it two codes, and is one reset', () => {
    const { findings, resets } = summarise([
      row('one', [finding(ends(['a']))]),
      row('two', [finding(ends(['a']), { code: 'RS101', upstream: '10.96.0.10:443' })]),
    ])
    expect(findings.map(({ code, count }) => [code, count.about])).toEqual([
      ['RS101', 1],
      ['RS241', 1],
    ])
    expect(resets.about).toBe(1)
  })

  test('is not one with another of the same sample that has the same key', () => {
    const same = [end(1, 'k', 1), end(2, 'k', 1), end(3, 'k', 1)]
    expect(summarise([row('one', [finding(same)])]).findings[0]!.count.about).toBe(3)
    const twice = summarise([row('one', [finding(same)]), row('two', [finding(same.slice(0, 2))])])
    expect(twice.findings[0]!.count.about).toBe(3)
  })

  test('in two findings of one sample is one reset', () => {
    const both = [finding(ends(['a', 'b'])), finding(ends(['a', 'b']), { code: 'RS101' })]
    const { resets } = summarise([row('one', both, { summary: row('x', [both[0]!]).summary })])
    expect(resets).toEqual({ about: 2, atLeast: 2, atMost: 2 })
  })
})

describe('names', () => {
  test('one Service over several pods and samples is one finding', () => {
    const service = 'shop/cart'
    const { findings } = summarise([
      row('a', [finding(ends(['a']), { service, upstream: '10.8.1.15:8443' })]),
      row('b', [finding(ends(['b']), { service, upstream: '10.8.1.16:8443' })]),
    ])
    expect(findings).toMatchObject([{ place: 'shop/cart', upstreamCount: 2, count: { about: 2 } }])
  })

  test('an endpoint without a Service joins the only one that others know it by', () => {
    const { findings } = summarise([
      row('a', [finding(ends(['a']), { service: 'shop/cart' })]),
      row('b', [finding(ends(['b']))]),
    ])
    expect(findings).toMatchObject([{ place: 'shop/cart', count: { about: 2 } }])
  })

  test('an endpoint that two Services had joins neither, and does not make them one', () => {
    const { findings } = summarise([
      row('a', [finding(ends(['a']), { service: 'shop/cart' })]),
      row('b', [finding(ends(['b']))]),
      row('c', [finding(ends(['c']), { service: 'shop/pay' })]),
    ])
    expect(findings.map(({ place }) => place).sort()).toEqual([
      '10.8.1.15:8443',
      'shop/cart',
      'shop/pay',
    ])
  })
})

describe('counts beyond what samples list', () => {
  test('are exact where one sample has them alone', () => {
    const [found] = summarise([row('a', [finding(ends(['a', 'b']), { count: 5000 })])]).findings
    expect(found!.count).toEqual({ about: 5000, atLeast: 5000, atMost: 5000 })
  })

  test('are between what one sample has and the sum, as much as the listed ones repeat', () => {
    const summary = summarise([
      row('a', [finding(ends(['a', 'b']), { count: 1000 })]),
      row('b', [finding(ends(['a', 'b']), { count: 1000 })]),
      row('c', [finding(ends(['c', 'd']), { count: 400 })]),
    ])
    // Listed: 6, of which 4 are different ones; the other 2394 are taken to repeat alike.
    expect(summary.findings[0]!.count).toEqual({ about: 1600, atLeast: 1000, atMost: 2398 })
    expect(summary.limits.map(({ code }) => code)).toEqual(['counts-approximate'])
  })

  test('resets of findings that no sample lists repeat as those do that are listed', () => {
    // The same capture four times; each report lists 10 of its 100 resets.
    const ends = Array.from({ length: 10 }, (_, i) => end(i, `isn ${i} ${i}`, i))
    const rows = ['a', 'b', 'c', 'd'].map((sample) => {
      const one = row(sample, [finding(ends)])
      one.summary!.byFirstReset.upstream = 100
      return one
    })
    expect(summarise(rows).resets).toEqual({ about: 100, atLeast: 100, atMost: 370 })
  })

  test('a bound on connections is told, and nothing is lost', () => {
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`)
    const rows = [row('a', [finding(ends(keys))]), row('b', [finding(ends(keys))])]
    const summary = summarise(rows, { connections: 10 })
    expect(summary.findings[0]!.count).toMatchObject({ atLeast: 50, atMost: 90 })
    expect(summary.limits).toContainEqual({
      code: 'bound-reached',
      message: expect.stringMatching(/^80 ends/),
    })
  })

  test('a bound on services and endpoints is told', () => {
    const rows = Array.from({ length: 30 }, (_, i) =>
      row(`s${i}`, [finding(ends([`k${i}`]), { upstream: `10.0.0.${i}:80`, count: 2 })]),
    )
    const summary = summarise(rows, { places: 20 })
    expect(summary.findings).toHaveLength(20)
    expect(summary.moreFindings).toEqual({ findings: 10, count: 20 })
    expect(summary.resets.atMost).toBe(60)
    const cut = summarise(rows, { findings: 5 })
    expect(cut.moreFindings).toEqual({ findings: 25, count: 50 })
  })
})

describe('what the ends of a finding have in common', () => {
  test('the silence before them: median, and share near it', () => {
    const gaps = [60.01, 60.02, 59.9, 60, 12, null]
    const listed = gaps.map((gap, i) => end(i, `k${i}`, 60 * i, gap))
    expect(summarise([row('a', [finding(listed)])]).findings[0]!.idle).toEqual({
      medianSeconds: 60,
      toleranceSeconds: 0.6,
      share: 0.8,
      known: 5,
    })
    expect(summarise([row('a', [finding([end(1, 'a', 1)])])]).findings[0]!.idle).toBeNull()
  })

  test('bursts: five or more within a second, whatever samples they are from', () => {
    const burst = (from: number, size: number, name: string) =>
      Array.from({ length: size }, (_, i) => end(i + 1, `${name}${i}`, from + i / 10))
    const { findings } = summarise([
      row('a', [finding(burst(10, 3, 'a'))]),
      row('b', [finding(burst(10.4, 4, 'b'))]),
      row('c', [finding(burst(50, 4, 'c'))]),
      row('d', [finding(burst(90, 9, 'd'))]),
    ])
    expect(findings[0]!.bursts).toEqual({ count: 2, largest: 9, largestAt: at(90) })
  })

  test('since when, until when, and where to look first', () => {
    const { findings } = summarise([
      row('b', [finding([end(7, 'x', 100), end(9, 'y', 300)])]),
      row('a', [finding([end(3, 'z', 40)])]),
    ])
    expect(findings[0]).toMatchObject({
      firstAt: at(40),
      lastAt: at(300),
      example: { sample: 'a', connection: 3 },
    })
  })

  test('who reset: most of them, and undetermined only where nobody could tell', () => {
    const by = (who: 'client' | 'undetermined' | null, keys: string[]) =>
      finding(ends(keys), { by: who })
    const who = (...rows: ReturnType<typeof row>[]) => summarise(rows).findings[0]!.by
    const many = ['a', 'b', 'c']
    expect(who(row('a', [by('undetermined', many)]), row('b', [by('client', ['x'])]))).toBe(
      'client',
    )
    expect(who(row('a', [by('undetermined', many)]))).toBe('undetermined')
    expect(who(row('a', [by(null, many)]))).toBeNull()
    expect(summarise([row('a', [by(null, many)])]).findings[0]!.share).toBeNull()
  })
})

test('a finding about no connection is one for all samples, and joins no other', () => {
  const lost = finding([], { code: 'RS301', upstream: null, firstAt: null, lastAt: null, by: null })
  const { findings } = summarise([
    row('a', [lost]),
    row('b', [lost, finding(ends(['x']), { code: 'RS301', service: 'shop/cart' })]),
  ])
  expect(findings).toMatchObject([
    { place: 'shop/cart', count: { about: 1 } },
    { place: null, count: { about: 0 }, firstAt: null, lastAt: null, sampleCount: 2, idle: null },
  ])
})

test('only those of a finding that were reset are resets: in its share, in the sum, in the trend', () => {
  const [a, b, c] = ends(['a', 'b', 'c'])
  const closed = (one: typeof a) => ({ ...one!, by: null })
  const { findings, resets, trend } = summarise([
    row('one', [finding([], { count: 3, by: 'upstream', ends: [a!, closed(b), closed(c)] })]),
    row('two', [finding([], { count: 2, by: null, ends: [closed(a), closed(b)] })]),
    row('three', [finding(ends(['d']), { code: 'RS111', by: 'between' })]),
  ])
  expect(resets).toEqual({ about: 2, atLeast: 2, atMost: 2 })
  expect(findings).toMatchObject([
    { code: 'RS241', by: 'upstream', count: { about: 3 }, resets: 1, share: 0.5 },
    { code: 'RS111', by: 'between', count: { about: 1 }, resets: 1, share: 0.5 },
  ])
  const drawn = trend!.bins.reduce((sum, { bad, ordinary }) => sum + bad + ordinary, 0)
  expect(drawn).toBe(2)
})

test('of a finding that is not listed whole, as many are resets as of what is listed', () => {
  const [a, b] = ends(['a', 'b'])
  const half = finding([], { count: 4000, ends: [a!, { ...b!, by: null }] })
  const { findings, resets } = summarise([row('one', [half])])
  expect(findings[0]).toMatchObject({ count: { about: 4000 }, resets: 2000, share: 1 })
  expect(resets).toEqual({ about: 2000, atLeast: 2000, atMost: 2000 })
})

test('worst first: severity, then how many', () => {
  const of = (code: string, severity: 'error' | 'warning' | 'info', keys: string[]) =>
    finding(ends(keys), { code, severity })
  const { findings } = summarise([
    row('a', [
      of('RS1', 'info', ['1', '2', '3', '4']),
      of('RS2', 'warning', ['5', '6', '7']),
      of('RS3', 'error', ['8']),
      of('RS4', 'error', ['9', '10']),
    ]),
  ])
  expect(findings.map(({ code }) => code)).toEqual(['RS4', 'RS3', 'RS2', 'RS1'])
})

test('the order of the samples changes nothing', () => {
  const rows = Array.from({ length: 40 }, (_, i) =>
    row(
      `s${i}`,
      [
        finding(ends([`k${i}`, `k${i + 1}`, `k${i % 7}`], i), {
          upstream: `10.0.0.${i % 11}:80`,
          service: i % 3 === 0 ? `ns/s${i % 5}` : null,
          code: `RS${100 + (i % 4)}`,
          by: i % 2 ? 'client' : 'upstream',
        }),
      ],
      { warnings: [`w${i % 3}`], limits: ['l'], status: i % 9 === 0 ? 'partly' : 'done' },
    ),
  ).concat([failedRow('bad2', 'no'), failedRow('bad1', 'no')])
  const first = summarise(rows)
  for (const step of [5, 11, 25]) {
    const shuffled = rows.map((_, i) => rows[(i * step) % rows.length]!)
    expect(new Set(shuffled).size).toBe(rows.length)
    expect(summarise(shuffled)).toEqual(first)
  }
})

test('the worst level of all samples', () => {
  const of = (level: 'error' | 'warning' | null) => row('a', [], { level })
  expect(summarise([of(null), of('warning'), of(null)]).level).toBe('warning')
  expect(summarise([of('warning'), of('error')]).level).toBe('error')
  expect(summarise([of(null)]).level).toBeNull()
})

test('samples: done, in part, failed, each with its reason', () => {
  const summary = summarise([
    row('a', [], { limits: ['snaplen'], warnings: ['truncated-record'] }),
    row('b', [], { status: 'partly', warnings: ['truncated-record', 'truncated-record'] }),
    failedRow('c', 'not a capture file', 'tar xzf c.pcap'),
  ])
  expect(summary.samples).toEqual({ total: 3, done: 1, partly: 1, failed: 1 })
  expect(summary.failed).toEqual([
    {
      sample: 'c',
      code: 'RSTSCOPE_NOT_A_CAPTURE',
      message: 'not a capture file',
      hint: 'tar xzf c.pcap',
    },
  ])
  expect(summary.partly).toEqual([
    { sample: 'b', warnings: ['truncated-record', 'truncated-record'] },
  ])
  expect(summary.sampleWarnings).toEqual([{ code: 'truncated-record', samples: 2 }])
  expect(summary.sampleLimits).toEqual([{ code: 'snaplen', samples: 1 }])
  expect(summary.packets).toBe(200)
  expect(summary.bytes).toBe(3000)
})

test('the trend has each reset once, ordinary ones apart', () => {
  const { trend } = summarise([
    row('a', [
      finding([end(1, 'a', 0), end(2, 'b', 60)]),
      finding([end(3, 'c', 30)], { code: 'RS290', severity: 'info' }),
      finding([end(4, 'd', 600)], { code: 'RS113', by: null }),
    ]),
    row('b', [finding([end(9, 'b', 60.001)])]),
  ])
  expect(trend).toMatchObject({ from: at(0), seconds: 60, undated: 0 })
  const filled = trend!.bins
    .map(({ bad, ordinary }, i) => [i, bad, ordinary])
    .filter(([, b, o]) => b! + o! > 0)
  expect(filled).toEqual([
    [0, 1, 0],
    [30, 0, 1],
    [59, 1, 0],
  ])
})

test('nothing at all', () => {
  expect(summarise([])).toMatchObject({
    samples: { total: 0, done: 0, partly: 0, failed: 0 },
    bytes: null,
    firstPacketAt: null,
    resets: { about: 0, atLeast: 0, atMost: 0 },
    findings: [],
    trend: null,
  })
})
