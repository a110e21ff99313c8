import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { compare, type Report } from '../src/index.ts'
import { reportFaults } from './reports/report-faults.ts'
import * as lists from './support/kubernetes-lists.ts'

vi.mock('../src/version.ts', () => ({ VERSION: '0.0.0' }))

interface Truth {
  captures: Record<'client' | 'upstream', { file: string }>
  connections: { role: string; cause: string; client_view: { client: string; server: string } }[]
}

function truthOf(sample: string): Truth {
  return JSON.parse(readFileSync(`samples/${sample}/truth.json`, 'utf8'))
}

async function reported(sample: string, ...documents: object[]): Promise<Report> {
  const { captures } = truthOf(sample)
  const path = (side: 'client' | 'upstream') => `samples/${sample}/${captures[side].file}`
  const inputs = { client: path('client'), upstream: path('upstream') }
  const report = await compare(inputs, { jobs: 1, kubernetes: documents })
  expect(reportFaults(JSON.parse(JSON.stringify(report)))).toEqual([])
  return report
}

/** First cause of each connection that truth.json calls the incident. */
function incidentCauses(sample: string, report: Report): string[] {
  const incident = truthOf(sample).connections.filter(({ role }) => role === 'incident')
  return incident.map(({ client_view: { client } }) => {
    const found = report.connections.find((c) => `${c.client.address}:${c.client.port}` === client)!
    return `${found.causes[0]?.id} ${found.causes[0]?.confidence}`
  })
}

function contextOf(report: Report): string[] {
  const [id] = report.verdict.connections
  const [cause] = report.connections.find((connection) => connection.id === id)!.causes
  return (cause!.context ?? []).map(({ relation, text }) => `${relation}: ${text}`)
}

const DAY = '2026-03-17T'
const LONG_AGO = '2026-03-17T06:00:00Z'

