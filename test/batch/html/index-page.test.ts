import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { writeIndexPage } from '../../../src/batch/html/index-page.ts'
import { reference, reportLink } from '../../../src/batch/html/report-link.ts'
import type { SampleRow } from '../../../src/batch/sample-row.ts'
import { compareWithBaseline } from '../../../src/batch/summary/baseline.ts'
import { summarise } from '../../../src/batch/summary/summarise.ts'
import { scanMarkup } from '../../reports/html/scan-markup.ts'
import { end, failedRow, finding, row } from '../summary/row-fixtures.ts'
import { earlierRows, nightRows } from './run-fixture.ts'

const pageOf = (rows: SampleRow[], old: SampleRow[] | null = null): string =>
  [
    ...writeIndexPage({
      summary: summarise(rows),
      rows,
      comparison: old === null ? null : compareWithBaseline(rows, old),
    }),
  ].join('')

const textOf = (page: string): string =>
  (page.split('<body>')[1] ?? '')
    .replace(/<script>[\s\S]*<\/script>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

const hrefs = (page: string): string[] =>
  scanMarkup(page).elements.flatMap(({ attributes }) => attributes.get('href') ?? [])

const HOSTILE = `"><script>alert(1)</script><img src="//x.invalid/a" onerror=alert(2)>'\u202e\u0000`

describe.each<[string, SampleRow[], SampleRow[] | null]>([
  ['a night', nightRows(), null],
  ['a night and the one before', nightRows(), earlierRows()],
  ['nothing', [], null],
  ['failures only', [failedRow('a', 'no'), failedRow('b', 'no')], null],
  [
    'hostile names',
    [
      row(
        HOSTILE,
        [
          finding([end(1, HOSTILE, 1)], {
            service: HOSTILE,
            title: HOSTILE,
            code: HOSTILE,
            upstream: HOSTILE,
          }),
          finding([], { upstream: null, firstAt: null, lastAt: null, by: null }),
        ],
        {
          limits: [HOSTILE],
          warnings: [HOSTILE],
          status: 'partly',
          reports: [`samples/${HOSTILE}/r.html`],
        },
      ),
      failedRow(`${HOSTILE}2`, HOSTILE, HOSTILE),
    ],
    [row('x', [finding([end(1, 'q', 1)], { code: 'RS1', service: HOSTILE })]), row(`${HOSTILE}2`)],
  ],
])('%s', (_, rows, old) => {
  const page = pageOf(rows, old)
  const { elements, faults } = scanMarkup(page)

  test('is well-formed, with one h1 and headings in order', () => {
    expect(faults).toEqual([])
    const levels = elements.flatMap(
      ({ name }) => /^h([1-6])$/.exec(name)?.slice(1).map(Number) ?? [],
    )
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1)
    })
  })

  test('ids are there once, and links lead to them or below the folder', () => {
    const ids = elements.flatMap(({ attributes }) => attributes.get('id') ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    for (const href of hrefs(page)) {
      if (href.startsWith('#')) expect(ids).toContain(href.slice(1))
      else expect(href).toMatch(/^samples\/[A-Za-z0-9_.!~*'()%/-]+$/)
    }
  })

  test('names nothing that a browser would fetch, no handler, no style in an attribute', () => {
    const names = elements.flatMap(({ attributes }) => [...attributes.keys()])
    expect(names.filter((name) => /^on|^style$|src|^data$|xlink|^action$/.test(name))).toEqual([])
    expect(elements.filter(({ name }) => /^(img|link|iframe|object|image)$/.test(name))).toEqual([])
    expect(elements.filter(({ name }) => name === 'script')).toHaveLength(1)
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
  })

  test('its policy names the hashes of its own style and script', () => {
    const policy = elements
      .find(({ attributes }) => attributes.get('http-equiv'))!
      .attributes.get('content')
    const hashOf = (text: string) =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    const styles = [...page.matchAll(/<style>([\s\S]*?)<\/style>/g)].map(([, text]) =>
      hashOf(text!),
    )
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!
    expect(styles).toHaveLength(2)
    expect(policy).toBe(
      `default-src 'none'; style-src ${styles.join(' ')}; script-src ${hashOf(script)}; base-uri 'none'; form-action 'none'`,
    )
  })
})

test('says what was found, worst first, with the way to the reports', () => {
  const page = pageOf(nightRows())
  const text = textOf(page)
  expect(text).toContain('27 samples: 25 read, 1 read in part, 1 failed.')
  expect(text).toMatch(
    /Worst: RS111 A device between reset the connection, 10\.8\.9\.4:5432: 60 resets, 5 bursts/,
  )
  expect(text.indexOf('RS111')).toBeLessThan(text.indexOf('RS203'))
  expect(text.indexOf('error RS111')).toBeLessThan(text.indexOf('warning RS203'))
  expect(text).toContain('2026-11-20/notes : not a capture file (first bytes 1f 8b)')
  expect(text).toContain('2026-11-20/damaged : truncated-record')
  expect(hrefs(page)).toContain('samples/2026-11-20/node%205/report.html')
  // Pairs of samples saw the same idle connections: those of the larger one of two count.
  const idle = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23].reduce((sum, i) => sum + 20 + i, 0)
  expect(text).toContain(`How many ${idle} resets; reset by the upstream`)
})

