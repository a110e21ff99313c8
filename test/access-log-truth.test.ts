import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { analyze, type Connection, compare, type Report } from '../src/index.ts'
import { sampleCases } from './properties/sample-cases.ts'
import { root } from './source-files.ts'

vi.mock('../src/version.ts', () => ({ VERSION: '0.0.0' }))

// Which connections a line is about was written down by whatever made the packets (samples/README.md, truth.json).

type Host = 'client' | 'gateway' | 'upstream'
interface Truth {
  captures: Record<Host, { file: string } | undefined>
  logs: Record<string, { written_by: Host; format: string }>
  connections: ({ id: string } & Record<`${Host}_view`, { client: string; server: string } | null> &
    Partial<Record<`${Host}_view_also`, { client: string; server: string }>>)[]
  access_log: { log: string; line: number; downstream: string | null; upstream: string | null }[]
}

interface Sample {
  name: string
  folder: string
  truth: Truth
}

const samples = sampleCases()
  .map(({ name, logs }): Sample => {
    const folder = join(root, 'samples', name)
    const truth = logs.length === 0 ? null : readFileSync(join(folder, 'truth.json'), 'utf8')
    return { name, folder, truth: JSON.parse(truth ?? '{}') }
  })
  .filter(({ truth }) => truth.access_log !== undefined)

/** Lines that the packets do contradict: a RST ends a response without a length, and Envoy counts it as complete. */
const CONTRADICTED = ['envoy-aborts access.log:5 upstream']
/** The same line may be about several connections: Envoy's default format has no port of its own. */
const WITHOUT_PORTS = 'envoy-default'

const words = ({ address, port }: { address: string; port: number }) => `${address}:${port}`

/** Ids of the truth that a connection of the report is, by the addresses that a host's capture shows. */
function idsOf(connection: Connection, capture: string, host: Host, truth: Truth): string[] {
  const view = connection.views[capture]
  if (!view) return []
  const pairs = [view, ...view.alsoSeenAs].map((p) => `${words(p.client)} ${words(p.upstream)}`)
  return truth.connections
    .filter((row) =>
      [row[`${host}_view`], row[`${host}_view_also`]].some(
        (one) => one && pairs.includes(`${one.client} ${one.server}`),
      ),
    )
    .map(({ id }) => id)
}

interface Told {
  key: string
  joined: boolean
  right: boolean
  agrees: string
}

/** Every line of every connection, and whether the truth has it there. */
function told(
  report: Report,
  { truth, name }: Sample,
  captures: [id: string, host: Host][],
): Told[] {
  return report.connections.flatMap((connection) => {
    const ids = captures.flatMap(([id, host]) => idsOf(connection, id, host, truth))
    return connection.accessLog.map((line): Told => {
      const log = basename(line.source)
      const row = truth.access_log.find((one) => one.log === log && one.line === line.line)!
      return {
        key: `${name} ${log}:${line.line} ${line.leg}`,
        joined: line.confidence !== 'unclear',
        right: ids.includes(row[line.leg] ?? 'none'),
        agrees: line.agrees,
      }
    })
  })
}

describe.each(samples)('$name', (sample) => {
  const { truth, folder } = sample
  const logs = Object.keys(truth.logs)
  const input = (log: string) => ({ input: join(folder, log) })

  it.each(logs)('every line of %s finds its connections beside its Envoy', async (log) => {
    const { written_by: host, format } = truth.logs[log]!
    const capture = join(folder, truth.captures[host]!.file)
    const report = await analyze(capture, { jobs: 1, hash: false, accessLogs: [input(log)] })
    const lines = told(report, sample, [['capture', host]])
    expect(lines.filter(({ joined, right }) => joined && !right)).toEqual([])
    const contradicted = lines.filter(({ agrees }) => agrees === 'no').map(({ key }) => key)
    expect(contradicted).toEqual(CONTRADICTED.filter((key) => key.startsWith(`${sample.name} `)))
    if (format === WITHOUT_PORTS) return
    const visible = (id: string | null) =>
      truth.connections.some((row) => row.id === id && row[`${host}_view`])
    const expected = truth.access_log
      .filter((row) => row.log === log)
      .flatMap((row) =>
        (['downstream', 'upstream'] as const)
          .filter((leg) => visible(row[leg]))
          .map((leg) => `${sample.name} ${log}:${row.line} ${leg}`),
      )
    const found = lines.filter(({ joined }) => joined).map(({ key }) => key)
    expect(expected.filter((key) => !found.includes(key))).toEqual([])
    const { read, lines: all } = report.accessLogs![0]!
    expect(read).toBe(all)
  })

  it('no line is joined to a wrong connection where the captures are of both ends', async () => {
    const { client, upstream } = truth.captures
    const files = { client: join(folder, client!.file), upstream: join(folder, upstream!.file) }
    const report = await compare(files, { jobs: 1, hash: false, accessLogs: logs.map(input) })
    const lines = told(report, sample, [
      ['client', 'client'],
      ['upstream', 'upstream'],
    ])
    expect(lines.filter(({ joined, right }) => joined && !right)).toEqual([])
    const contradicted = lines.filter(({ agrees }) => agrees === 'no').map(({ key }) => key)
    expect(contradicted.filter((key) => !CONTRADICTED.includes(key))).toEqual([])
  })
})

it('there are logs of a real Envoy to learn from', () => {
  expect(samples.length).toBeGreaterThan(20)
})