/** The upstream's clock is 3.25 s behind; there it was killed at 09:40:57.485 (samples/upstream-kill/truth.json). */
describe('upstream-kill', () => {
  const SAMPLE = 'upstream-kill'
  const APP = { name: 'app', ports: [{ port: 9000, name: 'http' }] }
  const cart = (...containers: lists.ContainerOptions[]) =>
    lists.pod({ name: 'cart-7d9f', ip: '10.42.7.5', started: LONG_AGO, containers })
  const KILLED = { reason: 'OOMKilled', exit: 137, started: LONG_AGO, at: `${DAY}09:40:57Z` }
  const BACK = `${DAY}09:41:01Z`
  const service = lists.service({ ip: '10.96.88.12', ports: [{ port: 8000, target: 'http' }] })

  it('is confirmed by the container that was OOMKilled then', async () => {
    const report = await reported(
      SAMPLE,
      cart({ ...APP, ended: KILLED, runningSince: BACK }),
      service,
    )
    expect(report.verdict.headline).toContain('10.96.88.12:8000 (svc/shop/cart) sent RST')
    expect(report.verdict.cause).toMatchObject({ id: 'upstream-crash', confidence: 'certain' })
    expect(report.verdict.cause!.headline).toContain(
      'container app of shop/cart-7d9f was OOMKilled (exit 137) at 09:40:57Z, in the same second',
    )
    // The SYN that was refused came before the container was back.
    const refused = report.connections.filter(({ detail }) => detail === 'refused')
    expect(refused.map(({ causes }) => causes.map(({ id }) => id))).toEqual([
      ['connection-refused', 'not-ready-yet'],
    ])
    // What is counted is what is told.
    const told: Record<string, number> = {}
    for (const { causes } of report.connections) {
      const id = causes[0]?.id
      if (id !== undefined) told[id] = (told[id] ?? 0) + 1
    }
    expect(report.summary.byCause).toEqual(told)
  })

  it.each<[string, lists.ContainerOptions[], string[]]>([
    [
      'another container was restarted',
      [
        { ...APP, runningSince: LONG_AGO },
        { name: 'metrics', ended: KILLED, runningSince: BACK },
      ],
      [
        'against: container app of shop/cart-7d9f runs since 06:00:00Z, before this connection began: it did not end with it (a process in it may have)',
        'coincident: container metrics of shop/cart-7d9f was OOMKilled (exit 137) at 09:40:57Z, in the same second; another container holds the connection',
      ],
    ],
    [
      'it was OOMKilled ten minutes before',
      [{ ...APP, ended: { ...KILLED, at: `${DAY}09:30:57Z` }, runningSince: `${DAY}09:31:00Z` }],
      [
        'against: container app of shop/cart-7d9f runs since 09:31:00Z, before this connection began: it did not end with it (a process in it may have)',
      ],
    ],
    [
      'it was OOMKilled at that time by the other capture’s clock',
      [{ ...APP, ended: { ...KILLED, at: `${DAY}09:41:00Z` }, runningSince: `${DAY}09:41:05Z` }],
      [
        'coincident: container app of shop/cart-7d9f was OOMKilled (exit 137) at 09:41:00Z, 2.5 s after the end',
      ],
    ],
  ])('is as it was where %s', async (_, containers, context) => {
    const report = await reported(SAMPLE, cart(...containers))
    expect(report.verdict.cause).toMatchObject({ id: 'upstream-crash', confidence: 'probable' })
    expect(contextOf(report)).toEqual(context)
  })

  it('is as it was where another pod was OOMKilled', async () => {
    const other = lists.pod({
      name: 'pay-1',
      ip: '10.42.7.6',
      containers: [{ ...APP, ended: KILLED }],
    })
    const report = await reported(SAMPLE, cart({ ...APP, runningSince: LONG_AGO }), other)
    expect(report.verdict.cause).toMatchObject({ id: 'upstream-crash', confidence: 'probable' })
    expect(contextOf(report).join()).not.toContain('pay-1')
  })

  it('names nobody where the pod of that address started later', async () => {
    const later = lists.pod({
      name: 'cart-new',
      ip: '10.42.7.5',
      started: `${DAY}09:50:00Z`,
      containers: [{ ...APP, ended: KILLED }],
    })
    const report = await reported(SAMPLE, later)
    expect(report.verdict.cause).toMatchObject({ id: 'upstream-crash', confidence: 'probable' })
    expect(contextOf(report)).toEqual([])
    expect(report.connections[0]!.workload?.upstream).toMatchObject({
      kind: 'unknown',
      basis: 'shop/cart-new has this address, and started only at 09:50:00Z: not this pod',
    })
  })
})

describe('service-wrong-port', () => {
  const SAMPLE = 'service-wrong-port'
  const pod = (port: number) =>
    lists.pod({
      name: 'web-5c9',
      ip: '10.42.9.33',
      started: LONG_AGO,
      ready: [true, LONG_AGO],
      labels: { app: 'web' },
      containers: [{ name: 'web', ports: [{ port }], runningSince: LONG_AGO }],
    })
  const service = lists.service({
    name: 'web',
    ip: '10.96.17.170',
    selector: { app: 'web' },
    ports: [
      { port: 80, target: 8081, name: 'http' },
      { port: 81, target: 8080 },
    ],
  })

  it('is told with the Service whose port leads nowhere', async () => {
    const report = await reported(SAMPLE, pod(8080), service)
    expect(incidentCauses(SAMPLE, report)).toEqual(Array(3).fill('connection-refused certain'))
    expect(report.verdict.headline).toContain('10.96.17.170:80 (svc/shop/web:http)')
    expect(contextOf(report)).toEqual([
      'explains: Service shop/web sends port 80 to port 8081 of its pods; web-5c9 refuses it, and its containers declare 8080 (web)'.replace(
        'web-5c9',
        'shop/web-5c9',
      ),
    ])
  })

  it('is not told so where the container declares the port', async () => {
    expect(contextOf(await reported(SAMPLE, pod(8081), service))).toEqual([])
  })
})

