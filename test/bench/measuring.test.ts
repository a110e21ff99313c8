import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fitSlope, logLogPlot } from '../../bench/linear/plot.mjs'
import { environment, resultName } from '../../bench/measure/environment.mjs'
import { ratios, spread } from '../../bench/measure/pairs.mjs'
import { run } from '../../bench/measure/run.mjs'
import { modelledGains } from '../../bench/model.mjs'
import { judge, latestResult, saveRows } from '../../bench/speed/results.mjs'
import { GROUPS, PEER_NAMES, rows } from '../../bench/speed/rows.mjs'
import { markdownTable, rowLine, writeTable } from '../../bench/speed/table.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-bench-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const MB = 1e6
const pair = (a: number, b: number) => ({
  a: { ms: a, peakBytes: a * MB },
  b: { ms: b, peakBytes: b * MB },
})
const measured = (id: string, reach: number | null, runs: ReturnType<typeof pair>[]) => ({
  id,
  a: 'analyze',
  b: 'other FILE',
  reach,
  peak: 150 * MB,
  skipped: null as string | null,
  runs,
})
const place = {
  date: '2026-01-02',
  cpu: 'Intel(R) Xeon(R) Processor @ 2.50GHz',
  cores: 2,
  memoryBytes: 8e9,
  platform: 'linux x64',
  node: 'v20.19.0',
  version: '0.1.0',
  commit: 'abc1234',
}
const tools = { capinfos: '4.0.17', lz4: null }

