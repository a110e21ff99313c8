import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { analyze, type Connection, compare, type Report } from '../../src/index.ts'
import { root } from '../source-files.ts'

vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

interface View {
  client: string
  server: string
  occurrence: number
}

interface Truth {
  captures: Record<string, { file: string; clock_offset_s?: number }>
  clock_offset_s: number
  connections: (Record<`${string}_view`, View | null> & {
    id: string
    /** Which end of the connection sent the first RST: a proxy is an end of both its legs. */
    first_rst_end?: 'client' | 'upstream' | 'none'
    proxied_to?: string | string[]
  })[]
}

interface Sample {
  folder: string
  name: string
  truth: Truth
}

/** Samples whose truth knows which connection a proxy made of which. */
function samplesIn(folder: string, name: RegExp): Sample[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((one) => name.test(one) && existsSync(join(folder, one, 'truth.json')))
    .map((one) => {
      const path = join(folder, one)
      return {
        folder: path,
        name: one,
        truth: JSON.parse(readFileSync(join(path, 'truth.json'), 'utf8')),
      }
    })
}

const laboratory = samplesIn(join(root, '..', 'shared', 'lab-captures'), /^S26/)
const envoy = samplesIn(join(root, 'samples'), /^envoy-/)

const text = ({ address, port }: { address: string; port: number }) =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** The connection that a capture shows under these addresses, for the n-th time. */
function find(report: Report, capture: string, view: View | null | undefined): Connection | null {
  if (!view) return null
  const shown = report.connections.filter((connection) => {
    const seen = connection.views[capture]
    const pairs = seen ? [seen, ...seen.alsoSeenAs] : []
    return pairs.some((p) => text(p.client) === view.client && text(p.upstream) === view.server)
  })
  shown.sort((a, b) => a.views[capture]!.firstFrame - b.views[capture]!.firstFrame)
  return shown[view.occurrence - 1] ?? null
}

/** True links and those found, each as `p1 → p1-upstream`, with their confidence where found. */
function linksOf(report: Report, truth: Truth, captures: Record<string, string>) {
  const names = new Map<number, string>()
  for (const row of truth.connections) {
    for (const [tap, capture] of Object.entries(captures)) {
      const found = find(report, capture, row[`${tap}_view`])
      if (found !== null) names.set(found.id, row.id)
    }
  }
  const known = new Set(names.values())
  const wanted = truth.connections.flatMap((row) =>
    [row.proxied_to ?? []]
      .flat()
      .filter((to) => known.has(row.id) && known.has(to))
      .map((to) => `${row.id} → ${to}`),
  )
  const found = report.connections.flatMap((connection) =>
    connection.links
      .filter(({ relation, basis }) => relation === 'proxied-to' && !basis.includes('two legs'))
      .map((link) => ({
        pair: `${names.get(connection.id)} → ${names.get(link.connection)}`,
        confidence: link.confidence,
      })),
  )
  return { wanted, found }
}

describe.skipIf(laboratory.length === 0)('a proxy between two captures of the laboratory', () => {
  it.each(laboratory)('$name', async ({ folder, truth }) => {
    const file = (tap: string) => join(folder, truth.captures[tap]!.file)
    const report = await compare(
      { client: file('client'), upstream: file('upstream') },
      { jobs: 1 },
    )
    const captures = { client: 'client', upstream: 'upstream' }
    const { wanted, found } = linksOf(report, truth, captures)
    expect(found.map(({ pair }) => pair).sort()).toEqual(wanted.sort())
    expect(new Set(found.map(({ confidence }) => confidence))).toEqual(new Set(['probable']))
    // Clocks that no packet relates, by the requests alone.
    expect(report.clock!.lowSeconds! - 1e-4).toBeLessThanOrEqual(truth.clock_offset_s)
    expect(report.clock!.highSeconds! + 1e-4).toBeGreaterThanOrEqual(truth.clock_offset_s)
    expect(report.verdict).toMatchObject({ by: 'upstream', confidence: 'certain' })
    expect(report.verdict.headline).toContain('this is the upstream leg of a proxy')
  })
})

describe.skipIf(envoy.length === 0)('a real Envoy, by what its own host shows', () => {
  it.each(envoy)('$name', async ({ folder, truth }) => {
    const taps = truth.captures.gateway ? ['gateway'] : Object.keys(truth.captures)
    for (const tap of taps) {
      const report = await analyze(join(folder, truth.captures[tap]!.file), { jobs: 1 })
      const { wanted, found } = linksOf(report, truth, { [tap]: 'capture' })
      const sure = found.filter(({ confidence }) => confidence !== 'unclear')
      // What is more than a guess is true.
      expect(sure.map(({ pair }) => pair).filter((pair) => !wanted.includes(pair))).toEqual([])
    }
  })
})

const withGateway = envoy.filter(({ truth }) => truth.captures.gateway !== undefined)

describe.skipIf(withGateway.length === 0)('a path of client, gateway and upstream', () => {
  it.each(withGateway)('$name', async ({ folder, truth }) => {
    const file = (tap: string) => join(folder, truth.captures[tap]!.file)
    const inputs = { client: file('client'), via: [file('gateway')], upstream: file('upstream') }
    const report = await compare(inputs, { jobs: 1 })
    const captures = { client: 'client', gateway: 'hop1', upstream: 'upstream' }
    expect(report.connections).toHaveLength(truth.connections.length)
    for (const row of truth.connections) {
      const found = Object.entries(captures).flatMap(([tap, capture]) =>
        row[`${tap}_view`] ? [find(report, capture, row[`${tap}_view`])] : [],
      )
      // One row, with a view for each capture that saw it.
      expect(new Set(found).size, row.id).toBe(1)
      const by = found[0]!.firstReset?.by ?? 'none'
      if (by !== 'undetermined') expect(by, row.id).toBe(row.first_rst_end)
    }
    const { wanted, found } = linksOf(report, truth, captures)
    const sure = found.filter(({ confidence }) => confidence !== 'unclear')
    expect(sure.map(({ pair }) => pair).filter((pair) => !wanted.includes(pair))).toEqual([])
    for (const [tap, capture] of Object.entries(captures)) {
      const { lowSeconds, highSeconds } = report.captures.find(({ id }) => id === capture)!.clock!
      const offset = truth.captures[tap]!.clock_offset_s ?? 0
      // Files round to microseconds.
      expect(lowSeconds, tap).toBeLessThanOrEqual(offset + 2e-6)
      expect(highSeconds, tap).toBeGreaterThanOrEqual(offset - 2e-6)
    }
  })
})
