import { describe, expect, it } from 'vitest'
import {
  type ContainerOptions,
  type EventOptions,
  endpointSlice,
  event,
  type PodOptions,
  pod,
  service,
} from '../../support/kubernetes-lists.ts'
import { type Asked, clusterOf, question } from './cluster-of.ts'

const APP: ContainerOptions = { name: 'app', ports: [{ port: 9000 }] }
const DAY = '2026-03-17T'

/** `fact side relation confidence` of everything that the lists say. */
function said(documents: unknown[], asked: Asked = {}): string[] {
  return clusterOf(...documents)
    .statements(question(asked))
    .map(({ fact, side, relation, confidence }) => `${fact} ${side} ${relation} ${confidence}`)
}

function texts(documents: unknown[], asked: Asked = {}): string[] {
  return clusterOf(...documents)
    .statements(question(asked))
    .map(({ text }) => text)
}

const died = (at: string, more: Partial<ContainerOptions> = {}) =>
  pod({
    containers: [
      {
        ...APP,
        ended: { exit: 137, reason: 'OOMKilled', at: `${DAY}${at}Z` },
        runningSince: `${DAY}09:41:02Z`,
        ...more,
      },
    ],
  })

describe('the end of a container', () => {
  it('explains the end that its pod made in the same second', () => {
    expect(said([died('09:40:57')])).toEqual(['container-ended upstream explains certain'])
    expect(texts([died('09:40:57')])).toEqual([
      'container app of shop/cart-7d9f6b8c5d-x2x7q was OOMKilled (exit 137) at 09:40:57Z, in the same second',
    ])
  })

  it.each([
    [
      'within a second of clocks that differ',
      '09:40:56',
      ['container-ended upstream explains certain'],
    ],
    ['1.5 s before', '09:40:55', ['container-ended upstream coincident unclear']],
    ['and as much later', '09:40:58', ['container-ended upstream explains certain']],
    ['half a minute before', '09:40:25', ['container-ended upstream coincident unclear']],
    ['ten minutes before', '09:30:57', []],
    ['a minute after', '09:41:58', []],
  ])('%s', (_, time, expected) => {
    expect(said([died(time)])).toEqual(expected)
  })

  it('does not explain what the other side ended', () => {
    const documents = [died('09:40:57')]
    expect(said(documents, { endedBy: 'client' })).toEqual([
      'container-ended upstream coincident unclear',
    ])
    expect(texts(documents, { endedBy: 'client' })[0]).toContain(
      'but the upstream did not end this connection',
    )
    expect(said(documents, { endedBy: null })).toEqual([
      'container-ended upstream coincident unclear',
    ])
  })

  it('of another container is a coincidence', () => {
    const documents = [
      pod({
        containers: [
          { ...APP },
          { name: 'metrics', ports: [{ port: 9100 }], ended: { exit: 1, at: `${DAY}09:40:57Z` } },
        ],
      }),
    ]
    expect(said(documents)).toEqual([
      'never-restarted upstream against probable',
      'container-ended-otherwise upstream coincident unclear',
    ])
    expect(texts(documents)[1]).toContain('another container holds the connection')
  })

  it('of another pod is not mentioned', () => {
    const other = pod({
      name: 'other',
      ip: '10.42.7.6',
      containers: [{ ...APP, ended: { at: `${DAY}09:40:57Z` } }],
    })
    expect(
      said([pod({ containers: [{ ...APP, runningSince: `${DAY}08:00:00Z` }] }), other]),
    ).toEqual(['never-restarted upstream against probable'])
  })

  it('is less sure where it is only the one that could listen', () => {
    const documents = [died('09:40:57', { ports: [] })]
    expect(said(documents)).toEqual(['container-ended upstream explains probable'])
  })

  it.each([
    [139, 'ended with exit 139 (SIGSEGV)'],
    [134, 'ended with exit 134 (SIGABRT)'],
    [143, 'ended with exit 143 (SIGTERM)'],
    [1, 'ended with exit 1'],
    [0, 'ended with exit 0'],
  ])('with exit %i is told by its signal', (exit, text) => {
    const documents = [died('09:40:57', { ended: { exit, at: `${DAY}09:40:57Z` } })]
    expect(texts(documents)[0]).toContain(`${text} at 09:40:57Z`)
  })
})