test('a spread is the least, the median and the most, also of an even number', () => {
  expect(spread([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 })
  expect(spread([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 })
})

test('a ratio is taken pair by pair: both runs of a pair saw the same machine', () => {
  expect(ratios([pair(100, 50), pair(900, 300), pair(80, 80)])).toEqual({
    min: 1,
    median: 2,
    max: 3,
  })
})

test('a reach is met by the median, a bound of memory by the highest peak', () => {
  const row = measured('peers/big/capinfos', 1.5, [pair(100, 100), pair(140, 100), pair(200, 100)])
  expect(judge(row)).toMatchObject({
    isFastEnough: true,
    isSmallEnough: false,
    peaks: { a: 200 * MB },
  })
  expect(judge({ ...row, reach: 1.3, peak: null })).toMatchObject({
    isFastEnough: false,
    isSmallEnough: null,
  })
})

test('the memory of a run is that of its process, not of the benchmark', async () => {
  const [small, large] = [
    await run([process.execPath, '-e', '0']),
    await run([process.execPath, '-e', 'Buffer.alloc(1.5e8, 1); setTimeout(() => {}, 300)']),
  ]
  expect(large.peakBytes! - small.peakBytes!).toBeGreaterThan(1.2e8)
})

test('a run that fails is no measurement', async () => {
  const failing = [process.execPath, '-e', 'console.error("no such thing"); process.exit(3)']
  await expect(run(failing)).rejects.toThrow('ended with 3: no such thing')
})

test('a result names the day, the CPU and Node, and no machine', () => {
  expect(resultName(place)).toBe('2026-01-02-intel-xeon-processor-2.50ghz-node20.19.0')
  expect(Object.keys(environment()).sort()).toEqual(Object.keys(place).sort())
})

test('a row that is measured again takes the place of the first; others stay', () => {
  const [a, b] = [
    measured('peers/big/capinfos', 1.5, [pair(2, 1)]),
    measured('peers/big/tshark', 1 / 30, [pair(1, 60)]),
  ]
  saveRows(place, tools, 1, [a], folder)
  saveRows(place, tools, 1, [b], folder)
  saveRows({ ...place, commit: 'def5678' }, tools, 1, [{ ...a, runs: [pair(1, 1)] }], folder)
  const result = latestResult(folder)!
  expect(result.rows.map(({ id, commit, runs }) => [id, commit, runs[0]!.a.ms])).toEqual([
    ['peers/big/capinfos', 'def5678', 1],
    ['peers/big/tshark', 'abc1234', 1],
  ])
  expect(readdirSync(folder)).toHaveLength(1)
})

test('the latest result is the newest of full size', () => {
  const rowsOf = (ms: number) => [measured('peers/big/capinfos', 1.5, [pair(ms, 1)])]
  saveRows({ ...place, date: '2026-01-01' }, tools, 1, rowsOf(1), folder)
  saveRows({ ...place, date: '2026-01-03' }, tools, 0.1, rowsOf(2), folder)
  expect(latestResult(folder)!.environment.date).toBe('2026-01-01')
  saveRows(place, tools, 1, rowsOf(3), folder)
  expect(latestResult(folder)!.environment.date).toBe('2026-01-02')
  expect(latestResult(join(folder, 'none'))).toBeNull()
})

test('the table goes between its markers and leaves the rest alone', () => {
  const path = join(folder, 'README.md')
  const result = {
    environment: place,
    tools,
    scale: 1,
    rows: [
      measured('peers/big/capinfos', 1.5, [pair(120, 100)]),
      measured('peers/big/tshark', 1 / 30, [pair(100, 4000)]),
      { ...measured('compressed/big/lz4', 1.2, []), skipped: 'lz4 is not installed' },
    ],
  }
  writeFileSync(path, 'before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n')
  writeTable(path, result)
  const text = readFileSync(path, 'utf8')
  expect(text).toBe(`before\n<!-- bench -->\n${markdownTable(result)}\n<!-- /bench -->\nafter\n`)
  expect(text).toContain('| 1.20 – 1.20 – 1.20 × | ≤ 1.50 × ✓ |')
  expect(text).toContain('| 40 – 40 – 40 × faster | ≥ 30 × faster ✓ |')
  expect(text).toContain('Not measured: compressed/big/lz4 (lz4 is not installed).')
  expect(() => writeTable(path, result)).not.toThrow()
  writeFileSync(path, 'no markers')
  expect(() => writeTable(path, result)).toThrow('<!-- bench -->')
})

test('a peer that is missing is said to be skipped', () => {
  const row = { ...measured('peers/big/tshark', 1 / 30, []), skipped: 'tshark is not installed' }
  expect(rowLine(row)).toMatch(/^peers\/big\/tshark +skipped: tshark is not installed$/)
})

test('every row has a name of its own, and every reach of the three captures is there', () => {
  const kinds = ['big', 'small', 'syn']
  const all = rows({ groups: GROUPS, kinds, peers: PEER_NAMES, scale: 1, seed: 1, dir: folder })
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  const reaches = Object.fromEntries(all.map(({ id, reach }) => [id, reach]))
  expect(reaches).toMatchObject({
    'peers/big/capinfos': 1.5,
    'peers/small/capinfos': 1,
    'peers/syn/capinfos': 1.5,
    'peers/small/tcptrace': 1 / 10,
    'peers/syn/tshark': 1 / 25,
    'compare/syn': 1.2,
    'start/version': 1.6,
    'start/compare': 2.5,
    'compressed/big/gzip': 1.2,
  })
  const quick = rows({
    groups: ['peers'],
    kinds: ['syn'],
    peers: ['capinfos'],
    scale: 1,
    seed: 1,
    dir: folder,
  })
  expect(quick.map(({ id }) => id)).toEqual(['peers/syn/capinfos'])
})

test('the slope of cost against size is 1 for linear cost, 2 for quadratic', () => {
  const sizes = [1e3, 4e3, 16e3]
  expect(fitSlope(sizes.map((n) => [n, 7 * n]))).toBeCloseTo(1, 10)
  expect(fitSlope(sizes.map((n) => [n, 3 * n * n]))).toBeCloseTo(2, 10)
})

test('a plot has a mark for every point', () => {
  const points = [1e3, 4e3, 16e3].map((x) => ({ x, low: x / 2, y: x, high: x * 2 }))
  const plot = (title: string) => ({ title, xLabel: title, yLabel: 'seconds', points })
  const svg = logLogPlot([plot('packets'), plot('connections')])
  expect(svg.match(/<circle /g)).toHaveLength(6)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
})

test('the model gains by what is shared, and is held back by what every worker repeats', () => {
  const constants = {
    packets: 1e6,
    connections: 0,
    walkNs: 100,
    engineNs: 300,
    postNs: 0,
    serialNs: 0,
    startMs: 0,
    mergeMs: 0,
  }
  // 400 ns alone; 250, 175 and 137.5 over 2, 4 and 8.
  const gains = modelledGains(constants).map(({ gain }) => gain)
  expect(gains).toEqual([1, 1.6, 400 / 175, 400 / 137.5].map((g) => expect.closeTo(g, 10)))
  const withStart = modelledGains({ ...constants, startMs: 150 })
  expect(withStart.map(({ ms }) => ms)).toEqual([400, 400, 325, 287.5])
})