test('says what changed since the baseline', () => {
  const text = textOf(pageOf(nightRows(), earlierRows()))
  expect(text).toContain('The baseline has 3 samples with 300 connections, 9 of them reset.')
  expect(text).toContain('New — 3')
  expect(text).toContain('Gone — 1')
  expect(text).toContain('Failed now — 1 2026-11-20/notes: not a capture file')
  expect(text).toContain('Missing now — 2 2026-11-19/node 1 2026-11-20/lost')
})

test('ten thousand samples stay below 2 MB, and what is left out is said', () => {
  const rows = Array.from({ length: 10_000 }, (_, i) =>
    row(
      `2026-11-20/namespace-${i % 50}/deployment-with-a-long-name-${i}`,
      [
        finding([end(1, `k${i}`, i), end(2, `l${i}`, i)], {
          service: `namespace-${i % 50}/service-${i % 700}`,
          upstream: `10.${i >> 8}.1.${i & 255}:8443`,
          code: `RS${100 + (i % 40)}`,
          title: `A finding with a title of usual length, number ${i % 40}`,
        }),
      ],
      { warnings: [`w${i % 9}`], status: i % 10 === 0 ? 'partly' : 'done' },
    ),
  )
  for (let i = 0; i < 3000; i++)
    rows.push(failedRow(`failed/${i}`, `reason ${i} `.repeat(20), 'try this'))
  const page = pageOf(rows)
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000)
  const text = textOf(page)
  expect(text).toMatch(/\d+ of 13000 samples are listed/)
  expect(text).toContain('Failed — 3000')
  expect(text).toMatch(/\d+ more are not listed here/)
  expect(text).toMatch(/\d+ more findings are not shown/)
}, 60_000)

test('even names that grow when they are escaped do not break the bound', () => {
  const long = '\u0001"'.repeat(3000)
  const rows = Array.from({ length: 600 }, (_, i) =>
    row(
      `${i}${long}`,
      [
        finding([end(1, `k${i}`, i)], {
          service: `${i}${long}`,
          title: long,
          upstream: `${i}${long}`,
        }),
      ],
      {
        limits: [`${i}${long}`],
        warnings: [`${i}${long}`],
        status: 'partly',
      },
    ),
  ).concat(Array.from({ length: 600 }, (_, i) => failedRow(`f${i}${long}`, long, long)))
  expect(Buffer.byteLength(pageOf(rows, rows.slice(0, 1)))).toBeLessThan(2_000_000)
}, 60_000)

test('the same run gives the same bytes, whatever order its samples come in', () => {
  const rows = nightRows()
  expect(pageOf([...rows].reverse(), earlierRows())).toBe(pageOf(rows, earlierRows()))
})

describe('a reference to a report', () => {
  test.each([
    ['samples/a/report.html', 'samples/a/report.html'],
    [
      'samples/2026-11-20/a b#c?d%e/report.html',
      'samples/2026-11-20/a%20b%23c%3Fd%25e/report.html',
    ],
    ['samples/ä/r.html', 'samples/%C3%A4/r.html'],
    ['samples/\ud800/r.html', 'samples/%EF%BF%BD/r.html'],
    ['javascript:alert(1)', 'javascript%3Aalert(1)'],
    ['a\\..\\b', 'a%5C..%5Cb'],
    ['//evil.example/x', null],
    ['/etc/passwd', null],
    ['samples/../../x', null],
    ['samples/./x', null],
    ['', null],
  ])('%s', (path, expected) => {
    expect(reference(path)).toBe(expected)
  })

  test('is to the page where there is one, from where the page lies', () => {
    expect(reportLink({ reports: ['s/r.json', 's/r.html'] }, '')).toBe('s/r.html')
    expect(reportLink({ reports: ['s/r.json'] }, '')).toBe('s/r.json')
    expect(reportLink({ reports: [] }, '')).toBeNull()
    expect(reportLink({ reports: ['s/r.html'] }, '../../a b')).toBe('../../a%20b/s/r.html')
    expect(reportLink({ reports: ['/r.html'] }, '..')).toBeNull()
  })
})