describe('behind a sidecar', () => {
  const meshed = (
    app: ContainerOptions,
    proxy: Partial<ContainerOptions> = {},
    more: PodOptions = {},
  ) =>
    pod({
      containers: [
        { ...APP, ...app },
        { name: 'istio-proxy', nativeSidecar: true, ...proxy },
      ],
      ...more,
    })
  const ended = { exit: 137, at: `${DAY}09:40:57Z` }

  it('the proxy ends the connections of the pod', () => {
    expect(said([meshed({}, { ended, runningSince: `${DAY}09:41:02Z` })])).toEqual([
      'sidecar-ended upstream explains certain',
    ])
  })

  it('the application ends them through the proxy at most', () => {
    const documents = [meshed({ ended, runningSince: `${DAY}09:41:02Z` })]
    expect(said(documents)).toEqual([
      'container-ended upstream explains unclear',
      'never-restarted upstream against probable',
    ])
    expect(texts(documents)[0]).toContain('behind istio-proxy, which ends the connections')
  })

  it.each([
    ['excluded', { 'traffic.sidecar.istio.io/excludeInboundPorts': '15020, 9000' }],
    ['not included', { 'traffic.sidecar.istio.io/includeInboundPorts': '8080' }],
  ])('a port that is %s is the application’s own', (_, annotations) => {
    expect(said([meshed({ ended, runningSince: `${DAY}09:41:02Z` }, {}, { annotations })])).toEqual(
      ['container-ended upstream explains certain'],
    )
  })

  it('a client’s connections are its proxy’s too', () => {
    const documents = [
      meshed({}, { ended, runningSince: `${DAY}09:41:02Z` }, { name: 'web', ip: '10.42.2.31' }),
      pod(),
    ]
    expect(said(documents, { endedBy: 'client' })).toEqual([
      'sidecar-ended client explains certain',
    ])
  })
})

describe('between an application and its own sidecar', () => {
  const ended = { exit: 137, at: `${DAY}09:40:57Z` }
  const meshed = (app: Partial<ContainerOptions>, proxy: Partial<ContainerOptions>) =>
    pod({
      containers: [
        { ...APP, ...app },
        { name: 'istio-proxy', nativeSidecar: true, ...proxy },
      ],
    })
  const INBOUND: Asked = { client: { address: '127.0.0.6' } }
  const OUTBOUND: Asked = {
    client: { address: '10.42.7.5' },
    upstream: { address: '127.0.0.1', port: 15001 },
    called: { address: '10.96.1.1', port: 80 },
  }
  const died = { ended, runningSince: `${DAY}09:41:02Z` }

  it.each<[string, Asked, unknown, string]>([
    [
      'the application ends what came in',
      INBOUND,
      meshed(died, {}),
      'container-ended upstream explains certain',
    ],
    [
      'the proxy ends what came in',
      { ...INBOUND, endedBy: 'client' },
      meshed({}, died),
      'sidecar-ended client explains certain',
    ],
    [
      'the proxy ends what goes out',
      OUTBOUND,
      meshed({}, died),
      'sidecar-ended upstream explains certain',
    ],
    [
      'the application ends what goes out',
      { ...OUTBOUND, endedBy: 'client' },
      meshed(died, {}),
      'container-ended client explains probable',
    ],
  ])('%s', (_, asked, document, expected) => {
    expect(said([document], asked)[0]).toBe(expected)
  })
})

