import { describe, expect, it } from 'vitest'
import type { Connection } from '../../src/index.ts'
import * as lists from '../support/kubernetes-lists.ts'
import { analyzed, compared, type ScenarioOptions } from '../support/ladder-verdict.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN } from './ladders.ts'

/** Ladders begin 1 s after this moment, between 10.1.0.2 and port 8080 of 10.2.0.3. */
const START = Date.parse('2025-06-15T15:06:40Z')
const DAYS_BEFORE = '2025-06-10T00:00:00Z'

/** As Kubernetes writes a moment so many seconds after the start. */
function second(seconds: number): string {
  return `${new Date(START + Math.floor(seconds) * 1000).toISOString().slice(0, 19)}Z`
}

const APP = { name: 'app', ports: [{ port: 8080, name: 'http' }] }
const ran = { runningSince: DAYS_BEFORE }
const upstream = (more: lists.PodOptions = {}) =>
  lists.pod({
    name: 'cart-0',
    ip: '10.2.0.3',
    started: DAYS_BEFORE,
    ready: [true, DAYS_BEFORE],
    containers: [{ ...APP, ...ran }],
    ...more,
  })
const client = (more: lists.PodOptions = {}) =>
  lists.pod({
    name: 'web-0',
    ip: '10.1.0.2',
    hostIp: '10.0.0.2',
    node: 'n2',
    labels: { app: 'web' },
    started: DAYS_BEFORE,
    containers: [{ name: 'web', ...ran }],
    ...more,
  })
const diedAt = (seconds: number, more: Partial<lists.ContainerOptions> = {}) =>
  upstream({
    containers: [
      {
        ...APP,
        runningSince: second(seconds + 3),
        ended: { exit: 137, reason: 'OOMKilled', started: DAYS_BEFORE, at: second(seconds) },
        ...more,
      },
    ],
  })

async function told(
  ladder: string,
  documents: object[],
  options: ScenarioOptions = {},
): Promise<Connection> {
  const [connection] = await compared(ladder, { ...options, engine: { kubernetes: documents } })
  return connection!
}

const causeOf = ({ causes: [cause] }: Connection) =>
  cause === undefined ? null : `${cause.id} ${cause.confidence}`
const causesOf = ({ causes }: Connection) =>
  causes.map(({ id, confidence }) => `${id} ${confidence}`)
const contextOf = ({ causes: [cause] }: Connection) =>
  (cause?.context ?? []).map(({ relation, confidence }) => `${relation} ${confidence}`)

/** The upstream aborts 2.9 s after the start, in the middle of its response. */
const ABORT = `${HALF_RESPONSE}
  u> RA +1.89s`
/** A kernel without the socket answers the next request, 101 s after the start. */
const FORGOTTEN = `${EXCHANGE}
  c> PA "GET /2 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +100s
  u> R`
const REFUSED = `
  c> S
  u> RA refuse`
const UNANSWERED = `
  c> S lost
  c> S again lost +1s
  c> S again lost +2s`

describe('without lists', () => {
  it('nothing is said of any', async () => {
    const [connection] = await compared(ABORT)
    expect(connection!.workload).toBeNull()
    expect(connection!.client.name).toBeNull()
    expect(connection!.causes[0]).not.toHaveProperty('context')
  })
})

