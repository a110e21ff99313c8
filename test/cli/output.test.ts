import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { RstscopeError } from '../../src/errors.ts'
import type { Report } from '../../src/model/report.ts'
import { compareReport, healthyReport } from '../reports/report-fixtures.ts'
import { runFake } from './fake-host.ts'

const root = mkdtempSync(join(tmpdir(), 'rstscope-cli-'))
let folder = root
let runs = 0
beforeEach(() => {
  folder = mkdtempSync(join(root, `${runs++}-`))
})
afterAll(() => rmSync(root, { recursive: true }))

const COMPARE = ['compare', 'c.pcap', 'u.pcap']

test('text goes to standard output and nothing to standard error', async () => {
  const { code, out, err } = await runFake(COMPARE)
  expect(code).toBe(0)
  expect(out.split('\n')[0]).toMatch(/^UPSTREAM reset first: .* Certain\.$/)
  expect(err).toBe('')
})

test('--json and --format json print the same, exactly one object equal to the report', async () => {
  const { out } = await runFake([...COMPARE, '--json'])
  expect(JSON.parse(out)).toEqual(compareReport())
  expect((await runFake([...COMPARE, '--format', 'json'])).out).toBe(out)
})

test('--format ndjson prints one connection a line', async () => {
  const { out } = await runFake([...COMPARE, '--format', 'ndjson'])
  const ids = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).id)
  expect(ids).toEqual([1, 7, 8, 9])
})

test('--out writes each file in the format of its extension and says where', async () => {
  const names = ['r.json', 'r.ndjson', 'r.txt']
  const paths = names.map((name) => join(folder, name))
  const { out, err, code } = await runFake([
    ...COMPARE,
    ...paths.flatMap((path) => ['--out', path]),
  ])
  expect(code).toBe(0)
  expect(out).toMatch(/^UPSTREAM/)
  expect(err).toBe(paths.map((path) => `Wrote ${path}\n`).join(''))
  expect(JSON.parse(readFileSync(paths[0]!, 'utf8'))).toEqual(compareReport())
  expect(readFileSync(paths[1]!, 'utf8').trimEnd().split('\n')).toHaveLength(4)
  expect(readFileSync(paths[2]!, 'utf8')).toBe((await runFake([...COMPARE, '--width', '100'])).out)
})

test('--format html and --out NAME.html are one and the same page', async () => {
  const path = join(folder, 'r.html')
  const { out } = await runFake([...COMPARE, '--format', 'html', '--out', path])
  expect(out).toMatch(/^<!DOCTYPE html>\n<html lang="en">/)
  expect(out.endsWith('</html>\n')).toBe(true)
  expect(readFileSync(path, 'utf8')).toBe(out)
})

test('a file of --out does not depend on the terminal', async () => {
  const path = join(folder, 'r.txt')
  await runFake([...COMPARE, '--out', path])
  const first = readFileSync(path, 'utf8')
  const around = { isTerminal: true, columns: 61, env: { LANG: 'C', COLUMNS: '70' } }
  await runFake([...COMPARE, '--out', path, '--color', 'always'], around)
  expect(readFileSync(path, 'utf8')).toBe(first)
})

test('an older report is replaced as a whole', async () => {
  const path = join(folder, 'r.json')
  writeFileSync(path, 'x'.repeat(100_000))
  await runFake([...COMPARE, '--out', path])
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(compareReport())
})

test('a run that fails leaves an older report as it was, and no empty file', async () => {
  const old = join(folder, 'old.json')
  writeFileSync(old, 'old')
  const engineError = new RstscopeError('RSTSCOPE_UNREADABLE', 'cannot read c.pcap', 'look')
  const argv = [...COMPARE, '--out', old, '--out', join(folder, 'new.json')]
  const { code, err, out } = await runFake(argv, { engineError })
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toBe('rstscope: cannot read c.pcap\n  try: look\n')
  expect(readFileSync(old, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['old.json'])
})

test('--out never overwrites a capture', async () => {
  const capture = join(folder, 'capture.json')
  writeFileSync(capture, 'packets')
  const { code, err } = await runFake(['analyze', capture, '--out', capture])
  expect(code).toBe(2)
  expect(err).toContain('is one of the inputs')
  expect(readFileSync(capture, 'utf8')).toBe('packets')
})

test('--quiet prints nothing, writes the files, and gives way to --out -', async () => {
  const path = join(folder, 'r.json')
  const { out, err, code } = await runFake([...COMPARE, '--quiet', '--out', path])
  expect([out, err, code]).toEqual(['', '', 0])
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(compareReport())
  expect((await runFake([...COMPARE, '--quiet', '--json', '--out', '-'])).out).toMatch(/^{/)
})

test('--verbose tells on standard error what was read', async () => {
  const { out, err } = await runFake([...COMPARE, '--verbose', '--json'])
  expect(JSON.parse(out)).toEqual(compareReport())
  expect(err).toContain('client: pcap, 430 packets, 430 of them TCP')
  expect(err).toContain('4 connections in 0.00 s')
})

function damaged(report: Report): Report {
  const warning = { code: 'truncated-file', message: 'cut', offset: 4711 }
  report.captures[0]!.warnings.push(warning)
  return report
}

function odd(report: Report): Report {
  const warning = { code: 'unusual-version', message: 'read as 2.4', offset: 0 }
  report.captures[0]!.warnings.push(warning)
  return report
}

const CODES: [what: string, report: Report, flags: string[], code: number][] = [
  ['a reset', compareReport(), [], 0],
  ['a reset and --fail-on error', compareReport(), ['--fail-on', 'error'], 1],
  ['a reset and --fail-on info', compareReport(), ['--fail-on', 'info'], 1],
  ['nothing and --fail-on info', healthyReport(), ['--fail-on', 'info'], 0],
  ['a damaged capture', damaged(healthyReport()), [], 3],
  ['a damaged capture and --fail-on error', damaged(healthyReport()), ['--fail-on', 'error'], 3],
  ['damage, a reset and --fail-on error', damaged(compareReport()), ['--fail-on', 'error'], 1],
  ['a file that is odd but whole', odd(healthyReport()), [], 0],
]

test.each(CODES)(
  '%s: the exit code is the same for every format',
  async (_, report, flags, code) => {
    for (const format of [['--format', 'text'], ['--json'], ['--format', 'ndjson'], ['--quiet']]) {
      expect((await runFake([...COMPARE, ...flags, ...format], { report })).code).toBe(code)
    }
  },
)

test('an internal error asks for a report and shows the stack with --verbose only', async () => {
  const engineError = new TypeError('x is undefined')
  const plain = await runFake(COMPARE, { engineError })
  expect(plain.code).toBe(2)
  expect(plain.err).toContain('internal error: x is undefined')
  expect(plain.err).toContain('Please report it')
  expect(plain.err).not.toMatch(/\n\s+at /)
  expect((await runFake([...COMPARE, '--verbose'], { engineError })).err).toMatch(/\n\s+at /)
})

test('an aborted run ends with 130', async () => {
  const { code, out, err } = await runFake(COMPARE, {
    signal: AbortSignal.abort(),
    engineError: new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted'),
  })
  expect([code, out, err]).toEqual([130, '', 'rstscope: interrupted\n'])
})
