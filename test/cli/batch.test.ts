import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { samplePath } from '../batch/sample-tasks.ts'
import { runFake } from './fake-host.ts'

let folder: string
let captures: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-test-'))
  captures = join(folder, 'captures')
  mkdirSync(captures)
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Both captures of a shipped sample, in a folder of their own. */
function lay(name: string, as = name): void {
  mkdirSync(join(captures, as))
  for (const file of readdirSync(samplePath(name, '.')).filter((one) => one.includes('.pcap'))) {
    cpSync(samplePath(name, file), join(captures, as, file))
  }
}

const batch = (...argv: string[]) => runFake(['batch', captures, '--jobs', '1', ...argv])

test('a folder of pairs is one summary, worst first, and says before it starts what belongs together', async () => {
  lay('keepalive-race')
  lay('graceful-closes')
  const { code, out, err } = await batch()
  expect(code).toBe(0)
  expect(err).toContain('2 samples: 2 pairs of client and upstream, 0 alone')
  expect(out).toMatch(/^2 samples: 2 read\. 3 of \d+ connections were reset\./)
  expect(out).toMatch(/Worst: RS241 .*10\.42\.3\.8:8080/)
})

test('--list shows what belongs together and reads nothing more', async () => {
  lay('keepalive-race')
  writeFileSync(join(captures, 'bad.pcap'), 'no capture')
  const { code, out } = await batch('--list')
  expect(code).toBe(0)
  expect(out).toContain('why       client and upstream in their names')
  expect(out).not.toContain('RS241')
})

test('a bad sample fails alone, with its reason and exit code 3', async () => {
  lay('keepalive-race')
  writeFileSync(join(captures, 'bad.pcap'), 'this is no capture at all')
  const { code, out } = await batch()
  expect(code).toBe(3)
  expect(out).toContain('RS241')
  expect(out).toMatch(/bad.*not a capture/s)
})

test('--format json and ndjson, and the files of --out, tell the same', async () => {
  lay('keepalive-race')
  const index = join(folder, 'index.ndjson')
  const table = join(folder, 'all.parquet')
  const json = await batch('--json', '--out', index, '--out', table)
  const ndjson = await batch('--format', 'ndjson')
  expect(JSON.parse(json.out)).toMatchObject({ schema: 'rstscope.batch-summary/1' })
  expect(readFileSync(index, 'utf8')).toBe(ndjson.out)
  expect(JSON.parse(ndjson.out)).toMatchObject({ sample: 'keepalive-race', status: 'done' })
  expect(readFileSync(table).subarray(0, 4).toString()).toBe('PAR1')
})

describe('--results', () => {
  test('leaves a report for each sample and an index, and --resume does only what is new', async () => {
    lay('keepalive-race')
    const results = join(folder, 'results')
    await batch('--results', results)
    const report = join(results, 'samples/keepalive-race/report.json')
    expect(JSON.parse(readFileSync(report, 'utf8')).verdict.by).toBe('upstream')
    expect(existsSync(join(results, 'samples/keepalive-race/report.html'))).toBe(true)
    writeFileSync(report, 'not touched again')
    lay('graceful-closes')
    const { code, out } = await batch('--results', results, '--resume')
    expect(code).toBe(0)
    expect(out).toMatch(/^2 samples: 2 read/)
    expect(readFileSync(report, 'utf8')).toBe('not touched again')
    const page = readFileSync(join(results, 'index.html'), 'utf8')
    for (const [, link] of page.matchAll(/href="(samples\/[^"]+)"/g)) {
      expect(existsSync(join(results, link!))).toBe(true)
    }
    expect(page).toContain('href="samples/graceful-closes/report.html"')
    const rows = readFileSync(join(results, 'index.ndjson'), 'utf8').trimEnd().split('\n')
    expect(rows.map((row) => JSON.parse(row).sample)).toEqual(['graceful-closes', 'keepalive-race'])
  })

  test('a page beside the results links into them', async () => {
    lay('keepalive-race')
    const page = join(folder, 'night.html')
    await batch('--results', join(folder, 'results'), '--out', page)
    expect(readFileSync(page, 'utf8')).toContain(
      'href="results/samples/keepalive-race/report.html"',
    )
  })

  test('without reports where none are wanted', async () => {
    lay('keepalive-race')
    const results = join(folder, 'results')
    await batch('--results', results, '--report', 'none')
    expect(existsSync(join(results, 'index.ndjson'))).toBe(true)
    expect(existsSync(join(results, 'samples'))).toBe(false)
  })

  test('what is interrupted is kept', async () => {
    lay('keepalive-race')
    const stop = new AbortController()
    stop.abort()
    const results = join(folder, 'results')
    const { code, err } = await runFake(['batch', captures, '--results', results], {
      signal: stop.signal,
    })
    expect(code).toBe(130)
    expect(err).toContain('interrupted')
  })
})

test('--baseline: only what is new or worse makes --fail-on fail', async () => {
  lay('keepalive-race')
  const before = join(folder, 'before.ndjson')
  expect((await batch('--out', before, '--fail-on', 'error')).code).toBe(1)
  const same = await batch('--baseline', before, '--fail-on', 'error')
  expect(same.code).toBe(0)
  lay('upstream-kill')
  const later = await batch('--baseline', before, '--fail-on', 'error')
  expect(later.code).toBe(1)
  expect(later.out).toMatch(/new/i)
})

test('--redact hides addresses and the names of files in all that is left', async () => {
  lay('keepalive-race', 'cart-of-team-seven')
  const results = join(folder, 'results')
  const { out } = await batch('--results', results, '--redact', '--redact-key', 'k', '--json')
  const told = [out, readFileSync(join(results, 'index.ndjson'), 'utf8')]
  for (const path of readdirSync(results, { recursive: true, encoding: 'utf8' })) {
    told.push(path)
    if (/\.(json|html)$/.test(path)) told.push(readFileSync(join(results, path), 'utf8'))
  }
  expect(told.length).toBeGreaterThan(5)
  for (const text of told) {
    for (const secret of ['cart-of-team-seven', '10.42.1.17', '10.96.14.200', '10.42.3.8']) {
      expect(text).not.toContain(secret)
    }
  }
})

test('what cannot be meant is refused before anything is read', async () => {
  lay('keepalive-race')
  const cases: [argv: string[], message: RegExp][] = [
    [['batch'], /none given/],
    [['batch', '-'], /not standard input/],
    [['batch', join(folder, 'no-such')], /no such/],
    [['batch', captures, '--resume'], /--resume is given without --results/],
    [['batch', captures, '--report', 'html'], /--report is given without --results/],
    [['batch', captures, '--out', join(folder, 'x.csv')], /told by the extension/],
    [['batch', captures, '--baseline', join(folder, 'gone.ndjson')], /cannot read/],
  ]
  for (const [argv, message] of cases) {
    const { code, err } = await runFake(argv)
    expect([argv, code]).toEqual([argv, 2])
    expect(err).toMatch(message)
  }
  rmSync(join(captures, 'keepalive-race'), { recursive: true })
  writeFileSync(join(captures, 'notes.md'), 'nothing here')
  const { code, err } = await batch()
  expect(code).toBe(2)
  expect(err).toMatch(/no capture is in/)
})
