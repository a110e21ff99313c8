import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Report } from '../../src/model/report.ts'
import { writeCsv } from '../../src/reports/csv.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { compareReport, loggedReport, REPORTS } from './report-fixtures.ts'

/** RFC 4180, read strictly: rows of fields; throws where the text is none. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    const quoted = text[at] === '"'
    const pattern = quoted ? /"((?:[^"]|"")*)"(,|\r\n)/y : /([^",\r\n]*)(,|\r\n)/y
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) throw new Error(`no CSV at ${at}`)
    row.push(quoted ? found[1]!.replaceAll('""', '"') : found[1]!)
    at = pattern.lastIndex
    if (found[2] === '\r\n') {
      rows.push(row)
      row = []
    }
  }
  expect(row).toEqual([])
  return rows
}

function records(report: Report): Record<string, string>[] {
  const [names, ...rows] = parseCsv([...writeCsv(streamOf(report))].join(''))
  return rows.map((row) => {
    expect(row).toHaveLength(names!.length)
    return Object.fromEntries(names!.map((name, i) => [name, row[i]!]))
  })
}

test.each(REPORTS)(
  '%s: one row for each connection, below the names of the columns',
  (_, report) => {
    expect(records(report).map(({ connection }) => Number(connection))).toEqual(
      report.connections.map(({ id }) => id),
    )
  },
)

test('a row says what the report says of the connection', () => {
  const [, reset, refused] = records(compareReport())
  expect(reset).toMatchObject({
    ...{ client_address: '10.4.7.21', client_port: '51344', client_name: '' },
    ...{ upstream_address: '10.8.1.15', upstream_port: '8443' },
    ...{ duration_seconds: '70', termination: 'rst-without-fin', ordinary: 'false' },
    ...{ reset_by: 'upstream', reset_confidence: 'certain', idle_seconds: '60.002' },
    ...{ cause: 'idle-timeout', cause_confidence: 'probable', evidence: 'u#378 c#415' },
    ...{ seen_at: 'client upstream', frames: 'c#400-417 u#400-417', packets: '17' },
    ...{ bytes_from_client: '600', bytes_from_upstream: '5120', match: 'isn' },
  })
  expect(refused).toMatchObject({
    seen_at: 'client',
    reset_by: '',
    unmatched_reason: 'not-on-path',
  })
  expect(records(loggedReport())[1]).toMatchObject({
    log_lines: [700, 701, 702, 812, 900].map((line) => `logs/gateway.log:${line}`).join('; '),
    ...{ log_codes: '200 503', log_flags: 'UC URX' },
  })
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '＝1', '=cmd|" /C calc"!A1'])(
  'a spreadsheet reads %j as text',
  (name) => {
    const report = compareReport()
    report.connections[0]!.client.name = name
    expect(records(report)[0]!.client_name).toMatch(/^'/)
  },
)

test('whatever a name holds, a row stays one row and no cell begins a formula', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('a,b', 'a"b', '"', '""', 'a;=1', 'x\r\n=1', '\u202e=1'),
  )
  fc.assert(
    fc.property(evil, fc.boolean(), (name, ascii) => {
      const report = compareReport()
      report.connections[0]!.client.name = name
      const text = [...writeCsv(streamOf(report), { ascii })].join('')
      const rows = parseCsv(text)
      expect(rows).toHaveLength(5)
      expect(new Set(rows.map((row) => row.length)).size).toBe(1)
      for (const cell of rows.flat()) expect(cell).not.toMatch(/^[\s]*[=+@＝＋－＠-]/)
      expect(text).not.toMatch(/[\p{Cf}\p{Cs}\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/u)
    }),
  )
})

test('rows come one by one', () => {
  let taken = 0
  const stream = {
    *connections() {
      for (const connection of compareReport().connections) {
        taken++
        yield connection
      }
    },
  }
  const rows = writeCsv(stream)[Symbol.iterator]()
  rows.next()
  expect(taken).toBe(0)
  rows.next()
  expect(taken).toBe(1)
})