describe('firewall-syn-drop', () => {
  const SAMPLE = 'firewall-syn-drop'
  const db = lists.pod({
    name: 'db-0',
    ip: '10.42.2.60',
    started: LONG_AGO,
    labels: { app: 'db' },
    containers: [{ ports: [{ port: 5432 }, { port: 8080 }] }],
  })
  const web = lists.pod({
    name: 'web-1',
    ip: '10.42.8.21',
    node: 'n2',
    hostIp: '10.0.0.2',
    started: LONG_AGO,
    labels: { app: 'web' },
  })
  const allowing = (app: string, selected = 'db') =>
    lists.networkPolicy('db', {
      podSelector: { matchLabels: { app: selected } },
      policyTypes: ['Ingress'],
      ingress: [
        { ports: [{ port: 8080 }] },
        { from: [{ podSelector: { matchLabels: { app } } }], ports: [{ port: 5432 }] },
      ],
    })

  it('is told with the policy that selects the pod and does not allow the port', async () => {
    const report = await reported(SAMPLE, db, web, allowing('api'))
    expect(incidentCauses(SAMPLE, report)).toEqual(Array(2).fill('syn-dropped probable'))
    expect(report.verdict.cause!.headline).toContain(
      'NetworkPolicy shop/db selects shop/db-0 and does not allow TCP 5432 from shop/web-1 (ingress)',
    )
  })

  it.each<[string, object, string[]]>([
    [
      'allows it',
      allowing('web'),
      [
        'against: NetworkPolicy shop/db selects shop/db-0 and allows TCP 5432 from shop/web-1 (ingress)',
        'against: no NetworkPolicy of the lists selects shop/web-1 for egress',
      ],
    ],
    [
      'selects another pod',
      allowing('api', 'cache'),
      [
        'against: no NetworkPolicy of the lists selects shop/db-0 for ingress',
        'against: no NetworkPolicy of the lists selects shop/web-1 for egress',
      ],
    ],
  ])('is not blamed on a policy that %s', async (_, policy, context) => {
    const report = await reported(SAMPLE, db, web, policy)
    expect(report.verdict.cause!.headline).not.toContain('shop/db ')
    expect(contextOf(report).sort()).toEqual(context)
  })
})

describe('events', () => {
  const finding = async (...documents: object[]) =>
    (await reported('upstream-kill', ...documents)).findings
      .filter(({ code }) => code === 'RS304')
      .map(({ code, why }) => `${code}: ${why}`)

  it.each<[string, object[], RegExp]>([
    [
      'none',
      [lists.pod()],
      /^RS304: the lists hold no event; Kubernetes keeps events for 1 h by default$/,
    ],
    [
      'later than the captures',
      [lists.event({ at: `${DAY}10:30:00Z` })],
      /^RS304: the oldest is of 2026-03-17T10:30:00Z, and the captures begin at 2026-03-17T09:40:5\dZ/,
    ],
    [
      'earlier than the captures',
      [lists.event({ at: `${DAY}08:30:00Z` })],
      /^RS304: the newest is of 2026-03-17T08:30:00Z/,
    ],
  ])('that do not cover the captures: %s', async (_, documents, why) => {
    const found = await finding(...documents)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(why)
  })

  it('just before the captures are no finding', async () => {
    expect(await finding(lists.event({ at: `${DAY}09:40:20Z` }))).toEqual([])
  })

  it('that cover them are no finding', async () => {
    const around = [lists.event({ at: `${DAY}09:00:00Z` }), lists.event({ at: `${DAY}10:00:00Z` })]
    const report = await reported('upstream-kill', ...around)
    expect(report.findings.map(({ code }) => code)).not.toContain('RS304')
    expect(report.kubernetes).toEqual({
      objects: { Event: 2 },
      events: {
        count: 2,
        oldestAt: '2026-03-17T09:00:00.000000000Z',
        newestAt: '2026-03-17T10:00:00.000000000Z',
        coverCaptures: true,
      },
      warnings: [],
    })
  })
})