describe('a pod that was told to stop', () => {
  const deleted = (expires: string, grace: number, more: PodOptions = {}) =>
    pod({
      deleted: { expires: `${DAY}${expires}Z`, grace },
      containers: [{ ...APP, runningSince: `${DAY}09:40:51Z` }],
      ...more,
    })

  it('was told so when its grace began, not at deletionTimestamp', () => {
    const documents = [deleted('09:41:20', 30)]
    expect(said(documents)).toEqual(['shutdown upstream explains probable'])
    expect(texts(documents)[0]).toBe(
      'deletion of shop/cart-7d9f6b8c5d-x2x7q was asked for at 09:40:50Z, 6.5 s before the end (grace period 30 s)',
    )
  })

  it('is killed when its grace is over', () => {
    expect(texts([deleted('09:40:57', 30)])[0]).toBe(
      'deletion of shop/cart-7d9f6b8c5d-x2x7q was asked for at 09:40:27Z; its grace period of 30 s was over at 09:40:57Z, in the same second: what still ran was killed',
    )
  })

  it.each([
    ['only afterwards', '09:41:35', {}, []],
    ['so long ago that it was gone', '09:40:30', {}, []],
    [
      'while the client ended it',
      '09:41:20',
      { endedBy: 'client' as const },
      ['shutdown upstream coincident unclear'],
    ],
    [
      'and refused new connections',
      '09:41:20',
      { how: 'refused' as const },
      ['shutdown upstream explains probable'],
    ],
    [
      'and fell silent when it was gone',
      '09:40:30',
      { how: 'silent' as const, endedBy: null },
      ['shutdown upstream explains probable'],
    ],
  ])('%s', (_, expires, asked, expected) => {
    const of = said([deleted(expires, 30)], asked).filter((text) => text.startsWith('shutdown'))
    expect(of).toEqual(expected)
  })

  it('ended by that, not by itself', () => {
    const ended = { exit: 143, at: `${DAY}09:40:57Z` }
    const container = { ...APP, ended, runningSince: `${DAY}09:41:02Z` }
    expect(said([deleted('09:41:20', 30, { containers: [container] })])).toEqual([
      'shutdown upstream explains certain',
      'shutdown upstream explains probable',
    ])
  })

  it('and out of memory all the same was killed by the kernel', () => {
    const ended = { exit: 137, reason: 'OOMKilled', at: `${DAY}09:40:57Z` }
    const container = { ...APP, ended, runningSince: `${DAY}09:41:02Z` }
    expect(said([deleted('09:41:20', 30, { containers: [container] })])[0]).toBe(
      'container-ended upstream explains certain',
    )
  })
})

