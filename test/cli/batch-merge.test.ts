import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { samplePath } from '../batch/sample-tasks.ts'
import { runFake } from './fake-host.ts'

const NAMES = ['keepalive-race', 'upstream-kill', 'idle-timeout', 'graceful-closes']
let folder: string
let captures: string
const slice = (i: number) => join(folder, `slice-${i}`)
const index = (results: string) => join(results, 'index.ndjson')

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-test-'))
  captures = join(folder, 'captures')
  for (const name of NAMES) {
    mkdirSync(join(captures, name), { recursive: true })
    for (const file of readdirSync(samplePath(name, '.')).filter((one) => one.includes('.pcap'))) {
      cpSync(samplePath(name, file), join(captures, name, file))
    }
  }
  for (const i of [1, 2]) {
    await runFake(['batch', captures, '--jobs', '1', '--shard', `${i}/2`, '--results', slice(i)])
  }
  await runFake(['batch', captures, '--jobs', '1', '--results', join(folder, 'whole')])
})
afterAll(() => rmSync(folder, { recursive: true }))

const merge = (...argv: string[]) =>
  runFake(['batch', '--merge', index(slice(2)), index(slice(1)), ...argv])

test('slices make the summary that one run makes', async () => {
  const whole = await runFake(['batch', captures, '--jobs', '1', '--json'])
  const merged = await merge('--json')
  expect(merged.code).toBe(0)
  expect(merged.out).toBe(whole.out)
})

test('the merged index and page lead to the reports of the slices', async () => {
  const all = join(folder, 'all')
  mkdirSync(all, { recursive: true })
  await merge('--out', index(all), '--out', join(all, 'index.html'))
  const rows = readFileSync(index(all), 'utf8').trimEnd().split('\n')
  expect(rows.map((row) => JSON.parse(row).sample)).toEqual([...NAMES].sort())
  for (const row of rows) {
    const { reports } = JSON.parse(row) as { reports: string[] }
    expect(reports).toHaveLength(2)
    for (const path of reports) expect(existsSync(join(all, path))).toBe(true)
  }
  const page = readFileSync(join(all, 'index.html'), 'utf8')
  const links = [...page.matchAll(/href="([^"#]+\/report\.html)"/g)].map(([, link]) => link!)
  expect(new Set(links).size).toBe(NAMES.length)
  for (const link of links) expect(existsSync(join(all, decodeURI(link)))).toBe(true)
})

test('but for its paths a merged index is that of the whole run, also if a slice is given twice', async () => {
  const out = join(folder, 'twice.ndjson')
  await merge(index(slice(1)), '--out', out)
  const plain = (path: string) =>
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((row) => ({ ...JSON.parse(row), reports: [] }))
  expect(plain(out)).toEqual(plain(index(join(folder, 'whole'))))
})

test('--baseline and --fail-on hold for what is merged', async () => {
  expect((await merge('--fail-on', 'error')).code).toBe(1)
  const same = await merge('--baseline', index(join(folder, 'whole')), '--fail-on', 'error')
  expect(same.code).toBe(0)
})

test('what cannot be meant is refused', async () => {
  const other = join(folder, 'other')
  const argv = ['batch', captures, '--jobs', '1', '--port', '80', '--results', other]
  await runFake(argv)
  const cases: [argv: string[], message: RegExp][] = [
    [['batch', '--merge'], /none given/],
    [['batch', '--merge', index(slice(1)), '--results', folder], /--merge and --results/],
    [['batch', '--merge', index(slice(1)), '--access-log', 'x'], /--merge and --access-log/],
    [['batch', '--merge', index(slice(1)), '--out', join(folder, 'x.parquet')], /no table/],
    [['batch', '--merge', join(folder, 'none.ndjson')], /cannot read/],
    [['batch', '--merge', join(dirname(index(slice(1))), 'index.html')], /index\.html:1/],
    [['batch', '--merge', index(slice(1)), index(other)], /other captures or options/],
  ]
  for (const [argv, message] of cases) {
    const { code, err } = await runFake(argv)
    expect([argv, code]).toEqual([argv, 2])
    expect(err).toMatch(message)
  }
})
