import { describe, expect, it, vi } from 'vitest'
import { ASKED, notingSurroundings } from '../../src/diagnosis/noting-surroundings.ts'
import { compare } from '../../src/index.ts'
import type { JoinedLine } from '../../src/model/access-log.ts'
import type { Case } from '../../src/model/case.ts'
import { istioLine } from '../context/access-log/log-lines.ts'
import { EXCHANGE } from '../scenarios/ladders.ts'
import { captures, play } from '../support/ladder.ts'

vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

const third = { id: 3 } as Case

it('asking for access-log lines counts only where logs were given', () => {
  const without = notingSurroundings(null, { cluster: null, lines: null })
  expect(without.logLines(third)).toEqual([])
  expect(without.asked & ASKED.lines).toBe(0)
})

it('the lines of a connection are known before anything else is', () => {
  const line = { leg: 'upstream' } as JoinedLine
  const around = notingSurroundings(null, {
    cluster: null,
    lines: (index) => (index === 2 ? [line] : []),
  })
  expect(around.logLines(third)).toEqual([line])
  expect(around.asked & ASKED.lines).toBe(ASKED.lines)
})

describe('a line of a timeout', () => {
  const REQUEST_AND_ANSWER = `${EXCHANGE}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +20s
    u> A`
  const close = `
    c> FA +1s
    u> A +0.001s
    u> FA +2s
    c> A`
  const text = (time: string) =>
    istioLine({
      time: `2025-06-15T15:${time}Z`,
      code: 504,
      flags: 'UT',
      details: 'response_timeout',
      duration: 1000,
      host: '10.2.0.3:8080',
      upstreamLocal: '10.1.0.2:41001',
    })
  async function causes(time: string): Promise<string[]> {
    const played = play(`${REQUEST_AND_ANSWER}${close}`, { client: '10.1.0.2:41001', at: 10 })
    const accessLogs = [{ name: 'access.log', input: new TextEncoder().encode(text(time)) }]
    const report = await compare(captures(played), { jobs: 1, accessLogs })
    return report.connections[0]!.causes.map(({ id }) => id)
  }

  it('tells why the proxy closed then, and nothing of a close long after', async () => {
    expect(await causes('07:10.02')).toContain('application-timeout')
    expect((await causes('06:50.02'))[0]).not.toBe('application-timeout')
  })
})