describe('ends have names', () => {
  it('of the pods that had the addresses', async () => {
    const connection = await told(ABORT, [client(), upstream()])
    expect(connection.client.name).toBe('shop/web-0')
    expect(connection.upstream.name).toBe('shop/cart-0:http')
    expect(connection.workload).toMatchObject({
      client: { kind: 'pod', podName: 'web-0', node: 'n2' },
      upstream: { kind: 'pod', podName: 'cart-0', container: 'app', port: 'http' },
    })
  })

  it('of the Service that was called, with the pod that answered', async () => {
    const service = lists.service({ ip: '10.96.0.9', ports: [{ port: 80, target: 8080 }] })
    const options = { upstream: '10.96.0.9:80', nat: { upstream: '10.2.0.3:8080' } }
    const connection = await told(ABORT, [upstream(), service], options)
    expect(connection.upstream.name).toBe('svc/shop/cart')
    expect(connection.workload).toMatchObject({
      client: null,
      upstream: { kind: 'pod', podName: 'cart-0', service: 'shop/cart' },
    })
  })

  it('and of nobody where the pod of the list started later', async () => {
    const connection = await told(ABORT, [upstream({ started: second(600) })])
    expect(connection.upstream.name).toBeNull()
    expect(connection.workload?.upstream).toMatchObject({ kind: 'unknown', podName: null })
    expect(connection.workload?.upstream?.basis).toContain('not this pod')
    expect(contextOf(connection)).toEqual([])
  })
})

describe('an abort of the upstream', () => {
  it('is a crash where its container was killed in that second', async () => {
    const connection = await told(ABORT, [diedAt(2)])
    expect(causeOf(connection)).toBe('upstream-crash probable')
    expect(connection.causes[0]!.why).toBe(
      "the upstream's process died: container app of shop/cart-0 was OOMKilled (exit 137) at 15:06:42Z, in the same second",
    )
    expect(connection.causes[0]!.evidence.length).toBeGreaterThan(0)
    expect(connection.causes[0]!.next[0]).toContain('kubectl logs cart-0 -n shop -c app --previous')
  })

  it('by the clock of the upstream’s capture, however far the other one is off', async () => {
    const ahead = await told(ABORT, [diedAt(2 + 3600)], { offset: 3600 })
    expect(causeOf(ahead)).toBe('upstream-crash probable')
    const behind = await told(ABORT, [diedAt(2)], { offset: 3600 })
    expect(causeOf(behind)).toBe('upstream-abort probable')
    expect(contextOf(behind)).toEqual([])
  })

  it.each<[string, object[], string[]]>([
    [
      'another container of the pod',
      [
        upstream({
          containers: [
            { ...APP, ...ran },
            { name: 'metrics', ended: { at: second(2) } },
          ],
        }),
      ],
      ['coincident unclear'],
    ],
    [
      'another pod',
      [
        upstream(),
        lists.pod({
          ip: '10.2.0.4',
          containers: [{ ...APP, ended: { reason: 'OOMKilled', at: second(2) } }],
        }),
      ],
      [],
    ],
    [
      'the same container, half a minute before',
      [diedAt(-28, { runningSince: second(-20) })],
      ['coincident unclear'],
    ],
    ['the same container, ten minutes later', [diedAt(602)], []],
    [
      'a pod that started later',
      [upstream({ started: second(60), containers: [{ ...APP, ended: { at: second(2) } }] })],
      [],
    ],
    [
      'the client’s container',
      [upstream(), client({ containers: [{ name: 'web', ended: { at: second(2) } }] })],
      ['coincident unclear'],
    ],
    [
      'an event ten minutes before',
      [upstream(), lists.event({ object: 'cart-0', at: second(-600) })],
      [],
    ],
  ])('is not blamed on %s', async (_, documents, context) => {
    const connection = await told(ABORT, documents)
    expect(causeOf(connection)).toBe('upstream-abort probable')
    expect(contextOf(connection)).toEqual(context)
  })

  it('is not blamed on the pod when the client aborted', async () => {
    const connection = await told(`${HALF_RESPONSE}\n c> RA +1.89s`, [diedAt(2), client()])
    expect(causeOf(connection)).toBe('client-abort probable')
    expect(contextOf(connection)).toEqual(['coincident unclear'])
  })

  it.each<[string, object[]]>([
    ['its deletion was asked for', [upstream({ deleted: { expires: second(31), grace: 30 } })]],
    ['its grace was over', [upstream({ deleted: { expires: second(2), grace: 30 } })]],
    [
      'the kubelet was killing its container',
      [upstream(), lists.event({ object: 'cart-0', at: second(1) })],
    ],
    [
      'its liveness probe had failed',
      [
        upstream(),
        lists.event({
          object: 'cart-0',
          container: 'app',
          at: second(1),
          message: 'Container app failed liveness probe, will be restarted',
        }),
      ],
    ],
    [
      'it was evicted',
      [
        upstream({
          phase: 'Failed',
          reason: 'Evicted',
          containers: [{ ...APP, ended: { at: second(3), now: true } }],
        }),
        lists.event({ object: 'cart-0', reason: 'Evicted', at: second(1) }),
      ],
    ],
  ])('is a shutdown where %s', async (_, documents) => {
    expect(causeOf(await told(ABORT, documents))).toBe('graceful-shutdown probable')
  })

  it('is the proxy’s where that ended', async () => {
    const proxy = {
      name: 'istio-proxy',
      nativeSidecar: true,
      runningSince: second(4),
      ended: { exit: 137, at: second(2) },
    }
    const connection = await told(ABORT, [upstream({ containers: [{ ...APP, ...ran }, proxy] })])
    expect(causeOf(connection)).toBe('sidecar-restarted probable')
  })

  it('from one capture alone is joined too', async () => {
    const [connection] = await analyzed(ABORT, 'upstream', { engine: { kubernetes: [diedAt(2)] } })
    expect(causeOf(connection!)).toBe('upstream-crash probable')
  })
})

