import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/model/report.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
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
    expect(text(report)).toBe(plain.replace('1.842 ms ahead', '2 h 0 min 0.002 s ahead'))
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

  test('draws what arrived in other pieces as delivered', () => {
    const report = compareReport()
    const pieces = report.connections[1]!.fates[2]!
    pieces.fate = 'delivered'
    const plain = text(report)
    expect(plain.split('\n').find((line) => line.includes('c#413'))).toMatch(
      /│ ─+ PSH 88 B ─+▶ │ {3}c#413$/,
    )
    pieces.segment.from = 'upstream'
    expect(text(report)).toMatch(/│ ◀─+ PSH 88 B ─+ │ {3}c#413\n/)
  })

  test('marks no first reset where the report names none, and keeps the order of the report', () => {
    const report = compareReport()
    report.verdict.by = 'undetermined'
    const { fates } = report.connections[1]!
    for (const fate of fates) fate.firstReset = false
    fates.reverse()
    const plain = text(report)
    expect(plain).not.toContain('first reset')
    expect(plain).not.toContain('═')
    expect(plain.indexOf('c#417')).toBeLessThan(plain.indexOf('c#413'))
  })

  test('names each end as its own capture saw it', () => {
    const report = compareReport()
    const [, reset] = report.connections
    reset!.views.upstream!.upstream = { address: '10.42.3.8', port: 9090 }
    expect(text(report)).toMatch(/client 10\.4\.7\.21 +upstream 10\.42\.3\.8 /)
  })

  test('writes SYN-ACK', () => {
    const report = compareReport()
    report.connections[1]!.fates[4]!.segment.flags = 'SYN ACK'
    expect(text(report)).toContain('─ SYN-ACK  ordinary ─')
  })

  test('rather shortens the stub than puts the note on a line of its own', () => {
    const report = compareReport()
    report.connections[1]!.fates[2]!.note = 'retransmission'
    const line = (width: number) =>
      text(report, { width })
        .split('\n')
        .find((one) => one.includes('c#413'))
    expect(line(100)).toContain('PSH 88 B  retransmission ─')
    expect(line(100)).toContain('╳ not seen at upstream │')
    expect(line(90)).toMatch(/PSH 88 B {2}retransmission ─+╳ not seen │/)
    expect(line(80)).toMatch(/PSH 88 B ─+╳ not seen │ {3}c#413 {2}retransmission$/)
    expect(line(60)).toMatch(/PSH 88 B ─+╳ not seen │/)
    expect(text(report, { width: 60 })).toMatch(/│ {2}retransmission +│\n/)
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
  const plain = text(report)
  expect(plain).toContain('  warning    upstream.pcap: truncated-file: cut short (at byte 4711)\n')
  expect(plain).not.toContain('known to be missing')
})

test('one capture says how to prove who sent the reset', () => {
  expect(text(analyzeReport())).toContain(
    'rstscope compare node7.pcapng <capture at the other side>',
  )
})

test('captures that share no connection are described and nothing is called certain', () => {
  const lines = text(unsharedReport()).split('\n')
  expect(lines[0]).toBe('THE TWO CAPTURES SHARE NO CONNECTION: nothing can be compared.')
  expect(lines).toContain('  client     client.pcap')
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

test('what is too wide for a table is listed with nothing of it cut off', () => {
  const report = compareReport()
  const [reset, refused] = [report.connections[1]!, report.connections[2]!]
  reset.detail = 'client-certificate-refused'
  reset.upstream = { address: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1', port: 8443, name: null }
  refused.firstReset = { ...reset.firstReset!, by: 'between' }
  for (const width of [60, 80]) {
    const plain = text(report, { width, ascii: true }).replace(/\s+/g, ' ')
    expect(plain).toContain('1 x RST, client certificate refused; reset by the upstream;')
    expect(plain).toContain('[2001:db8:aaaa:bbbb:cccc:dddd:eeee:1]:8443, for')
    expect(plain).toContain('reset by a device between')
    expect(plain).not.toContain('...')
  }
})

test('the endings are named as the field writes them', () => {
  const report = compareReport()
  report.connections[1]!.detail = 'keep-alive-race'
  report.connections[2]!.detail = 'reset-after-syn-ack'
  const plain = text(report)
  expect(plain).toContain('RST, keep-alive race')
  // Broken between words, never cut.
  expect(plain).toMatch(/no handshake, reset( after SYN-ACK|.*\n {2}after SYN-ACK)/)
})

describe('nothing is said twice', () => {
  test('what settles it is not repeated where it is the next step', () => {
    const report = compareReport()
    const step = 'look at the firewall between the two'
    report.connections[1]!.causes[0]!.next = [step, 'ask its owner']
    report.verdict.settles = [step, 'a third capture']
    const plain = text(report)
    expect(plain).toContain('  to settle  a third capture\n')
    expect(plain).toContain(`  next       1. ${step}\n             2. ask its owner\n`)
    expect(plain.split(step)).toHaveLength(2)
  })

  test('evidence of the same words and frame stands once, of the same frame under one label', () => {
    const report = compareReport()
    const [first] = report.verdict.because
    report.verdict.because = [first!, { ...first! }, { ...first!, text: 'its TTL is 64' }]
    const lines = text(report).split('\n')
    expect(lines.filter((line) => line.includes('leaves the upstream’s tap'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('upstream #378'))).toHaveLength(1)
    expect(lines.filter((line) => line.includes('its TTL is 64'))).toHaveLength(1)
  })

  test('the first reset is marked once, though its note says the same', () => {
    const report = compareReport()
    report.connections[1]!.fates[3]!.note = 'first reset'
    for (const width of [60, 100]) {
      expect(text(report, { width }).match(/first reset/g)).toHaveLength(1)
    }
  })
})

test('where nobody reset, the ignored resets have lines of their own, many of them counted', () => {
  const report = compareReport()
  const [, reset] = report.connections
  const ignored = Array.from({ length: 9 }, (_, i) => ({
    capture: 'client',
    frame: 500 + i,
    at: reset!.startedAt,
    text: `ignored by its receiver (${i})`,
  }))
  reset!.firstReset = null
  reset!.ignoredResets = ignored
  report.verdict.by = null
  report.verdict.because = [{ ...ignored[0]!, text: 'the RST that its receiver ignored' }]
  const plain = text(report)
  expect(plain).not.toContain('because')
  expect(plain).toMatch(/ {2}ignored {4}client #500 .* ignored by its receiver \(0\)\n/)
  expect(plain).toContain('client #505')
  expect(plain).not.toContain('client #506')
  expect(plain).toContain('             3 more\n')
})

test('a command is not broken inside its quotes', () => {
  const report = compareReport()
  const command = `bpftrace -e 'tracepoint:tcp:tcp_send_reset { printf("%s", comm); }' on its node`
  report.connections[1]!.causes[0]!.next = [command]
  expect(text(report, { width: 60 })).toContain(
    `'tracepoint:tcp:tcp_send_reset { printf("%s", comm); }'`,
  )
})
