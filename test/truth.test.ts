import { describe, expect, it } from 'vitest'
import { scoreReport } from '../bench/score-report.mjs'
import { type Connection, compare, type Report } from '../src/index.ts'
import { type SampleCase, sampleCases } from './properties/sample-cases.ts'

/** What whoever made the case wrote down before any of this code saw it (samples/README.md). */
interface Endpoints {
  client: string
  server: string
  occurrence: number
}

interface TrueConnection {
  id: string
  client_view: Endpoints | null
  upstream_view: Endpoints | null
  first_rst_by: string
  cause: string
  /** Causes that are right as well, where the packets and logs cannot tell. */
  causes_also_right?: string[]
  blame?: string
}

interface Truth {
  clock_offset_s: number
  clock_drift_ppm: number
  connections: TrueConnection[]
}

/** Connections whose first reset may stay undetermined, and what in the files makes it so. */
const UNDETERMINED: Record<string, string> = {
  'capture-lost-rst k03': 'the upstream capture lost the RST',
  'capture-lost-rst k04': 'the upstream capture lost the RST',
  'crossing-resets k04': 'RSTs 4 ms apart crossed; the clocks are known to 18 ms either way',
  'crossing-resets k05': 'RSTs 6 ms apart crossed; the clocks are known to 18 ms either way',
}

/** Connections whose true cause is in neither packets nor logs nor lists: what is said of them, and why that is all. */
const BEYOND: Record<string, [said: string, why: string]> = {
  'envoy-aborts k09': [
    'proxy-upstream-reset',
    'a response without length was cut: whole or not, nobody knows',
  ],
  'envoy-connection-age k01': ['idle-timeout', 'idle, and as old as the limit'],
  'envoy-connection-age k04': [
    'healthy',
    'idle: nothing tells the age limit from any orderly close',
  ],
  'envoy-connection-age k05': ['idle-timeout', 'idle, and as old as the limit'],
  'envoy-graceful-shutdown k04': ['healthy', 'idle when its upstream was told to stop'],
  'envoy-proxy-restarted k01': [
    'upstream-crash',
    'the client sees a Service, and whoever behind it ended',
  ],
  'envoy-proxy-restarted k02': ['healthy', 'idle when the proxy ended'],
  'envoy-proxy-restarted k03': ['healthy', 'idle when the proxy ended'],
  'envoy-proxy-restarted k04': ['healthy', 'idle when the proxy ended'],
  'envoy-proxy-restarted k05': ['healthy', 'idle when the proxy ended'],
  'envoy-proxy-restarted k06': [
    'client-cancel',
    'an orderly close by the proxy, as when its client leaves',
  ],
  'envoy-refused k01': ['healthy', 'which of two refused attempts was its own is in no packet'],
  'envoy-sidecars-crash k02': ['proxy-upstream-reset', 'its 503 came through two proxies'],
  'envoy-sidecars-crash k05': ['healthy', 'mutual TLS hides the 503, and the connection went on'],
  'envoy-worker-timeout k06': ['healthy', 'answered 500, and closed'],
}

const samples = sampleCases().filter(({ client }) => client.includes('/samples/'))

