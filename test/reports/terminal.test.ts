import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/model/report.ts'
import { streamOf } from '../../src/reports/json.ts'
import { renderText, type TerminalOptions } from '../../src/reports/terminal.ts'
import { analyzeReport, compareReport, REPORTS, unsharedReport } from './report-fixtures.ts'

function text(report: Report, options: Partial<TerminalOptions> = {}): string {
  const defaults = { width: 100, color: false, ascii: false, all: false, time: 'utc' } as const
  return [...renderText(streamOf(report), { ...defaults, ...options })].join('')
}

test.each(REPORTS)('%s looks as it was reviewed', async (name, report) => {
  await expect(text(report)).toMatchFileSnapshot(`__snapshots__/${name}.txt`)
})

test('every connection is listed with --all, on a narrow ASCII terminal too', async () => {
  const narrow = text(compareReport(), { width: 60, ascii: true, all: true })
  await expect(narrow).toMatchFileSnapshot('__snapshots__/compare-narrow-ascii-all.txt')
})

test.each(REPORTS)('%s: the rendering of its JSON equals the direct rendering', (_, report) => {
  expect(text(JSON.parse(JSON.stringify(report)))).toBe(text(report))
})

describe('the first two lines', () => {
  const lines = (report: Report) => text(report).split('\n').slice(0, 2)

  test('are who and why, each with its own confidence as last word', () => {
    const [who, why] = lines(compareReport())
    expect(who).toMatch(/^UPSTREAM reset first: .* Certain\.$/)
    expect(why).toMatch(/^Cause: silent .* Probable\.$/)
  })

  test('are never broken, so that they can be pasted', () => {
    const report = compareReport()
    report.verdict.headline = `UPSTREAM reset first: ${'word '.repeat(60)}end.`
    expect(text(report, { width: 60 }).split('\n')[0]).toHaveLength(
      report.verdict.headline.length + ' Certain.'.length,
    )
  })

  test('do not repeat a confidence that the sentence ends with', () => {
    const report = compareReport()
    report.verdict.headline = 'UPSTREAM reset first. Certain.'
    expect(lines(report)[0]).toBe('UPSTREAM reset first. Certain.')
  })

  test('say what would settle it where no cause is known', () => {
    const report = compareReport()
    report.verdict.cause = null
    report.verdict.settles = ['sync the clocks with PTP.']
    expect(lines(report)[1]).toBe('To settle it: sync the clocks with PTP.')
    expect(text(report).match(/sync the clocks/g)).toHaveLength(1)
  })
})

describe('the ladder', () => {
  test('puts both captures on the client clock, whatever the offset', () => {
    const report = compareReport()
    const plain = text(report)
    const hours = 7200
    report.clock!.offsetSeconds += hours
    for (const fate of report.connections.flatMap((connection) => connection.fates)) {
      const at = fate.at.upstream
      if (at) fate.at.upstream = at.replace(/T14/, 'T16')
    }
    expect(text(report)).toBe(
      plain.replace('1.842 ms ahead', '2 h 0 min ahead').replace(/±[\d.]+ ms/, marginOf(report)),
    )
  })

  test('follows a drifting clock', () => {
    const report = compareReport()
    report.clock!.driftPpm = 300
    // 70.004191 s of the upstream's clock after the first packet are 70.004191 / 1.0003 of the client's.
    expect(text(report)).toContain('59 983.196')
  })

  test('says silent only where the report says so', () => {
    const report = compareReport()
    report.connections[1]!.firstReset!.idleSeconds = 3
    expect(text(report)).toContain('60.002 s later')
    expect(text(report)).not.toContain('60.002 s silent  ')
  })

  test('draws segments that one side did not see as stubs, and the first reset double', () => {
    const lines = text(compareReport()).split('\n')
    expect(lines.find((line) => line.includes('c#413'))).toContain('╳ not seen at upstream')
    expect(lines.find((line) => line.includes('c#417'))).toContain('not seen at upstream')
    expect(lines.find((line) => line.includes('first reset'))).toMatch(/◀═+ RST {2}in window/)
  })

  test('says not captured where the capture lost it', () => {
    const report = compareReport()
    report.connections[1]!.fates[2]!.fate = 'capture-loss'
    expect(text(report)).toContain('not captured at upstream')
  })
})

test('no line but the first two and uncut words is wider than asked for', () => {
  for (const [, report] of REPORTS) {
    for (const width of [60, 80, 100, 140]) {
      const lines = text(report, { width }).split('\n').slice(2)
      expect(
        lines.filter((line) => line.length > width && !line.includes('rstscope compare')),
      ).toEqual([])
    }
  }
})

test('times are UTC with microseconds, or relative to the first packet of their capture', () => {
  expect(text(compareReport())).toContain('client #415    2026-06-28T14:02:10.007791Z  ')
  expect(text(compareReport(), { time: 'relative' })).toContain('client #415    +70.007791 s  ')
  expect(text(compareReport(), { time: 'local' })).toMatch(
    /client #415 {4}2026-06-\d\dT\d\d:\d\d:10\.007791[+-]\d\d:\d\d {2}/,
  )
})

test('warnings of a capture name file, code and place', () => {
  const report = compareReport()
  report.captures[1]!.warnings.push({ code: 'truncated-file', message: 'cut short', offset: 4711 })
  expect(text(report)).toContain('Warning: upstream.pcap: truncated-file: cut short (at byte 4711)')
})

test('one capture says how to prove who sent the reset', () => {
  expect(text(analyzeReport())).toContain(
    'rstscope compare node7.pcapng <capture at the other side>',
  )
})

test('captures that share no connection are described and nothing is called certain', () => {
  const lines = text(unsharedReport()).split('\n')
  expect(lines[0]).toBe('THE TWO CAPTURES SHARE NO CONNECTION: nothing can be compared.')
  expect(lines).toContain('  client    client.pcap')
  expect(lines.join('\n')).not.toContain('Certain')
})

test('a scan of very many peers stays a short table', () => {
  const report = compareReport()
  const pattern = report.connections[2]!
  report.connections = Array.from({ length: 6000 }, (_, i) => ({
    ...pattern,
    id: i + 1,
    upstream: { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 80, name: null },
  }))
  report.connections.splice(100, 0, { ...pattern, id: 6001 }, { ...pattern, id: 6002 })
  const rows = text(report)
    .split('\n')
    .filter((line) => line.includes('no handshake, refused'))
  expect(rows.map((row) => row.trim().split(/ {2,}/).slice(3))).toEqual([
    ['10.8.1.22:443', '2', '6001 (c#20)'],
    ['10.0.0.0:80', '1', '1 (c#20)'],
    ['10.0.0.1:80', '1', '2 (c#20)'],
    ['10.0.0.2:80', '1', '3 (c#20)'],
    ['(other peers)', '5997', '4 (c#20)'],
  ])
})

function marginOf(report: Report): string {
  const { lowSeconds, highSeconds } = report.clock!
  return `±${Number((((highSeconds! - lowSeconds!) / 2) * 1e3).toFixed(3))} ms`
}
