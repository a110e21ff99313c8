import { describe, expect, it } from 'vitest'
import {
  endpointSlice,
  list,
  type PodOptions,
  pod,
  service,
} from '../../support/kubernetes-lists.ts'
import { at, clusterOf } from './cluster-of.ts'

const HTTP = [{ name: 'app', ports: [{ port: 9000, name: 'http' }] }]
const NOON = at('12:00:00')

function nameAt(documents: unknown[], address: string, port: number, time: string) {
  const found = clusterOf(...documents).resolve(address, port, at(time))
  return found === null ? null : `${found.kind} ${found.name}`
}

describe('a pod', () => {
  it('is named with container, port, node, owner and Service', () => {
    const cluster = clusterOf(
      list(
        pod({
          containers: HTTP,
          labels: { app: 'cart', 'pod-template-hash': '7d9f6b8c5d' },
          owner: ['ReplicaSet', 'cart-7d9f6b8c5d'],
        }),
        service(),
      ),
    )
    expect(cluster.resolve('10.42.7.5', 9000, NOON)).toEqual({
      kind: 'pod',
      namespace: 'shop',
      name: 'cart-7d9f6b8c5d-x2x7q',
      podName: 'cart-7d9f6b8c5d-x2x7q',
      container: 'app',
      port: 'http',
      node: 'n1',
      service: 'shop/cart',
      owner: 'Deployment/cart',
      sidecar: 'none',
      since: '2026-03-17T08:00:00.000000000Z',
      until: null,
      basis: 'pod IP since 08:00:00Z',
    })
  })

  it.each<[string, PodOptions['owner'], Record<string, string>, string | null]>([
    [
      'a ReplicaSet with the hash of its label',
      ['ReplicaSet', 'a-b-abc123'],
      { 'pod-template-hash': 'abc123' },
      'Deployment/a-b',
    ],
    [
      'a ReplicaSet by the alphabet of hashes',
      ['ReplicaSet', 'cart-7d9f6b8c5d'],
      {},
      'Deployment/cart',
    ],
    ['a ReplicaSet of its own', ['ReplicaSet', 'canary'], {}, 'ReplicaSet/canary'],
    ['a StatefulSet', ['StatefulSet', 'db'], {}, 'StatefulSet/db'],
    ['nobody', undefined, {}, null],
  ])('is owned by %s', (_, owner, labels, expected) => {
    const cluster = clusterOf(pod({ labels, ...(owner === undefined ? {} : { owner }) }))
    expect(cluster.resolve('10.42.7.5', 80, NOON)?.owner).toBe(expected)
  })

  it('has all of its addresses, however they are written', () => {
    const cluster = clusterOf(pod({ ips: ['FD00:0:0:42::7'] }))
    expect(cluster.resolve('fd00:0:0:42::7', 80, NOON)?.podName).toBe('cart-7d9f6b8c5d-x2x7q')
  })

  it('is not who had its address before it started', () => {
    const documents = [pod({ started: '2026-03-17T09:00:00Z' })]
    expect(clusterOf(...documents).resolve('10.42.7.5', 80, at('08:59:00'))).toMatchObject({
      kind: 'unknown',
      name: null,
      basis:
        'shop/cart-7d9f6b8c5d-x2x7q has this address, and started only at 09:00:00Z: not this pod',
    })
    expect(nameAt(documents, '10.42.7.5', 80, '09:00:00')).toBe('pod cart-7d9f6b8c5d-x2x7q')
  })

  it.each(['Succeeded', 'Failed'])(
    'that has %s keeps its address in the list, but did not own it',
    (phase) => {
      const job = pod({
        name: 'job',
        phase,
        containers: [{ ended: { at: '2026-03-17T09:00:00Z', now: true } }],
      })
      expect(nameAt([job], '10.42.7.5', 80, '08:30:00')).toBe('pod job')
      expect(clusterOf(job).resolve('10.42.7.5', 80, at('09:30:00'))?.basis).toBe(
        'shop/job had this address, and had ended at 09:00:00Z: not this pod',
      )
    },
  )

  it('has its address until the next one has it', () => {
    const documents = [
      pod({
        name: 'job',
        phase: 'Succeeded',
        containers: [{ ended: { at: '2026-03-17T08:30:00Z', now: true } }],
      }),
      // Of an earlier snapshot: it does not know that it was deleted.
      pod({ name: 'old', started: '2026-03-17T08:40:00Z' }),
      pod({ name: 'new', started: '2026-03-17T09:00:00Z' }),
    ]
    const times = ['08:10:00', '08:35:00', '08:50:00', '08:59:57', '09:00:03', '10:00:00']
    expect(times.map((time) => nameAt(documents, '10.42.7.5', 80, time))).toEqual([
      'pod job',
      'unknown null',
      'pod old',
      'pod old',
      'pod new',
      'pod new',
    ])
  })

  it('evicted long ago does not own its address', () => {
    const evicted = pod({
      name: 'gone',
      phase: 'Failed',
      reason: 'Evicted',
      ready: [false, '2026-03-17T08:20:00Z'],
    })
    expect(nameAt([evicted], '10.42.7.5', 80, '08:10:00')).toBe('pod gone')
    expect(nameAt([evicted], '10.42.7.5', 80, '09:10:00')).toBe('unknown null')
  })

  it('of two snapshots is one pod that both know of', () => {
    const before = pod({
      version: 5,
      containers: [{ ended: { at: '2026-03-17T08:30:00Z' }, restarts: 1 }],
    })
    const after = pod({
      version: 9,
      containers: [{ ended: { at: '2026-03-17T09:30:00Z' }, restarts: 2 }],
    })
    for (const order of [
      [before, after],
      [after, before],
    ]) {
      const statements = (time: string) =>
        clusterOf(...order).statements({
          client: {
            address: '10.1.1.1',
            port: 1,
            first: at('08:20:00'),
            end: { from: at(time), to: at(time) },
          },
          upstream: {
            address: '10.42.7.5',
            port: 80,
            first: at('08:20:00'),
            end: { from: at(time), to: at(time) },
          },
          called: { address: '10.42.7.5', port: 80 },
          endedBy: 'upstream',
          how: 'closed',
          spoke: 'nothing',
          subset: null,
        })
      expect(statements('08:30:00.5')[0]).toMatchObject({
        fact: 'container-ended',
        relation: 'explains',
      })
      expect(statements('09:30:00.5')[0]).toMatchObject({
        fact: 'container-ended',
        relation: 'explains',
      })
    }
  })
})

