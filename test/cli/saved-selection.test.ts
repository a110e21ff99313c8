import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Connection, Report } from '../../src/model/report.ts'
import { besideFlags, sampleCases } from '../properties/sample-cases.ts'
import { runSource } from '../support/run-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'rstscope-selection-'))
afterAll(() => rmSync(folder, { recursive: true }))

const samples = sampleCases().filter(({ client }) => client.includes('/samples/'))

/** Each flag by itself and two together, by what the last connection has: an end at one tap alone, too. */
function selections(connections: Connection[]): string[][] {
  const last = connections.at(-1)!
  const [first] = connections
  const far = Object.values(last.views).findLast((view) => view !== null)!
  return [
    ['--connection', `${last.id}`],
    ['--host', far.upstream.address],
    ['--port', `${far.client.port}`],
    ['--host', last.client.address, '--port', `${last.upstream.port}`],
    ['--since', last.startedAt],
    ['--until', first!.endedAt.replace('Z', '+00:00')],
    ['--since', first!.endedAt, '--until', last.startedAt],
    ['--port', '9'],
  ]
}

describe.each(samples)('samples/$name', (sample) => {
  it('rows of a saved report are chosen as compare chooses connections', async () => {
    const argv = ['compare', sample.client, sample.upstream, ...besideFlags(sample)]
    const path = join(folder, `${sample.name}.json`)
    await runSource([...argv, '--quiet', '--out', path])
    const whole: Report = JSON.parse((await runSource(['render', path, '--json'])).out)
    for (const flags of selections(whole.connections)) {
      if (flags.includes('--until') && flags.length === 4 && flags[1]! > flags[3]!) continue
      const format = ['--format', 'ndjson', ...flags]
      expect(await runSource(['render', path, ...format]), flags.join(' ')).toEqual(
        await runSource([...argv, ...format]),
      )
    }
  })
})

it('times are exact to the nanosecond, in any zone', async () => {
  const sample = samples.find(({ name }) => name === 'keepalive-race')!
  const path = join(folder, 'exact.json')
  await runSource(['compare', sample.client, sample.upstream, '--quiet', '--out', path])
  const report: Report = JSON.parse((await runSource(['render', path, '--json'])).out)
  const { id, endedAt } = report.connections[0]!
  const ids = async (...flags: string[]) =>
    (await runSource(['render', path, '--format', 'csv', ...flags])).out
      .split('\r\n')
      .slice(1)
      .filter(Boolean)
      .map((row) => Number(row.split(',')[0]))
  const nanoseconds = Number(endedAt.slice(20, 29))
  const later = `${endedAt.slice(0, 20)}${String(nanoseconds + 1).padStart(9, '0')}Z`
  expect(await ids('--since', endedAt)).toContain(id)
  expect(await ids('--since', later)).not.toContain(id)
  const hour = Number(endedAt.slice(11, 13))
  const zoned = `${endedAt.slice(0, 11)}${String(hour - 1).padStart(2, '0')}${endedAt.slice(13, 29)}-01:00`
  expect(await ids('--since', zoned)).toContain(id)
})
