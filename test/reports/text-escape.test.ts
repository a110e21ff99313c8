import fc from 'fast-check'
import { expect, test } from 'vitest'
import { writeJson, writeNdjson } from '../../src/reports/json.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { renderText } from '../../src/reports/terminal.ts'
import { asciiText, escapeJson, escapeText } from '../../src/reports/text-escape.ts'
import { compareReport } from './report-fixtures.ts'

const HOSTILE = 'a\x1b[31mred\x07\x9b2J\u202etxt.exe\u2066\u200b\u2028\n\t\u{e0041}\ud800'

test('controls, escape sequences, bidi and invisible characters are written out', () => {
  expect(escapeText(HOSTILE)).toBe(
    'a\\x1b[31mred\\x07\\x9b2J\\u{202e}txt.exe\\u{2066}\\u{200b}\\u{2028}\\n\\t\\u{e0041}\\u{d800}',
  )
  expect(escapeText('Größe → 日本 ±1')).toBe('Größe → 日本 ±1')
})

const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

function hostileReport() {
  const report = compareReport()
  const connection = report.connections[1]!
  report.captures[0]!.paths = [HOSTILE]
  report.captures[0]!.warnings = [{ code: HOSTILE, message: HOSTILE, offset: 1 }]
  report.verdict.headline = HOSTILE
  report.verdict.because[0]!.text = HOSTILE
  report.limits = [{ code: HOSTILE, message: HOSTILE }]
  connection.fates[1]!.note = HOSTILE
  connection.causes[0]!.id = HOSTILE
  connection.causes[0]!.why = HOSTILE
  connection.client.address = HOSTILE
  connection.upstream.address = HOSTILE
  return report
}

test('no string of a report steers the terminal, in no format', () => {
  const stream = streamOf(hostileReport())
  for (const all of [false, true]) {
    const options = { width: 100, color: false, ascii: false, all, time: 'utc' } as const
    const text = [...renderText(stream, options)].join('')
    expect(text).not.toMatch(UNSAFE)
    expect(text).toContain('\\x1b[31mred')
  }
  expect([...writeJson(stream)].join('')).not.toMatch(UNSAFE)
  expect([...writeNdjson(stream)].join('')).not.toMatch(UNSAFE)
})

test('escaped JSON parses to the same value', () => {
  expect(JSON.parse([...writeJson(streamOf(hostileReport()))].join(''))).toEqual(hostileReport())
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
      const json = JSON.stringify([value, text])
      expect(JSON.parse(escapeJson(json))).toEqual(JSON.parse(json))
      expect(escapeJson(json)).not.toMatch(UNSAFE)
    }),
  )
})

test('escaping leaves nothing unsafe and is stable', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeText(text)
      expect(escaped).not.toMatch(UNSAFE)
      expect(escaped).not.toContain('\n')
      expect(escapeText(escaped)).toBe(escaped)
      expect(asciiText(escaped)).toMatch(/^[\x20-\x7e]*$/)
    }),
  )
})