describe('the container of a port', () => {
  const two = (more: PodOptions = {}) =>
    pod({
      containers: [
        {
          name: 'app',
          ports: [
            { port: 9000, name: 'http' },
            { port: 9000, protocol: 'UDP' },
          ],
        },
        { name: 'metrics', ports: [{ port: 9100 }] },
      ],
      ...more,
    })
  const containerAt = (document: unknown, port: number) =>
    clusterOf(document).resolve('10.42.7.5', port, NOON)?.container

  it('is the one that declares it', () => {
    expect(containerAt(two(), 9100)).toBe('metrics')
    expect(containerAt(two(), 9000)).toBe('app')
  })

  it('is not guessed among several', () => {
    expect(containerAt(two(), 7777)).toBeNull()
  })

  it('is the only one beside the proxy', () => {
    const sidecar = { name: 'istio-proxy', nativeSidecar: true, ports: [{ port: 15090 }] }
    const document = pod({
      containers: [{ name: 'app' }, { name: 'istio-init', init: true }, sidecar],
    })
    expect(containerAt(document, 7777)).toBe('app')
    expect(containerAt(document, 15021)).toBe('istio-proxy')
    expect(containerAt(document, 15090)).toBe('istio-proxy')
  })
})

describe('the proxy beside an application', () => {
  const sidecarOf = (options: PodOptions) =>
    clusterOf(pod(options)).resolve('10.42.7.5', 80, NOON)?.sidecar

  it.each<[string, PodOptions, string]>([
    ['a container', { containers: [{}, { name: 'istio-proxy' }] }, 'istio-proxy'],
    [
      'a native sidecar',
      { containers: [{}, { name: 'istio-proxy', nativeSidecar: true }] },
      'istio-proxy',
    ],
    ['not the init container', { containers: [{}, { name: 'istio-init', init: true }] }, 'none'],
    ['ambient by label', { labels: { 'istio.io/dataplane-mode': 'ambient' } }, 'ambient'],
    [
      'ambient by annotation',
      { annotations: { 'ambient.istio.io/redirection': 'enabled' } },
      'ambient',
    ],
    ['none', {}, 'none'],
    ['unknown', { containers: [] }, 'unknown'],
  ])('%s', (_, options, expected) => {
    expect(sidecarOf(options)).toBe(expected)
  })
})

