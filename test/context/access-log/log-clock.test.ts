import { describe, expect, it } from 'vitest'
import { joinLogs } from '../../../src/context/access-log/join-logs.ts'
import { fitsClock, logClock } from '../../../src/context/access-log/log-clock.ts'
import { istioLine } from './log-lines.ts'
import { indexOf, type MadeConnection, ORIGIN } from './made-connections.ts'

/** One line of a short-lived connection each; the log's clock is `behind` seconds behind the capture's. */
function story(behind: number, count: number) {
  const connections: MadeConnection[] = []
  const lines: string[] = []
  for (let i = 0; i < count; i++) {
    const from = 10 + i * 3
    connections.push({
      pairs: [`10.42.1.17:${1000 + i} > 10.42.3.8:8080`],
      from,
      to: from + 0.04 + (i % 3) * 0.1,
    })
    const time = new Date(Date.parse(ORIGIN) + (from - behind) * 1000).toISOString()
    lines.push(istioLine({ time, duration: 30, upstreamLocal: `10.42.1.17:${1000 + i}` }))
  }
  return { connections, lines }
}

async function joined(lines: string[], connections: MadeConnection[], more: string[][] = []) {
  const bytes = (text: string[]) => new TextEncoder().encode(text.join('\n'))
  const inputs = [lines, ...more].map((text, i) => ({ name: `${i}.log`, input: bytes(text) }))
  return joinLogs(inputs, undefined, indexOf(connections))
}

describe("a log's clock", () => {
  it.each([7200, 3.4, -5, -0.4])('that is %d s behind is found', async (behind) => {
    const { connections, lines } = story(behind, 6)
    const { summaries, linesOf, clocks } = await joined(lines, connections)
    expect(summaries[0]!.joined).toBe(6)
    expect(summaries[0]!.warnings.map(({ code }) => code)).toEqual(['clock-offset'])
    const { offsetNs, offsetSlackNs } = clocks[0]!.get('client')!
    expect(Math.abs(offsetNs / 1e9 - behind)).toBeLessThan(0.15)
    expect(offsetSlackNs).toBeLessThan(0.2e9)
    expect(linesOf(0)).toMatchObject([{ confidence: 'probable', offsetNs }])
  })

  it('that is right is left alone', async () => {
    const { connections, lines } = story(0.002, 6)
    const { summaries, clocks, linesOf } = await joined(lines, connections)
    expect([clocks[0]!.size, summaries[0]!.warnings]).toEqual([0, []])
    expect(linesOf(0)).toMatchObject([{ confidence: 'certain' }])
  })

  it('is not found from lines of one connection, from few, or from such as do not agree', async () => {
    const few = story(30, 2)
    expect((await joined(few.lines, few.connections)).clocks[0]!.size).toBe(0)
    const one = story(30, 1)
    const often = Array(5).fill(one.lines[0]!)
    expect((await joined(often, one.connections)).clocks[0]!.size).toBe(0)
    const wild = story(30, 6)
    const scattered = wild.lines.map((line, i) => line.replace('09:', `${10 + i}:`))
    const { clocks, summaries } = await joined(scattered, wild.connections)
    expect([clocks[0]!.size, summaries[0]!.joined]).toEqual([0, 0])
  })

  it('is taken from a log before it, where one is too short to tell it', async () => {
    const { connections, lines } = story(30, 6)
    const { clocks, summaries } = await joined(lines, connections, [[lines[3]!]])
    expect(clocks[1]).toBe(clocks[0])
    expect(summaries[1]!.joined).toBe(1)
  })
})

it('a clock is one for each capture', () => {
  const observed = (capture: string, low: number) =>
    [1, 2, 3].map((connection) => ({ capture, connection, low: low * 1e9, high: low * 1e9 + 1e6 }))
  const clock = logClock([...observed('client', 5), ...observed('upstream', -8)])
  expect(Math.round(clock.get('client')!.offsetNs / 1e8)).toBe(50)
  expect(Math.round(clock.get('upstream')!.offsetNs / 1e8)).toBe(-80)
  expect(fitsClock(observed('client', 5), clock)).toBe(true)
  expect(fitsClock(observed('client', 6), clock)).toBe(false)
  expect(fitsClock(observed('client', 0), clock)).toBe(false)
  expect(fitsClock(observed('other', 5), clock)).toBe(false)
  expect(fitsClock([], clock)).toBe(false)
})
