import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Results } from '../../src/batch/results.ts'
import { jobsFor, runBatch } from '../../src/batch/run-batch.ts'
import type { SampleRow } from '../../src/batch/sample-row.ts'
import type { SampleTask } from '../../src/batch/sample-task.ts'
import { aloneOf, pairOf, taskOf } from './sample-tasks.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const NAMES = ['keepalive-race', 'idle-timeout', 'client-abort', 'firewall-reject', 'upstream-kill']
const never = new AbortController().signal
const reports = [{ format: 'json' as const, file: 'report.json' }]
const tasks = (results: string | null) =>
  NAMES.map((name) => taskOf(pairOf(name), { results, reports }))

interface Ran {
  rows: SampleRow[]
  kept: string[]
}

async function run(
  list: SampleTask[],
  { threads = 2, resume = false, results = folder as string | null } = {},
): Promise<Ran> {
  const opened = new Results(results, { resume })
  const kept: string[] = []
  await runBatch(list, opened, threads, never, {
    ended: (row, isKept) => isKept && kept.push(row.sample),
  })
  const samples = list.map(({ sample }) => sample.id)
  await opened.finish(samples)
  const rows = [...opened.rows(samples)]
  opened.close(true)
  return { rows, kept }
}

const index = () => readFileSync(join(folder, 'index.ndjson'), 'utf8')

test('every sample has its row, in the order of the samples, whatever the threads', async () => {
  const { rows } = await run(tasks(folder), { threads: 2 })
  expect(rows.map(({ sample, status }) => [sample, status])).toEqual(
    NAMES.map((name) => [name, 'done']),
  )
  const two = index()
  await run(tasks(folder), { threads: 1 })
  expect(index()).toBe(two)
  expect(existsSync(join(folder, 'index.part.ndjson'))).toBe(false)
})

test('a large sample is divided over the threads that would be idle, a small one never', () => {
  const large = { sample: { ...pairOf('keepalive-race'), bytes: 1 << 30 } }
  const small = { sample: { ...pairOf('keepalive-race'), bytes: 1 << 20 } }
  const unknown = { sample: { ...pairOf('keepalive-race'), bytes: null } }
  expect(jobsFor(large, 4, 0)).toBe(4)
  expect(jobsFor(large, 4, 1)).toBe(2)
  expect(jobsFor(large, 4, 3)).toBe(1)
  expect(jobsFor(large, 2, 99)).toBe(1)
  expect(jobsFor(small, 4, 0)).toBe(1)
  expect(jobsFor(unknown, 4, 0)).toBe(1)
})

test('a sample that is divided says the same', async () => {
  const [row] = (await run([taskOf(pairOf('keepalive-race'), { results: folder, reports })])).rows
  const pair = { ...pairOf('keepalive-race'), bytes: 1 << 30 }
  const divided = (await run([taskOf(pair, { results: folder, reports })])).rows[0]
  expect({ ...divided, bytes: row!.bytes }).toEqual(row)
})

test('a bad sample fails alone', async () => {
  const bad = join(folder, 'bad.pcap')
  writeFileSync(bad, 'not a capture at all')
  const list = [taskOf(aloneOf('bad', bad)), ...tasks(null), taskOf(aloneOf('gone', '/no/such'))]
  const { rows } = await run(list, { results: null })
  expect(rows.map(({ status }) => status)).toEqual(['failed', ...NAMES.map(() => 'done'), 'failed'])
})

test('a failure that nobody foresaw is the sample’s own, too', async () => {
  // A task that is no task makes the thread throw something that is no error of ours.
  const whole = taskOf(pairOf('keepalive-race', 'broken'))
  const broken = { ...whole, options: { ...whole.options, accessLogs: null as never } }
  const { rows } = await run([broken, ...tasks(null)], { results: null, threads: 1 })
  expect(rows[0]).toMatchObject({ status: 'failed', error: { code: 'RSTSCOPE_INTERNAL' } })
  expect(rows.slice(1).every(({ status }) => status === 'done')).toBe(true)
})

test('a resumed run does again what is changed, what failed and what has lost its report', async () => {
  const bad = join(folder, 'bad.pcap')
  writeFileSync(bad, 'not a capture at all')
  const list = () => [...tasks(folder), taskOf(aloneOf('bad', bad), { results: folder, reports })]
  await run(list())
  const first = index()
  const again = await run(list(), { resume: true })
  expect(again.kept).toEqual(NAMES)
  expect(index()).toBe(first)

  rmSync(join(folder, 'samples/idle-timeout/report.json'))
  const changed = list()
  changed[0]!.key = 'another key'
  const third = await run(changed, { resume: true })
  expect(third.kept).toEqual(['client-abort', 'firewall-reject', 'upstream-kill'])
  expect(existsSync(join(folder, 'samples/idle-timeout/report.json'))).toBe(true)
})

test('without --resume everything is done again', async () => {
  await run(tasks(folder))
  expect((await run(tasks(folder))).kept).toEqual([])
})

test('what was done before an interruption is kept, and a run goes on from there', async () => {
  const stop = new AbortController()
  const opened = new Results(folder, { resume: false })
  const list = tasks(folder)
  const interrupted = runBatch(list, opened, 1, stop.signal, { ended: () => stop.abort() })
  await expect(interrupted).rejects.toThrow()
  opened.close(false)
  const again = await run(list, { resume: true })
  expect(again.kept.length).toBe(1)
  expect(again.rows.map(({ sample }) => sample)).toEqual(NAMES)
})

test('a row that was cut off by a kill is made again', async () => {
  await run(tasks(folder))
  const whole = index()
  const lines = whole.split('\n')
  rmSync(join(folder, 'index.ndjson'))
  writeFileSync(join(folder, 'index.part.ndjson'), `${lines[0]}\n${lines[1]}\n`)
  appendFileSync(join(folder, 'index.part.ndjson'), lines[2]!.slice(0, 100))
  const again = await run(tasks(folder), { resume: true })
  expect(again.kept).toEqual(NAMES.slice(0, 2))
  expect(index()).toBe(whole)
})

test('a folder that cannot be written to is told at once', () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  expect(() => new Results(join(file, 'results'), { resume: false })).toThrow(
    /cannot write results/,
  )
})
