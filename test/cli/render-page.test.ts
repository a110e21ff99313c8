import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { FORMAT_NAMES } from '../../src/cli/formats.ts'
import type { Report } from '../../src/model/report.ts'
import { render } from '../../src/render.ts'
import { compareReport, REPORTS } from '../reports/report-fixtures.ts'
import { runFake } from './fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-page-'))
afterAll(() => rmSync(folder, { recursive: true }))

function saved(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe.each(REPORTS)('%s', (_, report) => {
  test('JSON, page, JSON again: the same bytes, and so in every format', async () => {
    const json = saved('report.json', await render(report, 'json'))
    const page = saved('report.html', (await runFake(['render', json, '--format', 'html'])).out)
    for (const format of FORMAT_NAMES) {
      const once = await runFake(['render', json, '--format', format])
      const again = await runFake(['render', page, '--format', format])
      expect(again).toEqual(once)
      expect(again.code).toBe(0)
    }
  })
})

const HOSTILE = `</script><script>alert(1)</script><!--<script id="report">{}</script>"'\u2028\u202e\0\x1b[31m]]>&lt;`

test('names that look like markup come through a page unchanged', async () => {
  const report = compareReport()
  report.verdict.headline += HOSTILE
  report.captures[0]!.paths = [HOSTILE]
  report.connections[0]!.client.name = HOSTILE
  const page = saved('hostile.html', await render(report, 'html'))
  const { code, out, err } = await runFake(['render', page, '--json'])
  expect([code, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toEqual(report)
  expect(out).toBe(await render(report, 'json'))
})

test('a page is known by what is in it, also from a browser that saved it', async () => {
  const page = await render(compareReport(), 'html')
  const browser = `\ufeff\r\n<!-- saved from url=(0014)about:internet -->\r\n${page}`
  const { code, out } = await runFake(['render', saved('page.txt', browser), '--json'])
  expect([code, out]).toEqual([0, await render(compareReport(), 'json')])
})

test('redaction holds for the report that a page carries', async () => {
  const json = saved('plain.json', await render(compareReport(), 'json'))
  const redacted = ['--redact', '--redact-key', 'k']
  const page = (await runFake(['render', json, '--format', 'html', ...redacted])).out
  for (const text of ['10.4.7.21', '10.8.1.15', 'client.pcap']) expect(page).not.toContain(text)
  const path = saved('redacted.html', page)
  expect((await runFake(['render', path, '--json'])).out).toBe(
    (await runFake(['render', json, '--json', ...redacted])).out,
  )
})

describe('a page that carries a part of its connections', () => {
  const report = compareReport()
  const model = report.connections.find(({ id }) => id === 7)!
  report.connections = Array.from({ length: 3000 }, (_, i) => ({ ...model, id: i + 1 }))
  report.summary = { ...report.summary, connections: 3000 }

  test('says so on standard error and as a limit, in every format that has limits', async () => {
    const page = saved('large.html', await render(report, 'html'))
    const { code, out, err } = await runFake(['render', page, '--json'])
    const held = (JSON.parse(out) as Report).connections.length
    expect(held).toBeGreaterThan(50)
    expect(held).toBeLessThan(3000)
    expect(code).toBe(0)
    expect(err).toBe(
      `rstscope: ${page} holds ${held} of 3000 connections: rows of the others are missing in what is made of it\n`,
    )
    const cut = `it holds ${held} of its 3000 connections`
    for (const format of ['text', 'markdown', 'html']) {
      const again = await runFake(['render', page, '--format', format, '--width', '200'])
      expect(again.out).toContain(cut)
      expect(again.err).toBe(err)
    }
    const rows = await runFake(['render', page, '--format', 'csv', '--quiet', '--out', '-'])
    expect(rows.err).toBe('')
    expect(rows.out.trimEnd().split('\r\n')).toHaveLength(held + 1)
  })

  test('is redacted, too', async () => {
    const json = saved('large.json', await render(report, 'json'))
    const argv = ['render', json, '--format', 'html', '--redact', '--redact-key', 'k']
    const { out } = await runFake(argv)
    expect(out).toContain('id="report"')
    for (const text of ['10.4.7.21', '10.8.1.15', 'client.pcap']) expect(out).not.toContain(text)
  })
})

const OPEN = '<script type="application/json" id="report">'

test.each([
  ['no element', '<!DOCTYPE html><html></html>', /is a page without a report in it/],
  ['empty', OPEN, /is a page without a report in it/],
  ['not closed', `${OPEN}{"schema":`, /is a page without a report in it/],
  ['no JSON', `<p>${OPEN}hello</script>`, /not a report of rstscope: no JSON/],
  ['another JSON', `<p>${OPEN}{"a":1}</script>`, /not a report of rstscope: schema: /],
  ['cut', `<p>${OPEN}{"schema":"rstscope.report/1"</script>`, /no JSON/],
  ['very deep', `<p>${OPEN}${'['.repeat(200_000)}</script>`, /not a report/],
  ['another script', '<script>var id="report"</script>', /is a page without a report/],
  ['tags without end', `<p>${'<script'.repeat(500_000)}`, /is a page without a report/],
  ['long tags', `<p>${'<script x="report" '.repeat(300_000)}`, /is a page without a report/],
  ['only an angle', '<', /is a page without a report/],
])('%s: refused with a hint, at once', async (name, content, message) => {
  const started = performance.now()
  const { code, out, err } = await runFake(['render', saved(`${name}.html`, content)])
  expect(performance.now() - started).toBeLessThan(5000)
  expect([code, out]).toEqual([2, ''])
  expect(err).toMatch(message)
  expect(err).toMatch(/\n {2}try: /)
})

test('a file name cannot steer the terminal when a cut page is told', async () => {
  const report = compareReport()
  report.excerpt = { endings: [] }
  const path = saved('\x1b[31m.html', await render(report, 'html'))
  const { err } = await runFake(['render', path, '--json'])
  expect(err).toContain('\\x1b[31m.html holds')
  expect(err).not.toContain('\x1b')
})
