import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, it } from 'vitest'
import { besideFlags, sampleCases } from './properties/sample-cases.ts'
import { reportFaults } from './reports/report-faults.ts'
import { root } from './source-files.ts'
import { runSource } from './support/run-source.ts'
import { schemaFaults } from './support/schema-faults.ts'

const schema = JSON.parse(readFileSync(`${root}schema/report-1.schema.json`, 'utf8'))
const samples = sampleCases().filter(({ client }) => client.includes('/samples/'))

// A golden file is no proof that an answer is right (that is truth.test.ts): it shows that it changed.
describe.each(samples)('samples/$name/expected, rewritten by npm run golden', (sample) => {
  const folder = `samples/${sample.name}`
  const expected = (name: string) => readFileSync(`${root}${folder}/expected/${name}`, 'utf8')
  const here = (path: string) => `${folder}/${basename(path)}`
  const beside = { logs: sample.logs.map(here), lists: sample.lists.map(here) }
  const files = [here(sample.client), here(sample.upstream), ...besideFlags(beside)]

  it('report.txt', async () => {
    const argv = ['compare', ...files, '--width', '100', '--color', 'never']
    const { code, out, err } = await runSource(argv)
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(expected('report.txt'))
  })

  it('report.json', async () => {
    const { code, out, err } = await runSource(['compare', ...files, '--json'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toBe(expected('report.json'))
  })

  it('report.json keeps to the definition and to the published schema', () => {
    const report = JSON.parse(expected('report.json'))
    expect(reportFaults(report)).toEqual([])
    expect(schemaFaults(schema, report)).toEqual([])
  })
})

it('every sample has golden output', () => {
  expect(samples.length).toBeGreaterThanOrEqual(8)
  const without = samples.filter(({ name }) => !existsSync(`${root}samples/${name}/expected`))
  expect(without).toEqual([])
})

it('the check by the published schema finds what is wrong', () => {
  const path = `${root}samples/keepalive-race/expected/report.json`
  const faultsWith = (change: (report: Record<string, unknown>) => void) => {
    const report = JSON.parse(readFileSync(path, 'utf8'))
    change(report)
    return schemaFaults(schema, report)
  }
  expect(faultsWith(() => {})).toEqual([])
  expect(faultsWith((report) => delete report.limits)).toEqual(['report: has no limits'])
  expect(faultsWith((report) => Object.assign(report, { command: 'diff' }))).toHaveLength(1)
  expect(
    faultsWith((report) => Object.assign(report, { connections: [{}] })).length,
  ).toBeGreaterThan(9)
  const [connection] = JSON.parse(readFileSync(path, 'utf8')).connections
  const late = { ...connection, startedAt: 'yesterday' }
  expect(faultsWith((report) => Object.assign(report, { connections: [late] }))).toHaveLength(1)
})