describe('a kernel that does not know the connection', () => {
  it('is another pod’s where that got the address in between', async () => {
    const connection = await told(FORGOTTEN, [
      upstream({ name: 'cart-1', started: second(60) }),
      upstream(),
    ])
    expect(causeOf(connection)).toBe('stale-endpoint certain')
    expect(connection.upstream.name).toBe('shop/cart-0:http')
    expect(connection.causes[0]!.why).toContain(
      'shop/cart-1 has the address 10.2.0.3 only since 15:07:40Z',
    )
  })

  it('was restarted in between', async () => {
    const connection = await told(FORGOTTEN, [diedAt(50)])
    expect(causeOf(connection)).toBe('peer-restarted probable')
  })

  it('was not restarted, where the lists show that it was not', async () => {
    const connection = await told(FORGOTTEN, [upstream()])
    expect(causeOf(connection)).toBe('peer-restarted unclear')
    expect(contextOf(connection)).toEqual(['against probable'])
  })
})

describe('a refused SYN', () => {
  it('came before the container was started', async () => {
    const starting = upstream({
      ready: [true, second(6)],
      containers: [{ ...APP, restarts: 0, runningSince: second(4) }],
    })
    expect(causesOf(await told(REFUSED, [starting]))).toEqual([
      'connection-refused certain',
      'not-ready-yet certain',
    ])
  })

  it('came before the pod was ready', async () => {
    expect(causesOf(await told(REFUSED, [upstream({ ready: [true, second(6)] })]))).toEqual([
      'connection-refused certain',
      'not-ready-yet probable',
    ])
  })

  it('went to a port that no container declares', async () => {
    const service = lists.service({ ports: [{ port: 80, target: 8080 }] })
    const documents = [
      upstream({ containers: [{ name: 'app', ports: [{ port: 9090 }], ...ran }] }),
      service,
    ]
    const connection = await told(REFUSED, documents)
    expect(causeOf(connection)).toBe('connection-refused certain')
    expect(connection.causes[0]!.context!.map(({ text }) => text)).toEqual([
      'Service shop/cart sends port 80 to port 8080 of its pods; shop/cart-0 refuses it, and its containers declare 9090 (app)',
    ])
  })

  it('is as it was where the pod was up', async () => {
    const connection = await told(REFUSED, [upstream()])
    expect(causeOf(connection)).toBe('connection-refused certain')
    expect(contextOf(connection)).toEqual([])
  })
})

