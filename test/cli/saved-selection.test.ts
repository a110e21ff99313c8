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

/** What a saved report tells of a selection as `compare` does: all but what was counted over all connections. */
function told({ verdict, summary, connections, findings }: Report): object {
  const own = findings.filter(({ code }) => !code.startsWith('RS3') && code !== 'RS212')
  const withoutRepeats = own.map((finding) => ({
    ...finding,
    why: finding.why.replace(/; \d+ connections of that endpoint ended after .* s of silence$/, ''),
  }))
  return { verdict, summary, connections, findings: withoutRepeats }
}

describe.each(samples)('samples/$name', (sample) => {
  it('some connections of a saved report make the report that compare makes of them', async () => {
    const argv = ['compare', sample.client, sample.upstream, ...besideFlags(sample)]
    const path = join(folder, `${sample.name}.json`)
    await runSource([...argv, '--quiet', '--out', path])
    const whole: Report = JSON.parse((await runSource(['render', path, '--json'])).out)
    for (const flags of selections(whole.connections)) {
      if (flags.includes('--until') && flags.length === 4 && flags[1]! > flags[3]!) continue
      const saved: Report = JSON.parse((await runSource(['render', path, '--json', ...flags])).out)
      const direct: Report = JSON.parse((await runSource([...argv, '--json', ...flags])).out)
      expect(told(saved), flags.join(' ')).toEqual(told(direct))
      expect(saved.limits.some(({ code }) => code === 'saved-selection')).toBe(true)
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
