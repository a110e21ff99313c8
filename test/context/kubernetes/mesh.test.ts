import { describe, expect, it } from 'vitest'
import {
  destinationRule,
  type PodOptions,
  peerAuthentication,
  pod,
  service,
} from '../../support/kubernetes-lists.ts'
import { type Asked, clusterOf, question } from './cluster-of.ts'

const PROXY = { name: 'istio-proxy', nativeSidecar: true }
const APP = { name: 'app', ports: [{ port: 9000 }] }
const server = (sidecar: boolean, more: PodOptions = {}) =>
  pod({ containers: sidecar ? [APP, PROXY] : [APP], ...more })
const client = (sidecar: boolean) =>
  pod({
    name: 'web',
    namespace: 'front',
    ip: '10.42.2.31',
    labels: { app: 'web' },
    containers: sidecar ? [{}, PROXY] : [{}],
  })
const strict = (namespace: string, more: object = {}, name = 'default') =>
  peerAuthentication(namespace, { mtls: { mode: 'STRICT' }, ...more }, name)

function said(documents: unknown[], asked: Asked): string[] {
  return clusterOf(...documents)
    .statements(question(asked))
    .filter(({ fact }) => /mtls|client-/.test(fact))
    .map(({ fact, relation, confidence }) => `${fact} ${relation} ${confidence}`)
}

const PLAIN: Asked = { spoke: 'plaintext' }

describe('PeerAuthentication', () => {
  const both = [server(true), client(false)]
  const STRICT = 'strict-mtls explains certain'
  const OPEN = 'permissive-mtls against probable'

  it.each<[string, unknown[], string[]]>([
    ['of the mesh', [strict('istio-system')], [STRICT]],
    ['of the namespace', [strict('shop')], [STRICT]],
    ['of another namespace', [strict('front')], []],
    ['of the workload', [strict('shop', { selector: { matchLabels: { app: 'cart' } } })], [STRICT]],
    ['of another workload', [strict('shop', { selector: { matchLabels: { app: 'x' } } })], []],
    [
      'of a port of the workload',
      [
        peerAuthentication('shop', {
          selector: { matchLabels: { app: 'cart' } },
          mtls: { mode: 'PERMISSIVE' },
          portLevelMtls: { 9000: { mode: 'STRICT' } },
        }),
      ],
      [STRICT],
    ],
    [
      'of another port of the workload',
      [
        peerAuthentication('shop', {
          selector: { matchLabels: { app: 'cart' } },
          mtls: { mode: 'PERMISSIVE' },
          portLevelMtls: { 9001: { mode: 'STRICT' } },
        }),
      ],
      [OPEN],
    ],
    [
      'of a port without a workload',
      [peerAuthentication('shop', { portLevelMtls: { 9000: { mode: 'STRICT' } } })],
      [],
    ],
    [
      'namespace before mesh',
      [strict('istio-system'), peerAuthentication('shop', { mtls: { mode: 'PERMISSIVE' } })],
      [OPEN],
    ],
    [
      'workload before namespace',
      [
        strict('shop'),
        peerAuthentication(
          'shop',
          { selector: { matchLabels: { app: 'cart' } }, mtls: { mode: 'DISABLE' } },
          'cart',
        ),
      ],
      [OPEN],
    ],
    [
      'unset inherits',
      [strict('istio-system'), peerAuthentication('shop', { mtls: { mode: 'UNSET' } })],
      [STRICT],
    ],
  ])('%s', (_, policies, expected) => {
    expect(said([...both, ...policies], PLAIN)).toEqual(expected)
  })

  it('of two at one level the older holds', () => {
    const younger = strict('shop', {}, 'a') as { metadata: Record<string, unknown> }
    younger.metadata.creationTimestamp = '2026-02-01T00:00:00Z'
    const older = peerAuthentication('shop', { mtls: { mode: 'PERMISSIVE' } }, 'b')
    expect(said([...both, younger, older], PLAIN)).toEqual([OPEN])
  })

  it('names both ends', () => {
    const [first] = clusterOf(...both, strict('istio-system')).statements(question(PLAIN))
    expect(first?.text).toBe(
      "PeerAuthentication istio-system/default (STRICT) holds for shop/cart-7d9f6b8c5d-x2x7q: its proxy accepts the mesh's mutual TLS only, and front/web has no sidecar",
    )
  })

  it.each<[string, unknown[], Asked, string[]]>([
    ['has no effect without a proxy', [server(false), client(false)], PLAIN, []],
    [
      'has no effect on a port that the proxy leaves alone',
      [
        server(true, { annotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '9000' } }),
        client(false),
      ],
      PLAIN,
      [],
    ],
    [
      'holds in the ambient mesh',
      [
        server(false, { labels: { app: 'cart', 'istio.io/dataplane-mode': 'ambient' } }),
        client(false),
      ],
      PLAIN,
      [STRICT],
    ],
    [
      'a client that the lists do not know',
      [server(true)],
      PLAIN,
      ['strict-mtls explains probable'],
    ],
    [
      'a client with a sidecar that spoke TLS',
      [server(true), client(true)],
      { spoke: 'tls' },
      ['strict-mtls coincident unclear'],
    ],
    ['a client that said nothing', both, {}, []],
    ['a connection that was refused', both, { ...PLAIN, how: 'refused' }, []],
  ])('%s', (_, pods, asked, expected) => {
    expect(said([...pods, strict('istio-system')], asked)).toEqual(expected)
  })
})

