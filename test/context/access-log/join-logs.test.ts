import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { joinLogs } from '../../../src/context/access-log/join-logs.ts'
import { istioLine, ns } from './log-lines.ts'
import { endpoint, indexOf, type MadeConnection } from './made-connections.ts'

const UP = '10.42.1.17:43364 > 10.42.3.8:8080'
const lived: MadeConnection[] = [{ pairs: [UP], from: 0, to: 50 }]
const failing = { code: 503, flags: 'UC' }

async function joined(lines: string[] | Uint8Array, connections = lived, format?: string) {
  const input = lines instanceof Uint8Array ? lines : new TextEncoder().encode(lines.join('\n'))
  return joinLogs([{ name: 'gateway.log', input }], format, indexOf(connections))
}

describe('a log', () => {
  it('is counted', async () => {
    const { summaries, linesOf, indices } = await joined([
      istioLine({ time: '2026-03-17T09:41:02.000Z' }),
      '',
      '2026-03-17T09:41:03Z\tinfo\tready',
      istioLine({ ...failing, time: '2026-03-17T09:41:09.500Z' }),
      istioLine({ upstreamLocal: '10.42.1.17:1', time: '2026-03-17T09:41:01.000Z' }),
    ])
    expect(summaries).toEqual([
      {
        source: 'gateway.log',
        format: 'istio',
        lines: 4,
        read: 3,
        unreadable: 1,
        joined: 2,
        ambiguous: 0,
        errors: 1,
        first: ns('2026-03-17T09:41:01.000Z'),
        last: ns('2026-03-17T09:41:09.500Z'),
        warnings: [
          {
            code: 'no-access-log-line',
            message: '1 line could not be read as an access log line',
            line: 3,
          },
        ],
      },
    ])
    expect(indices()).toEqual([0])
    expect(linesOf(0).map(({ line }) => [line.number, line.flags.join()])).toEqual([
      [1, ''],
      [4, 'UC'],
    ])
    expect(linesOf(7)).toEqual([])
  })

  it('may have lines that belong to one of several connections', async () => {
    const two = [lived[0]!, lived[0]!]
    const { summaries, linesOf } = await joined([istioLine()], two)
    expect(summaries[0]).toMatchObject({ joined: 0, ambiguous: 1 })
    expect(linesOf(0)).toMatchObject([{ confidence: 'unclear', others: [2] }])
    expect(linesOf(1)).toMatchObject([{ confidence: 'unclear', others: [1] }])
  })

  it('of another clock or zone is told apart from one of other connections', async () => {
    const { summaries, missing } = await joined([
      istioLine({ ...failing, time: '2026-03-17T10:41:05.000Z' }),
    ])
    expect(summaries[0]!.joined).toBe(0)
    expect(summaries[0]!.warnings).toMatchObject([{ code: 'other-time', line: 1 }])
    // 10:41:05 is an hour, less 50 s, plus 5 s later than the end at 09:41:50.
    expect(summaries[0]!.warnings[0]!.message).toContain('3555.000 s')
    expect(missing.count).toBe(0)
  })

  it('with a client out of a header says what to add to the format', async () => {
    const { summaries } = await joined([istioLine({ remote: '203.0.113.9:0' })])
    expect(summaries[0]!.warnings).toMatchObject([{ code: 'client-inferred', line: 1 }])
    expect(summaries[0]!.warnings[0]!.message).toContain('%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%')
  })

  it('may be anything: nothing of it is an error', async () => {
    const capture = new Uint8Array(100_000).map((_, i) => (i * 31) & 0xff)
    const cut = gzipSync(istioLine()).subarray(0, 60)
    for (const input of [capture, cut, new Uint8Array(0)]) {
      const { summaries } = await joined(input)
      expect(summaries[0]).toMatchObject({ read: 0, format: null, first: null })
      if (input.length > 0) expect(summaries[0]!.warnings.length).toBeGreaterThan(0)
    }
  })

  it('has the failed requests of which a capture misses the connection', async () => {
    const { missing } = await joined([
      istioLine({ ...failing, upstreamLocal: '10.42.1.17:1' }),
      istioLine({ upstreamLocal: '10.42.1.17:2' }),
      istioLine({ ...failing, host: '10.9.9.9:80' }),
    ])
    expect(missing.count).toBe(1)
    expect(missing.lines).toMatchObject([
      { leg: 'upstream', capture: 'client', line: { number: 1 } },
    ])
  })

  it('tells of the connections between hosts that it names, as long as it lasts', async () => {
    const { tellsOf } = await joined([
      istioLine({ time: '2026-03-17T09:41:05.000Z' }),
      istioLine({ time: '2026-03-17T09:41:30.000Z' }),
    ])
    const pair = (client: string, upstream: string) => ({
      client: endpoint(client),
      upstream: endpoint(upstream),
    })
    const span = (from: number, to: number) => ({
      capture: 'client',
      start: from * 1e9,
      end: to * 1e9,
    })
    expect(tellsOf(pair('10.42.1.17:1', '10.42.3.8:8080'), span(10, 20))).toBe(true)
    expect(tellsOf(pair('10.9.9.9:1', '10.96.14.200:80'), span(10, 20))).toBe(true)
    expect(tellsOf(pair('10.9.9.9:1', '10.42.3.8:8080'), span(10, 20))).toBe(false)
    expect(tellsOf(pair('10.42.1.17:1', '10.42.3.8:8080'), span(10, 40))).toBe(false)
  })
})

describe('what is kept', () => {
  it('of one connection are its failed requests and the last others', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => istioLine(i % 10 === 0 ? failing : {}))
    const { linesOf, unlisted, summaries } = await joined(lines)
    const kept = linesOf(0).map(({ line }) => line)
    expect(kept.filter((line) => line.flags.length > 0)).toHaveLength(20)
    const others = kept.filter((line) => line.flags.length === 0).map((line) => line.number)
    expect(others).toHaveLength(16)
    expect(others.at(-1)).toBe(200)
    expect(unlisted).toBe(200 - kept.length)
    expect(summaries[0]!.joined).toBe(200)
  })

  it('is bounded for failed requests, too', async () => {
    const { linesOf, unlisted } = await joined(Array(100).fill(istioLine(failing)))
    expect([linesOf(0).length, unlisted]).toEqual([64, 36])
  })
})
