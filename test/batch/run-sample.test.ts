import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runSample, type SampleHooks } from '../../src/batch/run-sample.ts'
import { compare } from '../../src/index.ts'
import type { Report } from '../../src/model/report.ts'
import { aloneOf, pairOf, samplePath, taskOf } from './sample-tasks.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const hooks = (): SampleHooks => ({ signal: new AbortController().signal, onProgress() {} })
const truth = (name: string) => JSON.parse(readFileSync(samplePath(name, 'truth.json'), 'utf8'))

describe('the row of a pair', () => {
  test('says what the maker of the sample knows', async () => {
    const row = await runSample(taskOf(pairOf('keepalive-race')), hooks())
    const reset = truth('keepalive-race').connections.filter(
      (one: { first_rst_by: string | null }) => one.first_rst_by === 'upstream',
    )
    expect(row).toMatchObject({ sample: 'keepalive-race', status: 'done', error: null })
    expect(row.summary!.byFirstReset.upstream).toBe(reset.length)
    const [finding] = row.findings
    expect(finding).toMatchObject({
      code: 'RS241',
      title: 'A request crossed the close of an idle connection',
      by: 'upstream',
      upstream: '10.42.3.8:8080',
      count: reset.length,
    })
    expect(new Set(finding!.ends.map(({ key }) => key)).size).toBe(reset.length)
  })

  test('tells of each end who reset it: a process that died ends others by FIN', async () => {
    const row = await runSample(taskOf(pairOf('upstream-kill')), hooks())
    const reset = truth('upstream-kill').connections.filter(
      (one: { first_rst_by: string | null }) => one.first_rst_by === 'upstream',
    )
    const ends = row.findings.flatMap((finding) => finding.ends)
    expect(ends.filter(({ by }) => by === 'upstream')).toHaveLength(reset.length)
    expect(ends.filter(({ by }) => by === null)).toHaveLength(ends.length - reset.length)
    expect(ends.length).toBeGreaterThan(reset.length)
  })

  test('is told by its connections what each side alone tells, too', async () => {
    const both = await runSample(taskOf(pairOf('keepalive-race')), hooks())
    const alone = aloneOf('upstream alone', samplePath('keepalive-race', 'upstream.pcap'))
    const one = await runSample(taskOf(alone), hooks())
    const keys = (row: typeof both) => row.findings[0]!.ends.map(({ key }) => key)
    expect(keys(one)).toEqual(keys(both))
  })
})

test('reports are those of compare, under the id of the sample, and nothing unfinished is left', async () => {
  const sample = pairOf('keepalive-race', 'night/one')
  const reports = [
    { format: 'json' as const, file: 'report.json' },
    { format: 'html' as const, file: 'report.html' },
  ]
  const row = await runSample(taskOf(sample, { results: folder, reports }), hooks())
  expect(row.reports).toEqual(['samples/night/one/report.json', 'samples/night/one/report.html'])
  const written = JSON.parse(readFileSync(join(folder, row.reports[0]!), 'utf8')) as Report
  const direct = await compare(sample.captures as { client: string[]; upstream: string[] })
  expect(written).toEqual(direct)
  expect(readdirSync(join(folder, 'samples/night/one')).sort()).toEqual([
    'report.html',
    'report.json',
  ])
})

test('what is wrong with a sample is in its row', async () => {
  const path = join(folder, 'x.pcap')
  writeFileSync(path, 'this is no capture')
  const row = await runSample(taskOf(aloneOf('x', path)), hooks())
  expect(row).toMatchObject({
    status: 'failed',
    error: { code: 'RSTSCOPE_NOT_A_CAPTURE' },
    summary: null,
  })
})

test('a capture that ends in the middle is done in part', async () => {
  const path = join(folder, 'cut.pcap')
  writeFileSync(path, readFileSync(samplePath('keepalive-race', 'client.pcap')).subarray(0, 3000))
  const row = await runSample(taskOf(aloneOf('cut', path)), hooks())
  expect(row).toMatchObject({ status: 'partly', error: null, warnings: ['truncated-file'] })
})

test('a redacted sample tells no address in its row or its reports', async () => {
  const task = taskOf(pairOf('keepalive-race', 'a'), {
    results: folder,
    reports: [{ format: 'json', file: 'report.json' }],
  })
  task.options.redactKey = 'a key'
  const row = await runSample(task, hooks())
  const told = JSON.stringify(row.findings) + JSON.stringify(row.verdict)
  const report = readFileSync(join(folder, row.reports[0]!), 'utf8')
  for (const address of ['10.42.1.17', '10.96.14.200', '10.42.3.8']) {
    expect(told).not.toContain(address)
    expect(report).not.toContain(address)
  }
})

test('a URL is told without what it keeps secret', async () => {
  const url = 'http://me:pass@127.0.0.1:9/x.pcap?X-Amz-Signature=abc'
  const row = await runSample(taskOf(aloneOf('u', url)), hooks())
  expect(row.status).toBe('failed')
  expect(JSON.stringify(row)).not.toMatch(/pass|abc/)
  expect(row.inputs.captures).toEqual({ capture: [expect.stringContaining('127.0.0.1:9/x.pcap')] })
})

test('it stops when it is told to', async () => {
  const stop = new AbortController()
  stop.abort()
  const run = runSample(taskOf(pairOf('keepalive-race')), { ...hooks(), signal: stop.signal })
  await expect(run).rejects.toThrow()
})
