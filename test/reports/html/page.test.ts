import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Report } from '../../../src/model/report.ts'
import { writeHtml } from '../../../src/reports/html/page.ts'
import { SCRIPT, SCRIPT_HASH } from '../../../src/reports/html/page-script.ts'
import { STYLE, STYLE_HASH } from '../../../src/reports/html/page-style.ts'
import { streamOf } from '../../../src/reports/stream-of.ts'
import { compareReport, healthyReport, loggedReport, REPORTS } from '../report-fixtures.ts'
import { scanMarkup } from './scan-markup.ts'

const pageOf = (report: Report): string =>
  [...writeHtml(streamOf(report), { time: 'utc' })].join('')

/** What a reader sees of the first screen: text without tags, up to the table of contents. */
const firstScreen = (page: string): string =>
  (page.split('<body>')[1] ?? '')
    .split('<nav')[0]!
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

const hashOf = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`

/** A copy in which every string that is a value, whatever it stands for, went through `change`. */
function changeStrings<T>(value: T, change: (text: string) => string): T {
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') return change(item)
    if (Array.isArray(item)) return item.map(walk)
    if (item === null || typeof item !== 'object') return item
    return Object.fromEntries(Object.entries(item).map(([key, one]) => [key, walk(one)]))
  }
  return walk(value) as T
}

describe.each(REPORTS)('%s', (_, report) => {
  const page = pageOf(report)

  test('is well-formed, with one h1 and headings in order', () => {
    const { elements, faults } = scanMarkup(page)
    expect(faults).toEqual([])
    const levels = elements
      .map(({ name }) => /^h([1-6])$/.exec(name)?.[1])
      .filter(Boolean)
      .map(Number)
    expect(levels.filter((level) => level === 1)).toHaveLength(1)
    expect(levels[0]).toBe(1)
    levels.forEach((level, i) => {
      expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1)
    })
  })

  test('ids are there once, and every link leads to one of them', () => {
    const { elements } = scanMarkup(page)
    const ids = elements
      .map(({ attributes }) => attributes.get('id'))
      .filter((id) => id !== undefined)
    expect(new Set(ids).size).toBe(ids.length)
    const links = elements.flatMap(({ attributes }) => attributes.get('href') ?? [])
    for (const link of links) expect(ids).toContain(link.replace(/^#/, ''))
    const named = elements.flatMap(
      ({ attributes }) => attributes.get('aria-labelledby')?.split(' ') ?? [],
    )
    for (const id of named) expect(ids).toContain(id)
  })

  test('names nothing that a browser would fetch, and no handler or style in an attribute', () => {
    const { elements } = scanMarkup(page)
    const names = elements.flatMap(({ attributes }) => [...attributes.keys()])
    expect(
      names.filter((name) => /^on|^style$|src|srcset|^data$|xlink|^action$/.test(name)),
    ).toEqual([])
    const loading = [
      'img',
      'link',
      'iframe',
      'object',
      'embed',
      'video',
      'audio',
      'image',
      'use',
      'base',
    ]
    expect(elements.filter(({ name }) => loading.includes(name))).toEqual([])
    expect(STYLE).not.toMatch(/url\(|@import/)
  })

  test('carries the report itself', () => {
    const json = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(page)
    expect(JSON.parse(json![1]!)).toEqual(report)
  })

  test('the same report gives the same bytes', () => {
    expect(pageOf(structuredClone(report))).toBe(page)
  })
})

test('the policy lets these two texts run and nothing else', () => {
  expect(STYLE_HASH).toBe(hashOf(STYLE))
  expect(SCRIPT_HASH).toBe(hashOf(SCRIPT))
  const page = pageOf(compareReport())
  expect(page).toContain(
    `content="default-src 'none'; style-src '${STYLE_HASH}'; script-src '${SCRIPT_HASH}'; base-uri 'none'; form-action 'none'"`,
  )
  expect(page.match(/<script[ >]/g)).toHaveLength(2)
  expect(page).toContain(`<style>${STYLE}</style>`)
  expect(page).toContain(`<script>${SCRIPT}</script>`)
})

test('the first screen holds verdict, reasons, clock, next steps and ladder as text', () => {
  const text = firstScreen(pageOf(compareReport()))
  const { verdict, connections } = compareReport()
  for (const part of verdict.headline.split(': ')) expect(text).toContain(part.slice(0, 40))
  expect(text).toContain(verdict.confidence)
  expect(text).toContain('Against Nothing found.')
  expect(text).toContain('1.842 ms ahead')
  for (const step of connections.find(({ id }) => id === 7)!.causes[0]!.next.slice(0, 1)) {
    expect(text.replaceAll('&#39;', "'").replaceAll('&gt;', '>')).toContain(step)
  }
  expect(text).toContain('RST — first reset')
  expect(text).toContain('u#378')
})

test('the first reset is one arrow, told by class, by its double line and by its words', () => {
  const picture = pageOf(compareReport()).split('<svg class="ladder"')[1]!.split('</svg>')[0]!
  expect(picture.match(/class="arrow first"/g)).toHaveLength(1)
  expect(picture.match(/class="core"/g)).toHaveLength(1)
  expect(picture.match(/— first reset/g)).toHaveLength(1)
})

test('a segment that one capture misses is a stub that says so', () => {
  const report = compareReport()
  const fate = report.connections.find(({ id }) => id === 7)!.fates[0]!
  fate.fate = 'lost-between'
  fate.frames.upstream = null
  fate.at.upstream = null
  const stubs = (page: string) => page.split('</svg>')[0]!.match(/class="lost"/g)?.length ?? 0
  const ladder = (one: Report) => pageOf(one).split('<svg class="ladder"')[1]!
  expect(stubs(ladder(report))).toBe(stubs(ladder(compareReport())) + 1)
  expect(ladder(report)).toContain('not seen at upstream')
})

test('without a clock nothing is said of its uncertainty', () => {
  const page = pageOf({ ...compareReport(), clock: null })
  expect(page.split('<svg class="ladder"')[1]!.split('</svg>')[0]!).not.toMatch(
    /<rect x="\d+" y="[\d.]+" width="14"/,
  )
  expect(firstScreen(page)).toContain('unknown: no packet was seen at both points')
})

const HOSTILE = `</script><script>alert(1)</script><!--"'><img src=x onerror=alert(1)>&lt;\u2028\u2029\u202e\0\x1b[31m]]></svg></title>`

