import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { compare, type EngineOptions, type Report } from '../src/index.ts'
import { type IstioFields, istioLine } from './context/access-log/log-lines.ts'
import { reportFaults } from './reports/report-faults.ts'
import { root } from './source-files.ts'
import { runSource } from './support/run-source.ts'
import { schemaFaults } from './support/schema-faults.ts'

vi.mock('../src/version.ts', () => ({ VERSION: '0.0.0' }))

/**
 * samples/keepalive-race, as two proxies would have logged it. Times and addresses are those of the packets (tshark):
 * the gateway is the client's host and has its clock, the sidecar is the upstream's, whose clock is 0.75 s ahead.
 */
const files = {
  client: join(root, 'samples/keepalive-race/client.pcap'),
  upstream: join(root, 'samples/keepalive-race/upstream.pcap'),
}

const gateway = (time: string, port: number, fields: IstioFields = {}) =>
  istioLine({
    time: `2026-03-17T09:41:${time}Z`,
    host: '10.96.14.200:80',
    upstreamLocal: `10.42.1.17:${port}`,
    local: '10.42.1.17:8443',
    remote: '192.0.2.44:50123',
    ...fields,
  })
const reset: IstioFields = {
  request: 'POST /api/v1/orders HTTP/1.1',
  code: 503,
  flags: 'UC',
  details: 'upstream_reset_before_response_started{connection_termination}',
  sent: 95,
  duration: 26,
}

const GATEWAY = [
  gateway('00.828', 43364),
  gateway('00.854', 51451),
  gateway('05.983', 43364, reset),
  gateway('06.037', 51451, reset),
  gateway('06.230', 34421),
  // Of a port that no capture shows.
  gateway('06.100', 40001, reset),
]
const SIDECAR = [
  istioLine({
    time: '2026-03-17T09:41:01.589Z',
    duration: 0,
    host: '10.42.3.8:8080',
    upstreamLocal: '127.0.0.6:41000',
    local: '10.42.3.8:8080',
    remote: '10.42.1.17:43364',
    cluster: 'inbound|8080||',
  }),
]

const bytes = (lines: string[]) => new TextEncoder().encode(`${lines.join('\n')}\n`)
const LOGS = [
  { name: 'gateway.log', input: bytes(GATEWAY) },
  { name: 'sidecar.log', input: bytes(SIDECAR) },
]

async function report(options: EngineOptions): Promise<Report> {
  const made = await compare(files, { jobs: 1, hash: false, ...options })
  const json = JSON.parse(JSON.stringify(made))
  expect(reportFaults(json)).toEqual([])
  const schema = JSON.parse(readFileSync(join(root, 'schema/report-1.schema.json'), 'utf8'))
  expect(schemaFaults(schema, json)).toEqual([])
  return made
}

const ofPort = (made: Report, port: number) =>
  made.connections.find(({ client }) => client.port === port)!

describe('access logs of both sides beside a keep-alive race', () => {
  it('are joined on both legs, each by the clock of its own side', async () => {
    const made = await report({ accessLogs: LOGS })
    expect(ofPort(made, 43364).accessLog).toMatchObject([
      { source: 'gateway.log', line: 1, leg: 'upstream', confidence: 'certain', agrees: 'yes' },
      {
        source: 'gateway.log',
        line: 3,
        leg: 'upstream',
        confidence: 'certain',
        at: '2026-03-17T09:41:05.983000000Z',
        flags: ['UC'],
        agrees: 'yes',
        comparison:
          "UC: the upstream connection ended (connection termination); packets: the upstream's FIN crossed the request: keep-alive race",
        meaning:
          "the upstream connection ended (connection termination); the 503 is the proxy's answer, not the application's",
      },
      { source: 'sidecar.log', line: 1, leg: 'downstream', confidence: 'certain', agrees: 'yes' },
    ])
    const [first, , inbound] = ofPort(made, 43364).accessLog
    expect(first!.basis).toContain("client capture's clock")
    expect(inbound!.basis).toContain("upstream capture's clock")
  })

  it('are summed up', async () => {
    const made = await report({ accessLogs: LOGS })
    expect(made.accessLogs).toMatchObject([
      { source: 'gateway.log', format: 'istio', lines: 6, read: 6, joined: 5, errors: 3 },
      { source: 'sidecar.log', format: 'istio', lines: 1, read: 1, joined: 1, errors: 0 },
    ])
    expect(made.accessLogs![0]!.warnings).toEqual([])
  })

  it('show what is in the log alone, and what is in the packets alone', async () => {
    const { findings, connections } = await report({ accessLogs: LOGS })
    const coded = (code: string) => findings.filter((finding) => finding.code === code)
    expect(coded('RS301')).toEqual([])
    expect(coded('RS302')).toMatchObject([
      {
        severity: 'warning',
        count: 1,
        connections: [],
        evidence: [{ capture: 'client', frame: null, text: expect.stringContaining(':40001') }],
      },
    ])
    const silent = connections.find(({ client }) => client.port === 37353)!
    expect(coded('RS303')).toMatchObject([
      { severity: 'info', count: 1, connections: [silent.id], evidence: [{ frame: 72 }] },
    ])
  })

  it('are contradicted where they say something else', async () => {
    const wrong = [gateway('05.983', 43364, { ...reset, flags: 'UF', details: '-' })]
    const { findings } = await report({ accessLogs: [{ name: 'g', input: bytes(wrong) }] })
    const [found] = findings.filter(({ code }) => code === 'RS301')
    expect(found).toMatchObject({
      severity: 'warning',
      why: expect.stringMatching(/^g line 1: UF: .*packets: it was established and carried data/),
      evidence: expect.arrayContaining([
        expect.objectContaining({ capture: 'upstream', frame: 66 }),
      ]),
    })
  })

  it('do not change what is said of the packets', async () => {
    const [plain, logged] = [await report({}), await report({ accessLogs: LOGS })]
    const without = ({ connections, findings, accessLogs, ...rest }: Report) => ({
      ...rest,
      findings: findings.filter(({ code }) => code < 'RS3'),
      connections: connections.map((connection) => ({ ...connection, accessLog: [] })),
    })
    expect(plain).not.toHaveProperty('accessLogs')
    expect(without(logged)).toEqual(without(plain))
  })
})