const words = (endpoint: { address: string; port: number }) =>
  endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`

function shows(connection: Connection, side: 'client' | 'upstream', truth: Endpoints): boolean {
  const view = connection.views[side]
  return (
    !!view &&
    [view, ...view.alsoSeenAs].some(
      (pair) => words(pair.client) === truth.client && words(pair.upstream) === truth.server,
    )
  )
}

/** The connection that shows a true one where it was seen: the one with the truth's n-th use of these ports. */
function find(report: Report, row: TrueConnection): Connection | undefined {
  const side = row.client_view ? 'client' : 'upstream'
  const truth = (row.client_view ?? row.upstream_view)!
  const uses = report.connections
    .filter((connection) => shows(connection, side, truth))
    .sort((a, b) => a.views[side]!.firstFrame - b.views[side]!.firstFrame)
  return uses[truth.occurrence - 1]
}

describe.each(samples)('$name', (sample: SampleCase) => {
  const truth = sample.truth as Truth
  const key = (row: { id: string }) => `${sample.name} ${row.id}`
  let made: Promise<Report> | undefined
  const report = () => {
    const input = (path: string) => ({ input: path })
    made ??= compare(
      { client: sample.client, upstream: sample.upstream },
      { jobs: 1, accessLogs: sample.logs.map(input), kubernetes: sample.lists },
    )
    return made
  }
  /** Some connections of a gateway are in its own capture only. */
  const seen = truth.connections.filter((row) => row.client_view ?? row.upstream_view)
  const shared = seen.filter((row) => row.client_view && row.upstream_view)

  it('every connection ends in its class, and the first reset is by whoever sent it', async () => {
    const rows = scoreReport(await report(), { ...truth, connections: seen })
    expect(rows).toHaveLength(seen.length)
    const wrong = rows.filter((row) => row.class !== 'right' || row.who === 'wrong')
    expect(wrong).toEqual([])
    const abstained = rows.filter((row) => row.who === 'abstained').map(key)
    expect(abstained.filter((name) => !(name in UNDETERMINED))).toEqual([])
    // What these files cannot decide must not be decided by luck either.
    const undecidable = seen.map(key).filter((name) => name in UNDETERMINED)
    expect(abstained).toEqual(undecidable)
  })

  it('both views of a connection are found, and no third one is made up', async () => {
    const { connections } = await report()
    const found = seen.map((row) => find({ connections } as Report, row))
    for (const [i, row] of seen.entries()) {
      const connection = found[i]
      expect(connection, row.id).toBeDefined()
      for (const side of ['client', 'upstream'] as const) {
        const view = row[`${side}_view`]
        if (view === null) expect(connection!.views[side], row.id).toBeNull()
        else expect(shows(connection!, side, view), row.id).toBe(true)
      }
    }
    expect(new Set(found).size).toBe(seen.length)
    expect(connections).toHaveLength(seen.length)
  })

  it.runIf(shared.length > 0)('the interval of the clock offset holds the true one', async () => {
    const { clock } = await report()
    expect(clock).toMatchObject({ consistent: true, steps: [] })
    const { lowSeconds, highSeconds, offsetSeconds, driftPpm } = clock!
    // Both files round to microseconds.
    expect(lowSeconds).toBeLessThanOrEqual(truth.clock_offset_s + 2e-6)
    expect(highSeconds).toBeGreaterThanOrEqual(truth.clock_offset_s - 2e-6)
    expect(highSeconds! - lowSeconds!).toBeLessThan(0.05)
    expect(offsetSeconds).toBeGreaterThanOrEqual(lowSeconds!)
    expect(offsetSeconds).toBeLessThanOrEqual(highSeconds!)
    // Drift is told only where it shows; then it has the right sign and size.
    if (driftPpm !== 0) {
      expect(Math.abs(driftPpm! - truth.clock_drift_ppm)).toBeLessThan(
        Math.max(5, Math.abs(truth.clock_drift_ppm) / 10),
      )
    }
  })

  it('the first cause is the true one, and healthy connections have none', async () => {
    const all = await report()
    const named = seen.map((row) => {
      const id = find(all, row)?.causes[0]?.id ?? 'healthy'
      const isRight = row.causes_also_right?.includes(id) || BEYOND[key(row)]?.[0] === id
      return [key(row), isRight ? row.cause : id]
    })
    expect(named).toEqual(seen.map((row) => [key(row), row.cause]))
  })

  const blamed = truth.connections.filter(({ blame }) => blame !== undefined)
  if (blamed.length > 0) {
    it('who caused the first reset is found', async () => {
      for (const row of blamed) {
        const causedBy = row.blame === 'middlebox' ? 'between' : row.blame
        expect(find(await report(), row)!.firstReset).toMatchObject({ causedBy })
      }
    })
  }
})

it('there are enough cases, and the lists of exceptions name only connections that exist', () => {
  expect(samples.length).toBeGreaterThanOrEqual(8)
  const names = samples.flatMap((sample) =>
    (sample.truth as Truth).connections.map(({ id }) => `${sample.name} ${id}`),
  )
  expect(names).toEqual(expect.arrayContaining(Object.keys(UNDETERMINED)))
  expect(names).toEqual(expect.arrayContaining(Object.keys(BEYOND)))
})
