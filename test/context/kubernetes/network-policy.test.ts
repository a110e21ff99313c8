import { describe, expect, it } from 'vitest'
import { networkPolicy, pod, service } from '../../support/kubernetes-lists.ts'
import { type Asked, clusterOf, question } from './cluster-of.ts'

/** Target 10.42.7.5 (app=db, port 9000 `pg`) and caller 10.42.2.31 (app=web), in namespaces shop and front. */
const DB = pod({
  name: 'db',
  labels: { app: 'db', tier: 'data' },
  containers: [{ ports: [{ port: 9000, name: 'pg' }] }],
})
const WEB = pod({
  name: 'web',
  namespace: 'front',
  ip: '10.42.2.31',
  hostIp: '10.0.0.2',
  labels: { app: 'web' },
})
const namespace = (name: string, labels: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
})

function verdicts(policies: unknown[], asked: Asked = {}, others: unknown[] = [DB, WEB]): string[] {
  const dropped = question({ how: 'no-answer', endedBy: null, ...asked })
  return clusterOf(...others, ...policies)
    .statements(dropped)
    .filter(({ fact }) => fact.startsWith('policy-'))
    .map(({ fact, side }) => `${fact.replace('policy-', '')} ${side}`)
    .sort()
}

const ingress = (rules: unknown[], selector: object = {}) =>
  networkPolicy('in', { podSelector: selector, policyTypes: ['Ingress'], ingress: rules })
const egress = (rules: unknown[]) =>
  networkPolicy('out', { podSelector: {}, policyTypes: ['Egress'], egress: rules }, 'front')

describe('ingress of the pod that was called', () => {
  const FREE = 'silent client'
  it.each<[string, unknown, string[]]>([
    ['without rules is closed', ingress([]), ['denies upstream']],
    ['with an empty rule is open', ingress([{}]), ['allows upstream', FREE]],
    [
      'of other pods does not count',
      ingress([], { matchLabels: { app: 'x' } }),
      [FREE, 'silent upstream'],
    ],
    [
      'of another namespace does not count',
      networkPolicy('a', { podSelector: {} }, 'other'),
      [FREE, 'silent upstream'],
    ],
    [
      'without types is about ingress',
      networkPolicy('a', { podSelector: {} }),
      ['denies upstream'],
    ],
    [
      'that is about egress only',
      networkPolicy('a', { podSelector: {}, policyTypes: ['Egress'] }),
      [FREE, 'silent upstream'],
    ],
    [
      'from pods means of the same namespace',
      ingress([{ from: [{ podSelector: {} }] }]),
      ['denies upstream'],
    ],
    [
      'from every namespace',
      ingress([{ from: [{ namespaceSelector: {} }] }]),
      ['allows upstream', FREE],
    ],
    [
      'from a namespace by its name',
      ingress([
        {
          from: [
            { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'front' } } },
          ],
        },
      ]),
      ['allows upstream', FREE],
    ],
    [
      'from another namespace by its name',
      ingress([
        { from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } }] },
      ]),
      ['denies upstream'],
    ],
    [
      'from a namespace by labels that are not listed',
      ingress([{ from: [{ namespaceSelector: { matchLabels: { team: 'a' } } }] }]),
      [FREE, 'unknown upstream'],
    ],
    [
      'from pods of a namespace, both',
      ingress([
        { from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'api' } } }] },
      ]),
      ['denies upstream'],
    ],
    [
      'from a block',
      ingress([{ from: [{ ipBlock: { cidr: '10.42.0.0/16' } }] }]),
      ['allows upstream', FREE],
    ],
    [
      'from a block but for some of it',
      ingress([{ from: [{ ipBlock: { cidr: '10.42.0.0/16', except: ['10.42.2.0/24'] } }] }]),
      ['denies upstream'],
    ],
    [
      'from a block that is none',
      ingress([{ from: [{ ipBlock: { cidr: 'x' } }] }]),
      ['denies upstream'],
    ],
    ['to the port', ingress([{ ports: [{ port: 9000 }] }]), ['allows upstream', FREE]],
    ['to another port', ingress([{ ports: [{ port: 9001 }] }]), ['denies upstream']],
    [
      'to a range of ports',
      ingress([{ ports: [{ port: 8000, endPort: 9000 }] }]),
      ['allows upstream', FREE],
    ],
    [
      'to a range that ends before',
      ingress([{ ports: [{ port: 8000, endPort: 8999 }] }]),
      ['denies upstream'],
    ],
    ['to the port by name', ingress([{ ports: [{ port: 'pg' }] }]), ['allows upstream', FREE]],
    ['to another port by name', ingress([{ ports: [{ port: 'http' }] }]), ['denies upstream']],
    ['to all ports of UDP', ingress([{ ports: [{ protocol: 'UDP' }] }]), ['denies upstream']],
    ['to all ports of TCP', ingress([{ ports: [{ protocol: 'TCP' }] }]), ['allows upstream', FREE]],
    [
      'by expressions: in',
      ingress([], { matchExpressions: [{ key: 'app', operator: 'In', values: ['db'] }] }),
      ['denies upstream'],
    ],
    [
      'by expressions: not in',
      ingress([], { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['db'] }] }),
      [FREE, 'silent upstream'],
    ],
    [
      'by expressions: exists',
      ingress([], { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }),
      ['denies upstream'],
    ],
    [
      'by expressions: does not exist',
      ingress([], { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }),
      [FREE, 'silent upstream'],
    ],
    [
      'by expressions that nobody knows',
      ingress([], { matchExpressions: [{ key: 'tier', operator: 'Gt' }] }),
      [FREE, 'unknown upstream'],
    ],
  ])('%s', (_, policy, expected) => {
    expect(verdicts([policy])).toEqual(expected)
  })

  it('is open as soon as one policy opens it', () => {
    const other = networkPolicy('open', { podSelector: {}, ingress: [{}] })
    expect(verdicts([ingress([]), other])).toEqual(['allows upstream', FREE])
  })

  it('asks labels of namespaces where they are listed', () => {
    const rule = ingress([{ from: [{ namespaceSelector: { matchLabels: { team: 'a' } } }] }])
    expect(verdicts([rule, namespace('front', { team: 'a' })])).toEqual(['allows upstream', FREE])
    expect(verdicts([rule, namespace('front', { team: 'b' })])).toEqual(['denies upstream'])
  })

  it('from pods is unknown for an address that is no pod of the lists', () => {
    const rule = ingress([{ from: [{ namespaceSelector: {} }] }])
    expect(verdicts([rule], { client: { address: '192.0.2.9' } })).toEqual(['unknown upstream'])
  })

  it('does not hold for the own node, nor for pods in the network of their node', () => {
    expect(verdicts([ingress([])], { client: { address: '10.0.0.1' } })).toEqual([])
    const onHost = pod({
      name: 'db',
      hostNetwork: true,
      ip: '10.0.0.1',
      containers: [{ ports: [{ port: 9000 }] }],
    })
    expect(verdicts([ingress([])], { upstream: { address: '10.0.0.1' } }, [onHost, WEB])).toEqual([
      FREE,
    ])
  })

  it('is asked of the pods behind a Service too', () => {
    const called = { address: '10.96.88.12', port: 8000 }
    const asked = { called, upstream: called }
    const cart = service({ selector: { app: 'db' }, ports: [{ port: 8000, target: 'pg' }] })
    expect(verdicts([ingress([{ ports: [{ port: 8000 }] }])], asked, [DB, WEB, cart])).toEqual([
      'denies upstream',
    ])
    expect(verdicts([ingress([{ ports: [{ port: 9000 }] }])], asked, [DB, WEB, cart])).toEqual([
      'allows upstream',
      FREE,
    ])
  })
})