describe('a SYN that vanished', () => {
  const policy = (rules: object[]) =>
    lists.networkPolicy('cart', { podSelector: {}, policyTypes: ['Ingress'], ingress: rules })

  it('is told with the policy that does not allow it', async () => {
    const connection = await told(UNANSWERED, [
      upstream(),
      client(),
      policy([{ ports: [{ port: 9090 }] }]),
    ])
    expect(causeOf(connection)).toBe('syn-dropped probable')
    expect(connection.causes[0]!.why).toContain(
      'NetworkPolicy shop/cart selects shop/cart-0 and does not allow TCP 8080 from shop/web-0 (ingress)',
    )
  })

  it('is not blamed on a policy that allows it', async () => {
    const connection = await told(UNANSWERED, [upstream(), client(), policy([{}])])
    expect(connection.causes[0]!.why).not.toContain('shop/cart ')
    expect(contextOf(connection)).toEqual(['against probable', 'against probable'])
  })

  it('to a Service without endpoints is told so', async () => {
    const options = { upstream: '10.96.0.9:80' }
    const service = lists.service({ ip: '10.96.0.9', ports: [{ port: 80 }] })
    expect(causeOf(await told(UNANSWERED, [service], options))).toBe('no-endpoints probable')
  })
})

describe('plaintext', () => {
  const PLAIN = `${OPEN}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> RA`
  const meshed = upstream({
    containers: [
      { ...APP, ...ran },
      { name: 'istio-proxy', nativeSidecar: true, ...ran },
    ],
  })
  const strict = lists.peerAuthentication('istio-system', { mtls: { mode: 'STRICT' } })

  it('from a client without sidecar is refused by a strict mesh', async () => {
    const connection = await told(PLAIN, [meshed, client(), strict])
    expect(causeOf(connection)).toBe('plaintext-to-tls-port probable')
    expect(connection.causes[0]!.why).toContain('PeerAuthentication istio-system/default (STRICT)')
  })

  it.each<[string, object[]]>([
    ['a pod without sidecar', [upstream(), client(), strict]],
    [
      'a permissive mesh',
      [
        meshed,
        client(),
        lists.peerAuthentication('istio-system', { mtls: { mode: 'PERMISSIVE' } }),
      ],
    ],
    ['no policy', [meshed, client()]],
  ])('is not, by %s', async (_, documents) => {
    expect(causeOf(await told(PLAIN, documents))).not.toContain('plaintext-to-tls-port')
  })

  it('that was answered is not refused', async () => {
    const connection = await told(ABORT, [meshed, client(), strict])
    expect(causeOf(connection)).not.toContain('plaintext-to-tls-port')
  })
})

describe('the own sidecar', () => {
  const CLOSED = `${OPEN}
    c> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> RA`
  const proxy = { name: 'istio-proxy', nativeSidecar: true, ...ran }
  const meshed = client({ containers: [{ name: 'web', ...ran }, proxy] })
  const closed = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { namespace: 'shop', name: 'default' },
    spec: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
  }
  const through = { upstream: '192.0.2.10:443', nat: { upstream: '127.0.0.1:15001' } }

  it('blocks what the mesh does not know', async () => {
    const connection = await told(CLOSED, [meshed, closed], through)
    expect(causeOf(connection)).toBe('egress-blocked probable')
  })

  it.each<[string, object[], ScenarioOptions]>([
    ['the lists do not say that it may not', [meshed], through],
    ['it is not the own sidecar that closed', [meshed, closed], { upstream: '192.0.2.10:443' }],
    ['the address is a pod’s', [meshed, closed, lists.pod({ ip: '192.0.2.10' })], through],
  ])('is not blamed where %s', async (_, documents, options) => {
    expect(causeOf(await told(CLOSED, documents, options))).not.toContain('egress-blocked')
  })
})

describe('an ordinary end', () => {
  it('is not looked at, whatever the lists say', async () => {
    const connection = await told(`${EXCHANGE}\n u> FA +1s\n c> A\n c> FA\n u> A`, [diedAt(2)])
    expect(connection.benign).toBe(true)
    expect(connection.causes).toEqual([])
    expect(connection.upstream.name).toBe('shop/cart-0:http')
  })
})
