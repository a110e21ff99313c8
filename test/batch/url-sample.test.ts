import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runSample } from '../../src/batch/run-sample.ts'
import type { SampleCaptures } from '../../src/batch/sample.ts'
import type { SampleRow } from '../../src/batch/sample-row.ts'
import type { SampleTask } from '../../src/batch/sample-task.ts'
import { root } from '../source-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-url-'))
let server: Server
let url: string
const asked: string[] = []

beforeAll(async () => {
  server = createServer(({ url: path = '' }, response) => {
    asked.push(path)
    const [, name] = /^\/(client|upstream)\.pcap\?sign=secret$/.exec(path) ?? []
    if (name === undefined) return response.writeHead(404).end()
    response.end(readFileSync(`${root}samples/keepalive-race/${name}.pcap`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

function run(captures: SampleCaptures, told: [number, number | null][] = []): Promise<SampleRow> {
  const task: SampleTask = {
    key: 'key',
    options: { accessLogs: [], kubernetes: [], render: {}, redactKey: null },
    jobs: 2,
    results: folder,
    reports: [{ format: 'json', file: 'report.json' }],
    rows: null,
    sample: {
      id: 'sample',
      captures,
      accessLogs: [],
      kubernetes: [],
      bytes: null,
      basis: 'line 3 of pairs.csv',
    },
  }
  const signal = new AbortController().signal
  return runSample(task, { signal, onProgress: (...state) => told.push(state) })
}

test('a sample whose captures are addresses is that of the files; no row and no report has their query', async () => {
  const file = (name: string) => `${root}samples/keepalive-race/${name}.pcap`
  const here = await run({ client: [file('client')], upstream: [file('upstream')] })
  const told: [number, number | null][] = []
  const signed = (name: string) => `${url}/${name}.pcap?sign=secret`
  const there = await run({ client: [signed('client')], upstream: [signed('upstream')] }, told)
  expect(there).toEqual({
    ...here,
    inputs: {
      ...here.inputs,
      captures: { client: [`${url}/client.pcap`], upstream: [`${url}/upstream.pcap`] },
    },
  })
  const bytes = ['client', 'upstream'].reduce((sum, one) => sum + readFileSync(file(one)).length, 0)
  expect(told.at(-1)).toEqual([bytes, bytes])
  const report = readFileSync(join(folder, there.reports[0]!), 'utf8')
  expect(report).toContain('/client.pcap')
  expect(report).not.toContain('secret')
})

test('an address with nothing behind it is a failed sample, with the reason', async () => {
  const { status, error } = await run({ capture: [`${url}/none.pcap?sign=secret`] })
  expect(status).toBe('failed')
  expect(error).toEqual({
    code: 'RSTSCOPE_UNREADABLE',
    message: `cannot read ${url}/none.pcap?…: there is no such file (404)`,
    hint: 'check the address',
  })
})
