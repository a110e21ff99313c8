import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Finding, Report } from '../../src/model/report.ts'
import { writeJunit } from '../../src/reports/junit.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { compareReport, healthyReport, REPORTS } from './report-fixtures.ts'

const TAG =
  /<\?xml version="1\.0" encoding="UTF-8"\?>|<(\/?)([a-z-]+)((?: [a-z]+="(?:[^<>&"]|&(?:amp|lt|gt|quot|#\d+);)*")*)(\/?)>/y
const TEXT = /(?:[^<>&]|&(?:amp|lt|gt|quot|#\d+);)+/y

/** Reads XML strictly; throws where it is not well-formed. */
function elements(xml: string): { name: string; attributes: Record<string, string> }[] {
  const found: { name: string; attributes: Record<string, string> }[] = []
  const open: string[] = []
  for (let at = 0; at < xml.length; ) {
    const pattern = xml[at] === '<' ? TAG : TEXT
    pattern.lastIndex = at
    const match = pattern.exec(xml)
    if (match === null) throw new Error(`no XML at ${at}: ${xml.slice(at, at + 40)}`)
    at = pattern.lastIndex
    const [, closing, name, attributes, empty] = match
    if (pattern === TEXT || name === undefined) continue
    if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`)
      continue
    }
    const pairs = [...attributes!.matchAll(/ ([a-z]+)="([^"]*)"/g)]
    found.push({
      name,
      attributes: Object.fromEntries(pairs.map(([, key, value]) => [key, value])),
    })
    if (!empty) open.push(name)
  }
  expect(open).toEqual([])
  return found
}

function junit(report: Report, ascii = false): string {
  return [...writeJunit(streamOf(report), { ascii })].join('')
}

function finding(severity: Finding['severity'], more: Partial<Finding> = {}): Finding {
  return {
    ...{ code: 'RS241', severity, title: 'A title', why: 'why', next: ['do'], connections: [7] },
    ...{ evidence: [], against: [], ...more },
  }
}

test.each(REPORTS)('%s: well-formed, and the counts are those of its cases', (_, report) => {
  const all = elements(junit(report))
  const count = (name: string) => all.filter((one) => one.name === name).length
  const suite = all.find(({ name }) => name === 'testsuite')!.attributes
  expect(suite).toMatchObject({
    tests: String(count('testcase')),
    failures: String(count('failure')),
    errors: '0',
  })
})

test('errors and warnings fail, the rest passes', () => {
  const findings = [finding('error'), finding('warning'), finding('info')]
  const all = elements(junit({ ...compareReport(), findings }))
  const failures = all.filter(({ name }) => name === 'failure')
  // Of the connections: two resets in one group, and one handshake that failed; the orderly end passes.
  expect(failures.map(({ attributes }) => attributes.type)).toEqual([
    ...['error', 'warning'],
    ...['error', 'warning'],
  ])
  expect(
    all.filter(({ name }) => name === 'testcase').map(({ attributes }) => attributes.name),
  ).toEqual([
    ...['RS241 A title', 'RS241 A title', 'RS241 A title'],
    'FIN, by client: 10.8.1.15:8443',
    'RST, mid request; reset by upstream; idle-timeout: 10.8.1.15:8443',
    'no handshake, refused: 10.8.1.22:443',
  ])
  expect(junit(healthyReport())).not.toContain('<failure')
})

test('of very many groups the last share a test case, and it fails if one of them does', () => {
  const report = compareReport()
  const [, reset] = report.connections
  const connections = Array.from({ length: 1500 }, (_, i) => ({
    ...reset!,
    id: i + 1,
    upstream: { address: `10.9.${i >> 8}.${i & 255}`, port: 1, name: null },
  }))
  const xml = junit({ ...report, connections })
  expect(elements(xml).filter(({ name }) => name === 'testcase')).toHaveLength(1001)
  expect(xml).toMatch(
    /name="other groups that ended badly">\n<failure type="error" message="500 connections: /,
  )
})

test('no name can end an attribute or an element, or be what XML forbids', () => {
  const evil = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('"><x', ']]>', '<![CDATA[', '&lt;', '\ufffe', '\u0000', '-->', '“', '↔'),
  )
  fc.assert(
    fc.property(evil, evil, fc.boolean(), (one, other, ascii) => {
      const report = compareReport()
      report.findings = [finding('error', { title: one, why: other, next: [one] })]
      report.captures[0]!.paths = [one]
      report.verdict.headline = other
      report.connections[1]!.upstream.address = one
      const xml = junit(report, ascii)
      elements(xml)
      // https://www.w3.org/TR/xml/#charsets
      expect(xml).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u)
      if (ascii) expect(xml).toMatch(/^[\x0a\x20-\x7e]*$/)
    }),
  )
})