describe('DestinationRule', () => {
  const CALLED = { address: '10.96.88.12', port: 8000 }
  const TLS: Asked = { spoke: 'tls', called: CALLED }
  const rule = (namespace: string, host: string, mode: string, more: object = {}) =>
    destinationRule(
      namespace,
      { host, trafficPolicy: { tls: { mode } }, ...more },
      `${mode.toLowerCase().replace('_', '-')}-in-${namespace}`,
    )
  const asked = (...rules: unknown[]) =>
    said([server(false), client(true), service(), ...rules], TLS)
  const MUTUAL = 'client-tls explains certain'

  it.each<[string, unknown, string[]]>([
    ['by full name', rule('front', 'cart.shop.svc.cluster.local', 'ISTIO_MUTUAL'), [MUTUAL]],
    ['by name and namespace', rule('front', 'cart.shop', 'ISTIO_MUTUAL'), [MUTUAL]],
    ['by short name in its own namespace', rule('shop', 'cart', 'ISTIO_MUTUAL'), [MUTUAL]],
    ['by short name in another namespace', rule('front', 'cart', 'ISTIO_MUTUAL'), []],
    ['by wildcard', rule('istio-system', '*.shop.svc.cluster.local', 'ISTIO_MUTUAL'), [MUTUAL]],
    ['for all hosts', rule('istio-system', '*', 'ISTIO_MUTUAL'), [MUTUAL]],
    [
      'of a namespace that is nobody’s here',
      rule('other', 'cart.shop.svc.cluster.local', 'ISTIO_MUTUAL'),
      [],
    ],
    [
      'with the application’s own TLS',
      rule('shop', 'cart', 'SIMPLE'),
      ['client-tls explains probable'],
    ],
    ['for another Service', rule('shop', 'pay', 'ISTIO_MUTUAL'), []],
    [
      'for the port',
      destinationRule('shop', {
        host: 'cart',
        trafficPolicy: {
          portLevelSettings: [{ port: { number: 8000 }, tls: { mode: 'ISTIO_MUTUAL' } }],
        },
      }),
      [MUTUAL],
    ],
    [
      'for another port',
      destinationRule('shop', {
        host: 'cart',
        trafficPolicy: {
          portLevelSettings: [{ port: { number: 9000 }, tls: { mode: 'ISTIO_MUTUAL' } }],
        },
      }),
      [],
    ],
    ['whose host is no host', rule('shop', 'cart/../x', 'ISTIO_MUTUAL'), []],
  ])('%s', (_, document, expected) => {
    expect(asked(document)).toEqual(expected)
  })

  it('the one of the client’s namespace comes first', () => {
    const rules = [
      rule('front', 'cart.shop.svc.cluster.local', 'DISABLE'),
      rule('shop', 'cart', 'ISTIO_MUTUAL'),
    ]
    expect(asked(...rules)).toEqual([])
  })

  it('of a subset holds for that subset', () => {
    const document = destinationRule('shop', {
      host: 'cart',
      subsets: [{ name: 'v1', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } }],
    })
    const documents = [server(false), client(true), service(), document]
    expect(said(documents, TLS)).toEqual([])
    expect(said(documents, { ...TLS, subset: 'v1' })).toEqual([MUTUAL])
    expect(said(documents, { ...TLS, subset: 'v2' })).toEqual([])
  })

  it('to a server with a proxy is as it should be', () => {
    const documents = [server(true), client(true), service(), rule('shop', 'cart', 'ISTIO_MUTUAL')]
    expect(said(documents, TLS)).toEqual(['client-tls coincident unclear'])
  })

  it('does nothing for a client without a proxy', () => {
    expect(
      said([server(false), client(false), service(), rule('shop', 'cart', 'ISTIO_MUTUAL')], TLS),
    ).toEqual([])
  })

  it('DISABLE explains plaintext to a server that takes mutual TLS only', () => {
    const documents = [
      server(true),
      client(true),
      service(),
      strict('shop'),
      rule('shop', 'cart', 'DISABLE'),
    ]
    expect(said(documents, { ...PLAIN, called: CALLED })).toEqual([
      'strict-mtls explains probable',
      'client-plaintext explains probable',
    ])
  })
})

