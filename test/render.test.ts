import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import {
  compareStream,
  parseReport,
  type RenderOptions,
  type Report,
  render,
} from '../src/index.ts'
import { RENDERERS } from '../src/reports/renderers.ts'
import { sampleCases } from './properties/sample-cases.ts'
import { compareReport, loggedReport } from './reports/report-fixtures.ts'
import { root } from './source-files.ts'

const samples = sampleCases().filter(({ name }) =>
  existsSync(`${root}samples/${name}/expected/report.json`),
)
const OPTIONS: RenderOptions = {
  ...{ width: 100, color: false, ascii: false, all: true, time: 'utc' },
}

function saved(name: string): unknown {
  return JSON.parse(readFileSync(`${root}samples/${name}/expected/report.json`, 'utf8'))
}

describe.each(samples)('samples/$name', ({ name, client, upstream, logs, lists }) => {
  it('its saved report renders to the text that the captures gave', async () => {
    const report = await parseReport(saved(name))
    const text = await render(report, 'text')
    expect(text).toBe(readFileSync(`${root}samples/${name}/expected/report.txt`, 'utf8'))
  })

  it('its saved report renders in every format to the bytes of the direct rendering', async () => {
    const beside = {
      ...(logs.length > 0 ? { accessLogs: logs.map((input) => ({ input })) } : {}),
      ...(lists.length > 0 ? { kubernetes: lists } : {}),
    }
    const stream = await compareStream({ client, upstream }, { hash: true, ...beside })
    const json = [...(await RENDERERS.json())(stream)].join('')
    const report = await parseReport(JSON.parse(json))
    for (const [format, load] of Object.entries(RENDERERS)) {
      const direct = [...(await load())(stream, OPTIONS)].join('')
      expect(await render(report, format as keyof typeof RENDERERS, OPTIONS)).toBe(direct)
    }
  })
})

test('a report keeps fields of later versions, and is the value that was given', async () => {
  const later = { ...compareReport(), later: { field: 1 } }
  const report: Report = await parseReport(later)
  expect(report).toBe(later)
})

test('what is no report is refused by code', async () => {
  for (const wrong of [null, 1, 'text', [], {}, { ...compareReport(), captures: {} }]) {
    await expect(parseReport(wrong)).rejects.toMatchObject({ code: 'RSTSCOPE_NOT_A_REPORT' })
  }
})

const ODD: [what: string, change: (report: Report) => unknown][] = [
  ['has no captures', (report) => Object.assign(report, { captures: [] })],
  ['lacks its connections', (report) => Object.assign(report, { connections: [] })],
  ['has no views', (report) => report.connections.map((one) => Object.assign(one, { views: {} }))],
  [
    'names a connection that it lacks',
    (report) => Object.assign(report.verdict, { connections: [999] }),
  ],
  [
    'has a log that begins and does not end',
    (report) => report.accessLogs?.map((log) => Object.assign(log, { lastAt: null })),
  ],
  [
    'has segments without flags and frames',
    (report) =>
      report.connections
        .flatMap(({ fates }) => fates)
        .map((fate) => Object.assign(fate, { frames: {}, at: {} })),
  ],
]

test.each(ODD)('a saved report that %s is rendered all the same', async (_, change) => {
  for (const given of [loggedReport(), saved('envoy-keepalive-race') as Report]) {
    change(given)
    const report = await parseReport(given)
    for (const format of Object.keys(RENDERERS) as (keyof typeof RENDERERS)[]) {
      await expect(render(report, format, OPTIONS)).resolves.toBeTypeOf('string')
    }
  }
})
