import { describe, expect, test } from 'vitest'
import type { SampleRow } from '../../../src/batch/sample-row.ts'
import { compareWithBaseline } from '../../../src/batch/summary/baseline.ts'
import { summarise } from '../../../src/batch/summary/summarise.ts'
import { batchJson } from '../../../src/batch/summary/summary-json.ts'
import { summaryText } from '../../../src/batch/summary/summary-text.ts'
import { textWidth } from '../../../src/reports/text-width.ts'
import { at, end, failedRow, finding, row } from './row-fixtures.ts'

const WIDE = { width: 100, color: false, ascii: false, all: false }

const idle = (name: string, count: number) =>
  finding(
    Array.from({ length: count }, (_, i) => end(i + 1, `${name}${i}`, i * 20, 60.01)),
    {
      code: 'RS203',
      severity: 'warning',
      title: 'An idle timeout closed the connection',
      service: 'shop/cart',
    },
  )
const between = finding(
  Array.from({ length: 6 }, (_, i) => end(i + 1, `m${i}`, 30 + i / 10)),
  {
    code: 'RS111',
    by: 'between',
    title: 'A device between reset the connection',
    upstream: '10.8.9.4:5432',
  },
)
const ordinary = finding([end(9, 'o', 3)], {
  code: 'RS291',
  severity: 'info',
  by: 'client',
  title: 'An ordinary hard close',
})

const RUN = [
  row('20/cart-1', [idle('a', 24), ordinary], { limits: ['one-side-only'] }),
  row('20/cart-2', [idle('a', 12), between], { limits: ['one-side-only'] }),
  row('20/damaged', [], { status: 'partly', warnings: ['truncated-record'] }),
  failedRow('20/notes', 'not a capture file (first bytes 1f 8b)', 'tar xzf notes.pcap'),
]
const EARLIER = [row('19/cart-1', [idle('b', 5)]), row('20/cart-1', [between]), row('20/gone')]

/** Without the way in which lines are broken. */
const flat = (text: string) => text.replace(/\s+/g, ' ')

test('the answer first: how many were read, what was reset, and the worst', () => {
  const [first, second] = summaryText(summarise(RUN), null, WIDE).split('\n')
  expect(first).toBe(
    '4 samples: 2 read, 1 read in part, 1 failed. 31 of 300 connections were reset.',
  )
  expect(second).toMatch(
    /^Worst: RS111 A device between reset the connection, 10\.8\.9\.4:5432: 6 resets, 1 burst/,
  )
})

test('a row for each finding, worst first, each connection once', () => {
  const text = flat(summaryText(summarise(RUN), null, WIDE))
  expect(text).toContain(
    'COUNT SHARE WHO SERVICE FINDING SINCE SAMPLES 6 19.4% between 10.8.9.4:5432 RS111',
  )
  expect(text).toContain('24 77.4% upstream shop/cart RS203 An idle timeout')
  expect(text).toContain('1 finding of ordinary ends (listed with --all)')
  expect(text).not.toContain('RS291')
  expect(flat(summaryText(summarise(RUN), null, { ...WIDE, all: true }))).toContain(
    'RS291 An ordinary hard close',
  )
})

test('failed samples with their reasons, those read in part, what was not seen, what to do', () => {
  const text = summaryText(summarise(RUN), null, WIDE)
  expect(text).toContain(
    '  failed     20/notes: not a capture file (first bytes 1f 8b); try: tar xzf notes.pcap\n',
  )
  expect(text).toContain('  in part    20/damaged: truncated-record\n')
  expect(text).toContain('  not seen   one-side-only in 2 samples\n')
  expect(text).toContain('  try        rstscope explain RS111\n')
  expect(text).toContain('the report of 20/cart-2, connection 1\n')
})

test('what changed since the baseline', () => {
  const text = flat(summaryText(summarise(RUN), compareWithBaseline(RUN, EARLIER), WIDE))
  expect(text).toContain('SINCE THE BASELINE (3 samples, 300 connections)')
  expect(text).toContain(
    'worse warning: RS203 An idle timeout closed the connection: shop/cart, 24 connections',
  )
  expect(text).toContain('4.8 times as frequent: 5 of 300 connections before (by chance: 1 in')
  expect(text).toContain('as before 1 finding of both runs')
  expect(text).toContain('missing 19/cart-1 20/gone')
  const back = flat(summaryText(summarise(EARLIER), compareWithBaseline(EARLIER, RUN), WIDE))
  expect(back).toContain('gone info: RS291 An ordinary hard close')
})