describe('an address that the mesh does not know', () => {
  const entry = (spec: object) => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { namespace: 'front', name: 'world' },
    spec,
  })
  const outside: Asked = { upstream: { address: '192.0.2.10', port: 443 } }
  const facts = (...documents: unknown[]) =>
    clusterOf(...documents)
      .statements(question(outside))
      .map(({ fact }) => fact)

  it('is worth a word where the client has a sidecar', () => {
    expect(facts(client(true))).toEqual(['not-in-registry'])
    expect(facts(client(false))).toEqual([])
    expect(
      facts(client(true), entry({ hosts: ['a.example'], addresses: ['192.0.2.0/24'] })),
    ).toEqual([])
    expect(
      facts(client(true), entry({ hosts: ['a.example'], endpoints: [{ address: '192.0.2.10' }] })),
    ).toEqual([])
    expect(
      facts(client(true), entry({ hosts: ['a.example'], addresses: ['192.0.3.0/24', 'x'] })),
    ).toEqual(['not-in-registry'])
  })

  const outbound = (mode: string, spec: object = {}, namespace = 'front') => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { namespace, name: 'default' },
    spec: { outboundTrafficPolicy: { mode }, ...spec },
  })
  const meshConfig = (mesh: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'istio-system', name: 'istio' },
    data: { mesh },
  })
  const STRICT_MESH = 'accessLogFile: /dev/stdout\noutboundTrafficPolicy:\n  mode: REGISTRY_ONLY\n'

  it.each<[string, unknown[], string[]]>([
    ['nothing', [], ['coincident unclear']],
    ['the mesh', [meshConfig(STRICT_MESH)], ['explains probable']],
    [
      'the mesh, elsewhere in its configuration',
      [meshConfig('x:\n  outboundTrafficPolicy: y')],
      ['coincident unclear'],
    ],
    ['the namespace', [outbound('REGISTRY_ONLY')], ['explains probable']],
    ['another namespace', [outbound('REGISTRY_ONLY', {}, 'shop')], ['coincident unclear']],
    ['the root namespace', [outbound('REGISTRY_ONLY', {}, 'istio-system')], ['explains probable']],
    ['the namespace before the mesh', [meshConfig(STRICT_MESH), outbound('ALLOW_ANY')], []],
    [
      'the workload',
      [outbound('REGISTRY_ONLY', { workloadSelector: { labels: { app: 'web' } } })],
      ['explains probable'],
    ],
    [
      'another workload',
      [outbound('REGISTRY_ONLY', { workloadSelector: { labels: { app: 'x' } } })],
      ['coincident unclear'],
    ],
  ])('is told with what %s says of the way out', (_, documents, expected) => {
    const statements = clusterOf(client(true), ...documents).statements(question(outside))
    expect(statements.map(({ relation, confidence }) => `${relation} ${confidence}`)).toEqual(
      expected,
    )
  })
})
