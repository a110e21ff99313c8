import { expect, test } from 'vitest'
import { exitCode } from '../../src/cli/report-exit-code.ts'
import { endingOf } from '../../src/model/ending.ts'
import { type Level, levelOf } from '../../src/model/ending-level.ts'
import type { Connection, FirstReset } from '../../src/model/report.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { compareReport, healthyReport } from '../reports/report-fixtures.ts'

const [ordinary, reset] = compareReport().connections as [Connection, Connection]
const RESET = reset.firstReset as FirstReset

const LEVELS: [what: string, more: Partial<Connection>, level: Level | null][] = [
  ['an orderly close', {}, null],
  ['a reset', { benign: false, firstReset: RESET }, 'error'],
  ['an ordinary reset', { benign: true, firstReset: RESET }, 'info'],
  [
    'an aborted TLS handshake without reset',
    { benign: false, termination: 'tls-aborted' },
    'error',
  ],
  [
    'a SYN without answer',
    { benign: false, termination: 'handshake-never-completed', detail: 'no-answer' },
    'warning',
  ],
  ['a response cut short by a FIN', { benign: false, detail: 'truncated-response' }, 'warning'],
  ['a silent loss', { benign: false, termination: 'open', detail: 'silent-loss' }, 'warning'],
  ['a connection that goes on', { benign: false, termination: 'open', detail: 'active' }, null],
  ['a reset that was ignored', { ignoredResets: RESET.evidence }, 'info'],
]

test.each(LEVELS)('%s: level %3$s', (_, more, level) => {
  expect(levelOf(endingOf({ ...ordinary, ...more }))).toBe(level)
})

test('a level counts from --fail-on upwards', () => {
  const report = healthyReport()
  report.connections[0] = { ...ordinary, benign: false, detail: 'truncated-response' }
  const codes = (['never', 'error', 'warning', 'info'] as const).map((failOn) =>
    exitCode(streamOf(report), failOn),
  )
  expect(codes).toEqual([0, 0, 1, 1])
})

test('a finding counts by its severity', () => {
  const report = healthyReport()
  const texts = { title: '', why: '', next: [], connections: [], evidence: [], against: [] }
  report.findings = [{ code: 'RS203', severity: 'warning', ...texts }]
  expect(exitCode(streamOf(report), 'warning')).toBe(1)
  expect(exitCode(streamOf(report), 'error')).toBe(0)
})