describe('events', () => {
  const QUIET = pod({ containers: [{ ...APP, runningSince: `${DAY}09:40:51Z` }] })
  const told = (options: Partial<EventOptions>, asked: Asked = {}) =>
    said([QUIET, event({ at: `${DAY}09:40:50Z`, ...options })], asked)

  it.each<[string, Partial<EventOptions>, Asked, string[]]>([
    ['Killing', {}, {}, ['shutdown upstream explains probable']],
    [
      'Killing by a liveness probe',
      { message: 'Container app failed liveness probe, will be restarted' },
      {},
      ['shutdown upstream explains probable'],
    ],
    [
      'Killing of another container',
      { message: 'Stopping container metrics' },
      {},
      ['shutdown upstream coincident unclear'],
    ],
    [
      'Killing by its field path',
      { container: 'metrics', message: '' },
      {},
      ['shutdown upstream coincident unclear'],
    ],
    ['Killing ten minutes before', { at: `${DAY}09:30:50Z` }, {}, []],
    ['Killing after the end', { at: `${DAY}09:41:00Z` }, {}, []],
    ['Killing of another pod', { object: 'other' }, {}, []],
    ['Killing in another namespace', { namespace: 'other' }, {}, []],
    ['Killing of an earlier pod of that name', { uid: 'another' }, {}, []],
    [
      'Killing of this pod',
      { uid: 'uid-of-shop-cart-7d9f6b8c5d-x2x7q' },
      {},
      ['shutdown upstream explains probable'],
    ],
    [
      'Evicted',
      { reason: 'Evicted', message: 'The node was low on resource: memory.' },
      {},
      ['evicted upstream explains probable'],
    ],
    [
      'a failed probe',
      { reason: 'Unhealthy', message: 'Liveness probe failed' },
      {},
      ['probe-failed upstream explains unclear'],
    ],
    [
      'a failed probe of another container',
      { reason: 'Unhealthy', container: 'metrics' },
      {},
      ['probe-failed upstream coincident unclear'],
    ],
    [
      'a failed probe, and the client ended it',
      { reason: 'Unhealthy' },
      { endedBy: 'client' },
      ['probe-failed upstream coincident unclear'],
    ],
    ['a failed probe two minutes before', { reason: 'Unhealthy', at: `${DAY}09:38:50Z` }, {}, []],
    ['a back-off', { reason: 'BackOff' }, {}, ['other-event upstream coincident unclear']],
    ['a pull', { reason: 'Pulled' }, {}, []],
    [
      'its node running out of memory',
      { kind: 'Node', object: 'n1', reason: 'SystemOOM' },
      {},
      ['other-event upstream coincident unclear'],
    ],
    [
      'another node running out of memory',
      { kind: 'Node', object: 'n2', reason: 'SystemOOM' },
      {},
      [],
    ],
    [
      'its node lost, and silence',
      { kind: 'Node', object: 'n1', reason: 'NodeNotReady', at: `${DAY}09:41:40Z` },
      { how: 'silent', endedBy: null },
      ['node-lost upstream explains probable'],
    ],
    [
      'its node lost, and a reset',
      { kind: 'Node', object: 'n1', reason: 'NodeNotReady' },
      {},
      ['node-lost upstream coincident unclear'],
    ],
  ])('%s', (_, options, asked, expected) => {
    expect(told(options, asked)).toEqual(expected)
  })

  it.each<[string, Asked, string[]]>([
    ['and silence', { how: 'silent', endedBy: null }, ['node-lost upstream explains probable']],
    ['and a reset', {}, []],
  ])('of a lost node are outlived by its condition, %s', (_, asked, expected) => {
    const condition = { type: 'Ready', status: 'Unknown', lastTransitionTime: `${DAY}09:41:40Z` }
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n1' },
      status: { conditions: [condition] },
    }
    expect(said([QUIET, node], asked)).toEqual(expected)
  })

  it('of a static pod carry the name that its kubelet gives it', () => {
    const mirror = pod({
      annotations: { 'kubernetes.io/config.mirror': 'abc' },
      containers: [{ ...APP, runningSince: `${DAY}09:40:51Z` }],
    })
    const killing = event({ at: `${DAY}09:40:50Z`, uid: 'abc' })
    expect(said([mirror, killing])).toEqual(['shutdown upstream explains probable'])
  })

  it('that take an eviction back are none', () => {
    const message = 'Cancelling deletion of Pod shop/cart-7d9f6b8c5d-x2x7q'
    expect(told({ reason: 'TaintManagerEviction', message })).toEqual([])
  })

  it('that stand for many say what they hide', () => {
    const many = event({
      reason: 'Unhealthy',
      message: 'Readiness probe failed',
      first: `${DAY}09:00:00Z`,
      at: `${DAY}10:00:00Z`,
      count: 40,
    })
    expect(texts([QUIET, many])).toEqual([
      'event Unhealthy of shop/cart-7d9f6b8c5d-x2x7q: Readiness probe failed (one of 40 from 09:00:00Z to 10:00:00Z: when the others were is not in the list)',
    ])
    const two = event({
      reason: 'Unhealthy',
      first: `${DAY}09:00:00Z`,
      at: `${DAY}10:00:00Z`,
      count: 2,
    })
    expect(texts([QUIET, two])).toEqual([])
  })

  it('of events.k8s.io are the same', () => {
    const series = { count: 3, lastObservedTime: `${DAY}09:40:56.250000Z` }
    const modern = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'shop', name: 'a.1' },
      regarding: {
        kind: 'Pod',
        namespace: 'shop',
        name: 'cart-7d9f6b8c5d-x2x7q',
        fieldPath: 'spec.containers{app}',
      },
      reason: 'Unhealthy',
      note: 'Liveness probe failed: context deadline exceeded',
      eventTime: `${DAY}09:40:36.250000Z`,
      series,
      deprecatedFirstTimestamp: null,
    }
    expect(texts([QUIET, modern])).toEqual([
      'event Unhealthy of container app of shop/cart-7d9f6b8c5d-x2x7q: Liveness probe failed: context deadline exceeded, at 09:40:56.250Z, 1.2 s before the end (one of 3 from 09:40:36.250Z to 09:40:56.250Z: when the others were is not in the list)',
    ])
  })

  it('in both forms are one', () => {
    const core = event({ at: `${DAY}09:40:56Z`, reason: 'Unhealthy' }) as Record<string, unknown>
    const { involvedObject, lastTimestamp, firstTimestamp, ...rest } = core
    const modern = {
      ...rest,
      apiVersion: 'events.k8s.io/v1',
      regarding: involvedObject,
      deprecatedFirstTimestamp: firstTimestamp,
      deprecatedLastTimestamp: lastTimestamp,
    }
    expect(clusterOf(core, modern).facts.events.count).toBe(1)
    expect(told({})).toHaveLength(1)
  })

  it('tell from when to when they are', () => {
    const { events } = clusterOf(
      event({ at: `${DAY}09:40:56Z`, first: `${DAY}09:10:00Z` }),
      event({ at: `${DAY}09:20:00Z` }),
    ).facts
    expect(events).toEqual({
      count: 2,
      oldest: Date.parse(`${DAY}09:10:00Z`) * 1e6,
      newest: Date.parse(`${DAY}09:40:56Z`) * 1e6,
    })
    expect(clusterOf().facts.events).toEqual({ count: 0, oldest: null, newest: null })
  })
})

