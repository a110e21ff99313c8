import { expect, test } from 'vitest'
import {
  boundRow,
  checkRunId,
  jobId,
  MAX_ROW_BYTES,
  readRow,
  runIdOf,
  versionOfQueue,
} from '../../../src/batch/queue/queue-job.ts'
import { failedRow } from '../../../src/batch/row-of.ts'
import type { FoundEnd, SampleFinding } from '../../../src/batch/sample-row.ts'
import { makeTasks } from './workers.ts'

const [task, other] = makeTasks(2) as [ReturnType<typeof makeTasks>[0], never]

test('a job is the same for the same sample, key and run, and for nothing else', () => {
  const id = jobId('run', task)
  expect(jobId('run', structuredClone(task))).toBe(id)
  // BullMQ takes no colon and no bare number for an id.
  expect(id).toMatch(/^[0-9a-f]{64}$/)
  const others = [
    jobId('run2', task),
    jobId('run', other),
    jobId('run', { ...task, key: 'changed' }),
  ]
  expect(new Set([id, ...others]).size).toBe(4)
})

test('a run without a name is called after its samples, whatever their order', () => {
  const tasks = makeTasks(5)
  expect(runIdOf(tasks)).toBe(runIdOf([...tasks].reverse()))
  expect(runIdOf(tasks)).not.toBe(runIdOf(tasks.slice(1)))
  expect(runIdOf(tasks)).not.toBe(runIdOf(makeTasks(5, '/results')))
  expect(() => checkRunId(runIdOf(tasks))).not.toThrow()
})

test.each(['', '..', '../x', 'a/b', 'a b', 'a:b', 'ä', `${'a'.repeat(65)}`])(
  'a run cannot be called %j',
  (run) => {
    expect(() => checkRunId(run)).toThrow(/run id/)
  },
)

const end = (connection: number): FoundEnd => ({
  connection,
  key: 'k'.repeat(40),
  endedAt: '2026-11-20T13:58:02.000000000Z',
  idleSeconds: 60,
})

const finding = (count: number): SampleFinding => ({
  code: 'RS241',
  severity: 'error',
  title: 'title',
  by: 'upstream',
  upstream: '10.8.1.15:8443',
  service: null,
  count,
  firstAt: '2026-11-20T13:58:02.000000000Z',
  lastAt: '2026-11-20T13:58:02.000000000Z',
  ends: Array.from({ length: count }, (_, at) => end(at)),
})

const WHY = { code: 'RSTSCOPE_INTERNAL', message: 'why', hint: null }

const rowWith = (...findings: SampleFinding[]) => ({
  ...failedRow(task, WHY),
  status: 'done' as const,
  findings,
})

test('a row that is small enough stays as it is', () => {
  const row = rowWith(finding(1000))
  expect(boundRow(row)).toBe(row)
})

test('of a row that is too large the longest lists are cut; counts stay, and it is said', () => {
  const row = rowWith(...Array.from({ length: 60 }, () => finding(1000)), finding(3))
  const cut = boundRow(row)
  expect(Buffer.byteLength(JSON.stringify(cut))).toBeLessThanOrEqual(MAX_ROW_BYTES)
  expect(cut.limits).toEqual(['row-cut'])
  expect(cut.findings.map(({ count }) => count)).toEqual(row.findings.map(({ count }) => count))
  expect(cut.findings.at(-1)!.ends).toHaveLength(3)
  expect(cut.findings[0]!.ends.length).toBeGreaterThan(100)
})

test('a row that cannot be made small enough is an error', () => {
  const row = { ...rowWith(), warnings: ['w'.repeat(2000)] }
  expect(() => boundRow(row, 1000)).toThrow(/larger than 1000 bytes/)
})

test('an answer is a row of this sample, of this key and of this version', () => {
  const row = failedRow(task, WHY)
  expect(readRow(structuredClone(row), task)).toEqual(row)
  for (const value of [undefined, null, 1, 'row', {}, { ...row, findings: null }]) {
    expect(() => readRow(value, task)).toThrow(/what its worker returned/)
  }
  const others = [{ sample: 'x' }, { key: 'x' }, { tool: { name: 'rstscope', version: '0' } }]
  for (const other of others) {
    expect(() => readRow({ ...row, ...other }, task)).toThrow(/something else/)
  }
})

test('the queue of a version is told from others', () => {
  expect(versionOfQueue('samples-1.2.3')).toBe('1.2.3')
  expect(versionOfQueue('emails')).toBeNull()
})