describe('--line', () => {
  it('makes the report about the connection of that line', async () => {
    const made = await report({ line: GATEWAY[3]! })
    expect(made.connections.map(({ client }) => client.port)).toEqual([51451])
    expect(made.verdict).toMatchObject({ by: 'upstream', count: 1 })
    expect(made.connections[0]!.accessLog).toMatchObject([{ source: '--line', agrees: 'yes' }])
  })

  it('may be wrapped, and given beside the log that it is from', async () => {
    const line = `[pod/gateway-1/istio-proxy] 2026-03-17T09:41:07.1Z ${GATEWAY[3]}`
    const made = await report({ line, accessLogs: LOGS })
    expect(made.connections).toHaveLength(1)
    expect(made.connections[0]!.accessLog.map(({ source, line }) => [source, line])).toEqual([
      ['gateway.log', 2],
      ['gateway.log', 4],
    ])
  })

  it('that has no connection says what was looked for, and what there is', async () => {
    const made = await report({ line: GATEWAY[5]! })
    expect(made.connections).toEqual([])
    expect(made.verdict.headline).toMatch(/^NOTHING SELECTED: .*access log line/)
    const limit = made.limits.find(({ code }) => code === 'line-without-connection')!
    for (const part of [
      '10.42.1.17:40001 → 10.96.14.200:80 (upstream leg)',
      '192.0.2.44:50123 → 10.42.1.17:8443 (downstream leg)',
      '2026-03-17T09:41:06.100000000Z for 26 ms',
      'the client capture covers 2026-03-17T09:41:00.318204000Z to 2026-03-17T09:41:06.',
    ]) {
      expect(limit.message).toContain(part)
    }
  })

  it('of another time says that its addresses are there', async () => {
    const late = GATEWAY[3]!.replace('T09:', 'T11:')
    const { limits } = await report({ line: late })
    const limit = limits.find(({ code }) => code === 'line-without-connection')!
    expect(limit.message).toMatch(
      /connection 5 has these addresses, but ended 7199\.\d+ s before it/,
    )
  })

  it('that is none is a usage error', async () => {
    const wrong = compare(files, { line: 'upstream connect error', jobs: 1 })
    await expect(wrong).rejects.toMatchObject({ code: 'RSTSCOPE_USAGE' })
  })
})

describe('on the command line', () => {
  const samples = ['samples/keepalive-race/client.pcap', 'samples/keepalive-race/upstream.pcap']
  it('the text shows the lines of the connection in question', async () => {
    const argv = ['compare', ...samples, '--width', '100', '--line', GATEWAY[2]!]
    const { code, out } = await runSource(argv)
    expect(code).toBe(0)
    const words = out.replace(/\s+/g, ' ')
    expect(words).toContain('POST /api/v1/orders: 503 UC, 26 ms (upstream leg, certain)')
    expect(words).toContain("the upstream's FIN crossed the request: keep-alive race; they agree")
  })

  it('a log that cannot be read ends the run, a format without a log does so before', async () => {
    const missing = await runSource(['compare', ...samples, '--access-log', '/no/such.log'])
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('no such file')])
    const alone = await runSource(['compare', ...samples, '--access-log-format', '%START_TIME%'])
    expect([alone.code, alone.err]).toEqual([2, expect.stringContaining('--access-log-format')])
  })
})