describe('a SYN that was refused', () => {
  const refused: Asked = { how: 'refused', first: '09:40:57.485' }
  const up = (container: Partial<ContainerOptions>, more: PodOptions = {}) =>
    said([pod({ containers: [{ ...APP, ...container }], ...more })], refused)

  it.each<[string, Partial<ContainerOptions>, PodOptions, string[]]>([
    [
      'before its container was first started',
      { runningSince: `${DAY}09:41:00Z`, restarts: 0 },
      {},
      ['not-started upstream explains certain'],
    ],
    ['in the second of its start', { runningSince: `${DAY}09:40:58Z`, restarts: 0 }, {}, []],
    [
      'between two runs of its container',
      { runningSince: `${DAY}09:41:00Z`, ended: { at: `${DAY}09:40:56Z` } },
      {},
      ['not-started upstream explains certain'],
    ],
    [
      'while it waits to be started again',
      { waiting: 'CrashLoopBackOff', ended: { at: `${DAY}09:40:20Z` } },
      {},
      ['not-started upstream explains certain'],
    ],
    [
      'while an earlier run was still up',
      {
        runningSince: `${DAY}10:00:00Z`,
        ended: { started: `${DAY}09:00:00Z`, at: `${DAY}09:59:00Z` },
      },
      {},
      [],
    ],
    [
      'before a start of which the lists know nothing more',
      {
        runningSince: `${DAY}10:00:00Z`,
        restarts: 7,
        ended: { started: `${DAY}09:50:00Z`, at: `${DAY}09:59:00Z` },
      },
      {},
      ['not-started upstream explains unclear'],
    ],
    [
      'before the pod became ready',
      {},
      { ready: [true, `${DAY}09:41:05Z`] },
      ['not-ready upstream explains probable'],
    ],
    [
      'hours before it became ready',
      {},
      { ready: [true, `${DAY}12:41:05Z`] },
      ['not-ready upstream explains unclear'],
    ],
    [
      'after it stopped being ready',
      {},
      { ready: [false, `${DAY}09:40:05Z`] },
      ['not-ready upstream explains probable'],
    ],
    ['before it stopped being ready', {}, { ready: [false, `${DAY}09:45:05Z`] }, []],
    ['while it was up and ready', {}, {}, []],
  ])('%s', (_, container, more, expected) => {
    expect(up(container, more)).toEqual(expected)
  })

  it('says when it was started, and why it had to be', () => {
    const container = {
      ...APP,
      runningSince: `${DAY}09:41:00Z`,
      ended: { exit: 137, reason: 'OOMKilled', at: `${DAY}09:40:56Z` },
    }
    expect(texts([pod({ containers: [container] })], refused)).toEqual([
      'container app of shop/cart-7d9f6b8c5d-x2x7q was started at 09:41:00Z, 2.5 s after the SYN: nothing could listen before; before that it was OOMKilled (exit 137) at 09:40:56Z',
    ])
  })

  it('does not depend on another container', () => {
    const late = { name: 'metrics', runningSince: `${DAY}09:41:00Z`, restarts: 0 }
    expect(said([pod({ containers: [APP, late] })], refused)).toEqual([])
  })
})

