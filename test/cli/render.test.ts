import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { FORMAT_NAMES, FORMATS } from '../../src/cli/formats.ts'
import { compareReport } from '../reports/report-fixtures.ts'
import { runFake } from './fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-render-'))
afterAll(() => rmSync(folder, { recursive: true }))

function saved(name: string, content: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const report = saved('report.json', compareReport())

test.each(FORMAT_NAMES)(
  'a saved report as %s is what compare prints, with any flags',
  async (format) => {
    for (const flags of [[], ['--ascii', '--width', '70', '--all', '--time', 'relative']]) {
      const argv = ['--format', format, ...flags]
      const direct = await runFake(['compare', 'c.pcap', 'u.pcap', ...argv])
      const again = await runFake(['render', report, ...argv])
      expect([again.code, again.err]).toEqual([0, ''])
      expect(again.out).toBe(direct.out)
      expect(again.asked).toEqual([])
    }
  },
)

test('files of every format are written by their extension', async () => {
  const paths = FORMAT_NAMES.map((name) => join(folder, `r${FORMATS[name].extension}`))
  const outs = paths.flatMap((path) => ['--out', path])
  const { code, err } = await runFake(['render', report, ...outs])
  expect(code).toBe(0)
  expect(err).toBe(paths.map((path) => `Wrote ${path}\n`).join(''))
  for (const [i, format] of FORMAT_NAMES.entries()) {
    const flags = ['--format', format, '--width', '100']
    expect(readFileSync(paths[i]!, 'utf8')).toBe((await runFake(['render', report, ...flags])).out)
  }
})

test('the exit code is that of the run: it follows --fail-on and not the format', async () => {
  for (const format of FORMAT_NAMES) {
    const argv = ['render', report, '--format', format, '--fail-on', 'error']
    expect((await runFake(argv)).code).toBe(1)
  }
})

test('rows of some connections can be had, also by an address of one tap alone', async () => {
  const ids = async (...flags: string[]) =>
    (await runFake(['render', report, '--format', 'ndjson', ...flags])).out
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).id)
  expect(await ids('--connection', '9')).toEqual([9])
  expect(await ids('--host', '10.8.1.22')).toEqual([8])
  expect(await ids('--host', '10.8.1.22', '--port', '51344')).toEqual([8])
  expect(await ids('--port', '9')).toEqual([])
  const { out } = await runFake(['render', report, '--format', 'csv', '--connection', '7'])
  expect(out.split('\r\n').map((row) => row.split(',')[0])).toEqual(['connection', '7', ''])
})

test('of a report without headlines of its connections a verdict of some is refused, with the way to get one', async () => {
  const wrong = [
    ['--connection', '9'],
    ['--since', '2026-06-28T15:11:44Z', '--format', 'html'],
    ['--host', '10.8.1.22', '--format', 'markdown'],
    ['--port', '1', '--format', 'csv', '--out', join(folder, 'x.txt')],
  ]
  for (const flags of wrong) {
    const { code, out, err } = await runFake(['render', report, ...flags])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/earlier version.*\n {2}try: add --format csv or --format ndjson/)
  }
})

test.each([
  ['no JSON', 'hello', /not a report of rstscope: no JSON/],
  ['another JSON', { a: 1 }, /not a report of rstscope: schema: /],
  ['another version', { ...compareReport(), schema: 'rstscope.report/2' }, /: schema: /],
  ['a wrong field', { ...compareReport(), limits: [{ code: 1 }] }, /: limits\.0\.code: /],
  ['null', null, /not a report/],
  ['very deep', '['.repeat(200_000), /not a report/],
  ['a key that steers', { ...compareReport(), clock: { '\u001b[31m': 1 } }, /: clock\./],
])('%s is refused with a hint', async (name, content, message) => {
  const { code, out, err } = await runFake(['render', saved(`${name}.json`, content)])
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(message)
  expect(err).toMatch(/\n {2}try: a report is what rstscope compare … --format json prints\n$/)
  expect(err).not.toContain('\x1b')
})

test.each([
  [['render'], /render takes one saved report, 0 given/],
  [['render', 'a', 'b'], /render takes one saved report, 2 given/],
  [['render', 'nowhere.json'], /cannot read nowhere\.json: no such file/],
  [['render', folder], /cannot read .*EISDIR/],
  [['render', report, '--out', report], /is one of the inputs/],
  [['render', report, '--jobs', '2'], /unknown option '--jobs'/],
  [['schema', 'x'], /schema takes no argument/],
])('%j is an error that says what to do', async (argv, message) => {
  const { code, out, err } = await runFake(argv as string[])
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(message)
  expect(err).toMatch(/\n {2}try: /)
})

test('schema prints the published JSON Schema', async () => {
  const { code, out } = await runFake(['schema'])
  expect(code).toBe(0)
  expect(out).toBe(readFileSync('schema/report-1.schema.json', 'utf8'))
})