describe.each([60, 72, 100, 140])('%i columns', (width) => {
  test.each([true, false])('ASCII %s: no line is longer, no colour, nothing steers', (ascii) => {
    const options = { width, color: false, ascii, all: true }
    const hostile = 'x\u001b[31m\u202egpj.exe'
    const rows: SampleRow[] = [
      ...RUN,
      row('deep/\u0007bell', [
        finding([end(1, 'z', 1)], { service: `ns/${hostile}`, title: hostile }),
      ]),
      failedRow('bad\nname', `${hostile} `.repeat(9)),
    ]
    const text = summaryText(summarise(rows), compareWithBaseline(rows, EARLIER), options)
    for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width)
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    if (ascii) expect(text).toMatch(/^[\x20-\x7e\n]*$/)
  })
})

test('colour repeats what words say', () => {
  const plain = summaryText(summarise(RUN), null, WIDE)
  const coloured = summaryText(summarise(RUN), null, { ...WIDE, color: true })
  expect(coloured).toContain('\u001b[')
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain)
})

test('names that make the table too wide are not cut', () => {
  const service = `namespace-${'n'.repeat(30)}/service-${'s'.repeat(40)}`
  const rows = [row('a', [finding([end(1, 'a', 1)], { service })])]
  expect(summaryText(summarise(rows), null, WIDE)).toContain(service)
})

test('many failures are counted', () => {
  const rows = Array.from({ length: 30 }, (_, i) =>
    failedRow(`s${String(i).padStart(2, '0')}`, 'no'),
  )
  const text = summaryText(summarise(rows), null, WIDE)
  expect(text).toContain('30 samples: 0 read, 30 failed. Nothing could be read')
  expect(text).toContain('s04: no\n')
  expect(text).toContain('and 25 more (in index.ndjson)')
  expect(text).not.toContain('s05')
})

test.each<[string, SampleRow[], string]>([
  ['no reset', [row('a')], '1 sample: 1 read. No connection was reset, of 100 connections.\n'],
  [
    'no connection',
    [row('a', [], { summary: null })],
    '1 sample: 1 read. They hold no TCP connection.\n',
  ],
  ['no sample', [], '0 samples: 0 read. Nothing could be read, so nothing can be said.\n'],
])('%s', (_, rows, text) => {
  expect(summaryText(summarise(rows), null, WIDE)).toBe(text)
})

test('a finding about no connection has its row, and no number', () => {
  const lost = finding([], {
    code: 'RS301',
    upstream: null,
    firstAt: null,
    lastAt: null,
    by: null,
    title: 'Nobody',
  })
  const text = flat(summaryText(summarise([row('a', [lost])]), null, WIDE))
  expect(text).toContain('Worst: RS301 Nobody. ')
  expect(text).toContain('SAMPLES - - - - RS301 Nobody - 1 ')
})

test('a finding whose connections were not all reset says how many were', () => {
  const two = [end(1, 'a', 1), { ...end(2, 'b', 2), by: null }]
  const text = summaryText(
    summarise([row('x', [finding([], { count: 2, ends: two })])]),
    null,
    WIDE,
  )
  expect(flat(text)).toContain('10.8.1.15:8443: 2 connections, 1 of them reset')
})

test('counts that are estimates say so', () => {
  const many = finding([end(1, 'a', 1), end(2, 'b', 2)], { count: 40_000 })
  const text = summaryText(summarise([row('x', [many]), row('y', [many])]), null, WIDE)
  expect(text).toContain('≈40 000')
  expect(text).toContain('Resets: at least 40 000, at most 79 998.')
})

test('as JSON: the same value, and the same bytes', () => {
  const summary = summarise(RUN)
  expect(JSON.parse(batchJson(summary))).toEqual(summary)
  expect(batchJson(summarise([...RUN].reverse()))).toBe(batchJson(summary))
  const comparison = compareWithBaseline(RUN, EARLIER)
  expect(JSON.parse(batchJson(summary, comparison))).toEqual({ ...summary, comparison })
  expect(batchJson(summarise([row('\u202e')]))).not.toContain('\u202e')
  expect(summary.firstPacketAt).toBe(at(0))
})