describe('a Service', () => {
  const refused: Asked = { how: 'refused', called: { address: '10.96.88.12', port: 8000 } }
  const to = (target: number | string) => service({ ports: [{ port: 8000, target }] })
  const listening = (port: number) =>
    pod({ containers: [{ name: 'app', ports: [{ port, name: 'http' }] }] })

  it('whose target port no container declares, and that the packets show refused', () => {
    const documents = [listening(8080), to(9000)]
    expect(said(documents, refused)).toEqual(['target-port upstream explains probable'])
    expect(texts(documents, refused)).toEqual([
      'Service shop/cart sends port 8000 to port 9000 of its pods; shop/cart-7d9f6b8c5d-x2x7q refuses it, and its containers declare 8080 (app)',
    ])
  })

  it.each([
    ['declared', [listening(9000), to(9000)], []],
    ['of a pod that declares none', [pod(), to(9000)], ['target-port upstream coincident unclear']],
    [
      'known without the Service’s address',
      [listening(8080), to(9000)],
      ['target-port upstream explains probable'],
    ],
  ])('whose target port is %s', (_, documents, expected) => {
    expect(said(documents as unknown[], { how: 'refused' })).toEqual(expected)
  })

  it.each([
    [
      'without pods',
      [service()],
      'Service shop/cart has no ready endpoint: no running pod of the lists has the labels app=cart',
    ],
    [
      'whose pods are not ready',
      [pod({ ready: [false, `${DAY}09:00:00Z`] }), service()],
      'Service shop/cart has no ready endpoint: none of its 1 is ready',
    ],
    [
      'whose endpoints are not ready',
      [pod(), service(), endpointSlice({}, [{ ip: '10.42.7.5', ready: false }])],
      'Service shop/cart has no ready endpoint: none of its 1 is ready',
    ],
    [
      'that has no such port',
      [pod(), service({ ports: [{ port: 80 }] })],
      'Service shop/cart has no port 8000 (it has 80)',
    ],
  ])('%s explains an ICMP refusal', (_, documents, text) => {
    const called = { address: '10.96.88.12', port: 8000 }
    const asked: Asked = { how: 'icmp-refused', called, upstream: called, endedBy: null }
    const [first] = clusterOf(...documents).statements(question(asked))
    expect(first).toMatchObject({ text, relation: 'explains', confidence: 'probable' })
  })

  it('with ready endpoints speaks against that', () => {
    const called = { address: '10.96.88.12', port: 8000 }
    const asked: Asked = { how: 'icmp-refused', called, upstream: called, endedBy: null }
    expect(said([pod(), service()], asked)).toEqual(['has-endpoints upstream against unclear'])
  })
})

describe('an address', () => {
  it('that the pod got only after the connection had begun proves a stale endpoint', () => {
    const documents = [
      pod({ started: `${DAY}09:40:40Z`, name: 'new' }),
      pod({ started: `${DAY}08:00:00Z`, name: 'old' }),
    ]
    const asked: Asked = { first: '09:39:00' }
    expect(said(documents, asked)).toContain('pod-is-newer upstream explains certain')
    expect(texts(documents, asked)[0]).toBe(
      'shop/new has the address 10.42.7.5 only since 09:40:40Z, when this connection had already begun; shop/old had it before',
    )
    expect(said(documents, { ...asked, endedBy: 'client' })).toContain(
      'pod-is-newer upstream coincident unclear',
    )
  })

  it('that the pod had all the time says nothing', () => {
    expect(said([pod({ started: `${DAY}09:39:00Z` })], { first: '09:39:00.2' })).not.toContain(
      'pod-is-newer upstream explains certain',
    )
  })

  it('of a pod that had finished', () => {
    const job = pod({
      name: 'job',
      phase: 'Succeeded',
      containers: [{ ended: { at: `${DAY}09:00:00Z`, now: true } }],
    })
    expect(said([job], { how: 'no-answer', endedBy: null })).toEqual([
      'pod-had-finished upstream explains probable',
    ])
  })
})

describe('a container that runs', () => {
  it.each([
    ['since before the connection', '09:30:00', ['never-restarted upstream against probable']],
    ['since some moment between', '09:40:53', ['restarted-since upstream explains probable']],
    ['since the second in which the connection began', '09:40:50', []],
  ])('%s', (_, time, expected) => {
    const container = { ...APP, runningSince: `${DAY}${time}Z`, ended: { at: `${DAY}09:00:00Z` } }
    expect(said([pod({ containers: [container] })])).toEqual(expected)
  })
})