describe('egress of the pod that called', () => {
  const FREE = 'silent upstream'
  it.each<[string, unknown, string[]]>([
    ['without rules is closed', egress([]), ['denies client']],
    [
      'to the other namespace',
      egress([{ to: [{ namespaceSelector: {} }] }]),
      ['allows client', FREE],
    ],
    [
      'to the port by the name that the target gives it',
      egress([{ ports: [{ port: 'pg' }] }]),
      ['allows client', FREE],
    ],
    [
      'to DNS only',
      egress([{ ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }] }]),
      ['denies client'],
    ],
    [
      'without types, and with rules',
      networkPolicy('a', { podSelector: {}, egress: [] }, 'front'),
      ['denies client'],
    ],
  ])('%s', (_, policy, expected) => {
    expect(verdicts([policy])).toEqual(expected)
  })

  it('is named where it denies, whatever ingress says', () => {
    const policies = [egress([]), ingress([{}])]
    expect(verdicts(policies)).toEqual(['denies client'])
    const [first] = clusterOf(DB, WEB, ...policies).statements(
      question({ how: 'no-answer', endedBy: null }),
    )
    expect(first).toMatchObject({
      text: 'NetworkPolicy front/out selects front/web and does not allow TCP 9000 to shop/db (egress)',
      relation: 'explains',
      confidence: 'probable',
      object: 'NetworkPolicy front/out',
      next: 'kubectl -n front describe networkpolicy out',
    })
  })
})

it('policies say nothing of a connection that was established and closed', () => {
  expect(verdicts([ingress([])], { how: 'closed' })).toEqual([])
})

it('other kinds of policies are named as not evaluated', () => {
  const cilium = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'a' },
  }
  const statements = clusterOf(
    DB,
    WEB,
    cilium,
    ingress([], { matchLabels: { app: 'x' } }),
  ).statements(question({ how: 'no-answer', endedBy: null }))
  expect(statements.map(({ text }) => text)).toContain(
    'no NetworkPolicy of the lists selects shop/db for ingress; CiliumNetworkPolicy were not evaluated',
  )
})