test.each(REPORTS)('%s: hostile strings everywhere stay text', (_, report) => {
  const page = pageOf(changeStrings(report, (text) => `${text}${HOSTILE}`))
  expect(scanMarkup(page).faults).toEqual([])
  const { elements } = scanMarkup(page)
  expect(elements.filter(({ name }) => name === 'img')).toEqual([])
  expect(
    elements
      .flatMap(({ attributes }) => [...attributes.keys()])
      .filter((name) => name.startsWith('on')),
  ).toEqual([])
  expect(page.match(/<script[ >]/g)).toHaveLength(2)
  expect(page.match(/<\/script/g)).toHaveLength(2)
  expect(page).not.toMatch(/[\u2028\u2029\u202e\0\x1b]/)
})

test('whatever strings a report holds, the page is well-formed and carries it unchanged', () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('<', '"', "'", '&', '</title>', '$`', '<!--', ']]>', '\u2029', '$&', '$1'),
  )
  fc.assert(
    fc.property(fc.array(odd, { minLength: 1, maxLength: 5 }), (strings) => {
      let turn = 0
      const report = changeStrings(loggedReport(), (text) =>
        turn++ % 3 === 0 ? text : (strings[turn % strings.length] ?? text),
      )
      const page = pageOf(report)
      expect(scanMarkup(page).faults).toEqual([])
      const json = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(page)
      expect(JSON.parse(json![1]!)).toEqual(JSON.parse(JSON.stringify(report)))
    }),
    { numRuns: 60 },
  )
})

test('one endless name is shortened, and the page says so', () => {
  const report = healthyReport()
  report.verdict.headline = `NOBODY reset: ${'x'.repeat(300_000)}`
  const [visible] = pageOf(report).split('<script type="application/json"')
  expect(visible!.length).toBeLessThan(100_000)
  expect(visible).toContain('shortened, 300000 characters in all')
})

describe('100 000 connections', () => {
  const report = compareReport()
  const [model] = report.connections.filter(({ id }) => id === 7)
  const total = 100_000
  report.connections = Array.from({ length: total }, (_, i) => ({
    ...model!,
    id: i + 1,
    client: { ...model!.client, port: 1024 + (i % 60_000) },
    ...(i % 10 === 0
      ? {}
      : {
          termination: 'fin-close',
          detail: 'by-client',
          benign: true,
          firstReset: null,
          causes: [],
          fates: [],
        }),
  }))
  report.summary = { ...report.summary, connections: total }
  report.verdict = { ...report.verdict, connections: [1], count: total / 10 }
  const page = pageOf(report)

  test('fit into 2 MB', () => {
    expect(Buffer.byteLength(page)).toBeLessThan(2_000_000)
    expect(scanMarkup(page).faults).toEqual([])
  })

  test('are all counted, and what is not listed is said', () => {
    expect(page).toContain('1000 of 100000 connections are listed')
    expect(page).toContain('<td class="n">90000</td>')
    expect(page).toContain('<td class="n">10000</td>')
    const rows = page.split('id="rows"')[1]!.split('</table>')[0]!
    expect(rows.match(/<tr>/g)).toHaveLength(1000 + 1)
  })

  test('are embedded as far as there is room, and the page says so', () => {
    const json = /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(page)![1]!
    expect(json.length).toBeLessThanOrEqual(768 * 1024)
    const carried: Report = JSON.parse(json)
    const held = carried.connections.length
    expect(held).toBeGreaterThan(100)
    expect(held).toBeLessThan(total)
    expect(page).toContain(`(${held} of ${total} connections, all counts)`)
    expect(carried.limits.at(-1)).toEqual({
      code: 'excerpt',
      message: `this report was cut to fit into an HTML page: it holds ${held} of its ${total} connections; verdict, findings and counts are of all ${total}`,
    })
  })

  test('all stand in the histogram of silence', () => {
    expect(page).toContain('All 10000 connections that were reset')
  })
})