describe('addresses of nodes', () => {
  const hostPod = pod({
    name: 'proxy',
    hostNetwork: true,
    ip: '10.0.0.1',
    containers: [{ ports: [{ port: 8443 }] }],
  })
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n9' },
    status: {
      addresses: [
        { type: 'InternalIP', address: '10.0.0.9' },
        { type: 'Hostname', address: 'n9' },
      ],
    },
  }

  it.each([
    ['a pod in the network of its node, by its port', '10.0.0.1', 8443, 'pod proxy'],
    ['the node itself', '10.0.0.1', 50000, 'node n1'],
    ['a host port', '10.0.0.2', 8080, 'pod ported'],
    ['a node by its own object', '10.0.0.9', 22, 'node n9'],
    ['a node port', '10.0.0.9', 30080, 'service cart'],
    ['nobody', '192.0.2.1', 80, null],
  ])('%s', (_, address, port, expected) => {
    const documents = [
      hostPod,
      node,
      pod({
        name: 'ported',
        hostIp: '10.0.0.2',
        node: 'n2',
        containers: [{ ports: [{ port: 80, hostPort: 8080 }] }],
      }),
      service({ ports: [{ port: 80, target: 'http', nodePort: 30080 }] }),
    ]
    expect(nameAt(documents, address, port, '12:00:00')).toBe(expected)
  })

  it('are the pod of that time, not of now', () => {
    const later = pod({
      hostNetwork: true,
      ip: '10.0.0.1',
      started: '2026-03-17T11:00:00Z',
      containers: [{ ports: [{ port: 8443 }] }],
    })
    expect(nameAt([later], '10.0.0.1', 8443, '10:00:00')).toBe('node n1')
    expect(nameAt([later], '10.0.0.1', 8443, '12:00:00')).toBe('pod cart-7d9f6b8c5d-x2x7q')
  })
})

describe('a Service', () => {
  const pods = [
    pod({ name: 'a', containers: HTTP }),
    pod({ name: 'b', ip: '10.42.7.6', containers: HTTP }),
  ]

  it.each([
    ['its cluster IP', '10.96.88.12', 8000, 'service cart', 'cluster IP of the Service'],
    ['its IPv6 cluster IP', 'fd00:96::12', 8000, 'service cart', 'cluster IP of the Service'],
    ['an external IP', '203.0.113.5', 8000, 'service cart', 'external IP of the Service'],
    ['its load balancer', '203.0.113.6', 8000, 'service cart', 'external IP of the Service'],
    [
      'a port that it has not',
      '10.96.88.12',
      8001,
      'service cart',
      'cluster IP of the Service, which has no such port',
    ],
  ])('by %s', (_, address, port, expected, basis) => {
    const documents = [
      ...pods,
      service({ ips: ['fd00:96:0::12'], externalIps: ['203.0.113.5'], balancer: ['203.0.113.6'] }),
    ]
    const found = clusterOf(...documents).resolve(address, port, NOON)
    expect(`${found?.kind} ${found?.name}`).toBe(expected)
    expect(found?.basis).toBe(basis)
    expect(found?.podName).toBeNull()
  })

  it('with one pod names that pod and what listens there', () => {
    const found = clusterOf(
      pods[0],
      service({ ports: [{ port: 8000, target: 'http', name: 'web' }] }),
    )
    expect(found.resolve('10.96.88.12', 8000, NOON)).toMatchObject({
      kind: 'service',
      name: 'cart',
      port: 'web',
      podName: 'a',
      container: 'app',
      basis: 'cluster IP of the Service, its only pod',
    })
  })

  it('without address (headless) is no Service of the address None', () => {
    expect(clusterOf(service({ ip: 'None' })).facts.warnings).toEqual([])
  })

  it('of a pod is the one whose endpoints say so, else the one that selects it', () => {
    const other = service({ name: 'other', ip: '10.96.1.1', ports: [{ port: 80, target: 9000 }] })
    const cart = service({ ports: [{ port: 80, target: 9000 }] })
    const slice = endpointSlice({}, [{ ip: '10.42.7.5', pod: 'a' }])
    const serviceOf = (...documents: unknown[]) =>
      clusterOf(...pods, ...documents).resolve('10.42.7.5', 9000, NOON)?.service
    expect(serviceOf(other, cart, slice)).toBe('shop/cart')
    expect(serviceOf(other)).toBe('shop/other')
    expect(
      serviceOf(service({ selector: { app: 'x' }, ports: [{ port: 80, target: 9000 }] })),
    ).toBeNull()
  })

  it('names its endpoints where no pod was listed', () => {
    const cluster = clusterOf(endpointSlice({}, [{ ip: '10.42.7.5', pod: 'cart-0' }]))
    expect(cluster.resolve('10.42.7.5', 9000, NOON)).toMatchObject({
      kind: 'pod',
      podName: 'cart-0',
      service: 'shop/cart',
      since: null,
    })
  })
})
