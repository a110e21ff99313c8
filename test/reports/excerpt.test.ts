import { describe, expect, test } from 'vitest'
import { exitCode } from '../../src/cli/report-exit-code.ts'
import type { Report } from '../../src/model/report.ts'
import { render } from '../../src/render.ts'
import { excerptOf } from '../../src/reports/excerpt.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { reportFaults } from './report-faults.ts'
import { compareReport } from './report-fixtures.ts'

const plain = (json: string) => json.length

/** Ten thousand connections: every hundredth was reset, the others are closed by as many peers as there are. */
function largeReport(): Report {
  const report = compareReport()
  const model = report.connections.find(({ id }) => id === 7)!
  report.connections = Array.from({ length: 10_000 }, (_, i) => {
    const isReset = i % 100 === 50
    return {
      ...model,
      id: i + 1,
      upstream: { ...model.upstream, port: isReset ? 8443 : 1 + i },
      ...(isReset
        ? {}
        : {
            ...{ termination: 'fin-close' as const, detail: 'by-client' as const, benign: true },
            ...{ firstReset: null, causes: [], fates: [] },
          }),
    }
  })
  const ids = report.connections.filter(({ benign }) => !benign).map(({ id }) => id)
  report.summary = { ...report.summary, connections: 10_000, matched: 10_000, benign: 9900 }
  report.verdict = { ...report.verdict, connections: ids, count: ids.length, others: 0 }
  report.findings = report.findings
    .slice(0, 1)
    .map((finding) => ({ ...finding, connections: ids, count: ids.length }))
  return report
}

const whole = largeReport()
const excerpt = excerptOf(streamOf(whole), 400_000, plain)!

test('fits, is a report by its schema, and holds what the answer is about first', async () => {
  expect(JSON.stringify(excerpt).length).toBeLessThanOrEqual(400_000)
  expect(reportFaults(JSON.parse(await render(excerpt, 'json')))).toEqual([])
  const held = excerpt.connections.map(({ id }) => id)
  expect(held).toEqual([...held].sort((a, b) => a - b))
  expect(new Set(held).size).toBe(held.length)
  expect(held).toContain(whole.verdict.connections[0])
  for (const connection of excerpt.connections) {
    expect(connection).toEqual(whole.connections[connection.id - 1])
  }
})

test('says in a limit how many it holds, and is else the same', () => {
  const { connections, limits, excerpt: _, ...head } = excerpt
  const { connections: all, limits: before, ...expected } = whole
  expect(head).toEqual(expected)
  expect(limits.slice(0, -1)).toEqual(before)
  expect(limits.at(-1)!.message).toContain(`holds ${connections.length} of its ${all.length} `)
})

describe('what is made of it', () => {
  test('counts all connections, in every format that counts', async () => {
    for (const format of ['text', 'markdown', 'junit'] as const) {
      const [a, b] = await Promise.all([render(whole, format), render(excerpt, format)])
      // 100 resets of one peer, 9,900 ordinary ends.
      for (const text of [a, b]) expect(text).toMatch(/10\.8\.1\.15:8443.*\b100\b/s)
      const lines = (text: string) => text.split('\n').filter((line) => /RST, /.test(line))
      expect(lines(b)).toEqual(lines(a))
    }
    expect(await render(excerpt, 'text')).toContain('10000 connections, 10000 seen in both')
  })

  test('the page tells of all, and draws no chart of some', async () => {
    const page = await render(excerpt, 'html')
    expect(page).toContain('of 10000 connections are listed')
    expect(page).toContain('<td class="n">9900</td>')
    expect(page).toContain('<td class="n">100</td>')
    expect(page).toContain('Not drawn: the report that this page was made from does not hold all')
    expect(page).not.toContain('id="chart-idle"')
    expect(page).not.toContain('All 10000')
  })

  test('the exit code follows endings that it holds no connection of', () => {
    const none = { ...excerpt, findings: [], connections: [] }
    expect(exitCode(streamOf(none), 'error')).toBe(1)
    expect(exitCode(streamOf(none), 'never')).toBe(0)
  })

  test('a connection that is named and not held is named by its number', async () => {
    const none = { ...excerpt, connections: [] }
    const text = await render(none, 'text', { all: true })
    expect(text).toMatch(/RST.*10\.8\.1\.15:8443 +100 +51\n/)
    for (const format of ['markdown', 'html', 'csv', 'ndjson', 'junit'] as const) {
      expect((await render(none, format)).length).toBeGreaterThanOrEqual(0)
    }
  })
})

test('peers beyond a bound share a row for each ending, and nothing is lost', () => {
  const { endings } = excerpt.excerpt!
  expect(endings.reduce((sum, { count }) => sum + count, 0)).toBe(10_000)
  const closed = endings.filter(({ benign }) => benign)
  expect(closed.filter(({ peer }) => peer === '(other peers)')).toHaveLength(1)
  expect(closed).toHaveLength(17)
  expect(endings.map(({ first }) => first)).toEqual(
    endings.map(({ first }) => first).sort((a, b) => a - b),
  )
})

test('without room for the head there is none', () => {
  expect(excerptOf(streamOf(whole), 1000, plain)).toBeNull()
})
