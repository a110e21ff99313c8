import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeCluster } from '../../../src/context/kubernetes/cluster.ts'
import { jsonDocuments } from '../../../src/context/kubernetes/json-documents.ts'
import { Problems } from '../../../src/context/kubernetes/problems.ts'
import { ObjectCollector } from '../../../src/context/kubernetes/read-objects.ts'
import * as lists from '../../support/kubernetes-lists.ts'
import { at, clusterOf, question } from './cluster-of.ts'

function warningsOf(...documents: unknown[]): Record<string, number> {
  const { warnings } = clusterOf(...documents).facts
  return Object.fromEntries(warnings.map(({ code, count }) => [code, count]))
}

function documentsIn(text: string) {
  const problems = new Problems()
  const documents = jsonDocuments(text, 'a.json', problems)
  return { documents, codes: problems.all().map(({ code, count }) => `${code} ${count}`) }
}

describe('JSON documents', () => {
  it.each([
    ['one', '{"a":1}', [{ a: 1 }], []],
    [
      'several, with or without space between',
      '{"a":1}\n{"b":"}{"} [1]',
      [{ a: 1 }, { b: '}{' }, [1]],
      [],
    ],
    ['strings with quotes and backslashes', '{"a":"\\"\\\\"}{"b":2}', [{ a: '"\\' }, { b: 2 }], []],
    ['one that is cut', '{"a":1}{"b":', [{ a: 1 }], ['truncated-json 1']],
    ['one that is none', '{"a":1}{b:2}{"c":3}', [{ a: 1 }, { c: 3 }], ['not-json 1']],
    ['text around them', 'Warning: x\n{"a":1}\nbye', [{ a: 1 }], []],
    ['YAML', 'apiVersion: v1\nkind: List\n', [], ['not-json 1']],
    ['nothing', '', [], ['not-json 1']],
  ])('%s', (_, text, documents, codes) => {
    expect(documentsIn(text)).toEqual({ documents, codes })
  })

  it('nested a million deep are no trouble', () => {
    const deep = '['.repeat(1e6)
    expect(documentsIn(deep).codes).toContain('truncated-json 1')
    const { documents } = documentsIn(`${deep}${']'.repeat(1e6)}`)
    // Whether the engine can parse it or not, reading it must end.
    expect(() => clusterOf(...documents)).not.toThrow()
  })

  it('are found in time that grows with the text alone', () => {
    const text = '{"a":"\\\\'.repeat(200_000)
    const started = performance.now()
    documentsIn(text)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('objects', () => {
  it('of lists of lists, of typed lists without kinds, and of arrays are found', () => {
    const bare = lists.pod({ name: 'b' }) as Record<string, unknown>
    const { kind, apiVersion, ...item } = bare
    const { facts } = clusterOf(
      lists.list(lists.list(lists.pod({ name: 'a' }))),
      { apiVersion, kind: `${kind}List`, items: [item] },
      [lists.pod({ name: 'c' })],
    )
    expect(facts.objects).toEqual({ Pod: 3 })
    expect(facts.warnings).toEqual([])
  })

  it('of kinds that are not used are counted all the same', () => {
    const calico = { ...lists.networkPolicy('a', {}), apiVersion: 'projectcalico.org/v3' }
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a' },
      data: { x: 'eA==' },
    }
    expect(clusterOf(calico, secret).facts.objects).toEqual({ NetworkPolicy: 1, Secret: 1 })
  })

  it.each([
    ['no object', [null, 1, 'x', true], { 'not-kubernetes': 4 }],
    ['no kind', { metadata: { name: 'a' } }, { 'not-kubernetes': 1 }],
    ['no metadata', { apiVersion: 'v1', kind: 'Pod', metadata: 7 }, { 'not-kubernetes': 1 }],
    [
      'a kind of 200 characters',
      { kind: 'A'.repeat(200), metadata: {} },
      { 'bad-name': 1, 'not-kubernetes': 1 },
    ],
    ['no name', { apiVersion: 'v1', kind: 'Pod', metadata: {} }, { 'bad-name': 1 }],
    ['a name that steers a terminal', lists.pod({ name: 'a\u001b[31m' }), { 'bad-name': 2 }],
    [
      'a name that reads like a verdict',
      lists.pod({ name: 'a). Certain. CLIENT reset first' }),
      { 'bad-name': 2 },
    ],
    [
      'a megabyte of a name',
      lists.pod({ name: 'a'.repeat(2 ** 20) }),
      { 'bad-name': 2, 'too-long': 1 },
    ],
    ['no address', lists.pod({ ip: 'nowhere' }), { 'bad-address': 2 }],
    ['no time', lists.pod({ started: 'now' }), { 'bad-time': 2 }],
    [
      'an event about nothing',
      { apiVersion: 'v1', kind: 'Event', metadata: { name: 'a' } },
      { 'not-kubernetes': 1 },
    ],
  ])('with %s are counted', (_, document, warnings) => {
    expect(warningsOf(document)).toEqual(warnings)
  })

  it('whose fields are of other types are read as far as they go', () => {
    const wrong = { a: 1 }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'a', labels: [1], annotations: 'x', ownerReferences: wrong, uid: 5 },
      spec: {
        nodeName: wrong,
        containers: [null, { name: 7, ports: 'x' }, 'y'],
        hostNetwork: 'yes',
      },
      status: { podIP: 5, podIPs: [{ ip: wrong }], startTime: 12, conditions: 'none' },
    }
    const cluster = clusterOf(pod)
    expect(cluster.facts.objects).toEqual({ Pod: 1 })
    expect(warningsOf(pod)['wrong-type']).toBeGreaterThan(10)
  })

  it('cannot reach the prototype', () => {
    const text =
      '{"apiVersion":"v1","kind":"Pod","__proto__":{"polluted":1},"metadata":{"name":"a","__proto__":{"namespace":"evil"},"labels":{"__proto__":"x","constructor":"y"}},"constructor":{"prototype":{"polluted":1}}}'
    const cluster = clusterOf(JSON.parse(text))
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(cluster.facts.objects).toEqual({ Pod: 1 })
  })

  it('with a megabyte of a message are quoted in part', () => {
    const message = `Stopping container app ${'x'.repeat(2 ** 20)}`
    const cluster = clusterOf(
      lists.pod({ containers: [{ ports: [{ port: 9000 }] }] }),
      lists.event({ at: '2026-03-17T09:40:56Z', message }),
    )
    expect(cluster.facts.warnings.map(({ code }) => code)).toEqual(['too-long'])
    const texts = cluster.statements(question()).map(({ text }) => text.length)
    expect(Math.max(...texts)).toBeLessThan(400)
  })

  it('with lists without end are read in part, and that is said', () => {
    const ips = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 8}.${i & 0xff}.1`)
    expect(warningsOf(lists.pod({ ips }))).toEqual({ 'too-long': 1 })
  })
})

describe('whatever the input', () => {
  const samples = [
    lists.pod({ containers: [{ ports: [{ port: 9000 }], ended: { at: '2026-03-17T09:40:57Z' } }] }),
    lists.service(),
    lists.endpointSlice({}, [{ ip: '10.42.7.5' }]),
    lists.event({ at: '2026-03-17T09:40:56Z' }),
    lists.networkPolicy('a', {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
    }),
    lists.peerAuthentication('shop', { mtls: { mode: 'STRICT' } }),
    lists.destinationRule('shop', { host: 'cart', trafficPolicy: { tls: { mode: 'SIMPLE' } } }),
  ]

  /** A copy in which some values are something else. */
  function disturbed(value: unknown, strange: () => unknown): unknown {
    const other = strange()
    if (other !== undefined) return other
    if (Array.isArray(value)) return value.map((item) => disturbed(item, strange))
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, disturbed(item, strange)]),
    )
  }

  it('reading it, and asking, never throws', () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.array(fc.jsonValue(), { minLength: 1 }),
        (chances, values) => {
          const strange = () => {
            const chance = chances.next().value as number
            return chance < 0.07 ? values[Math.floor(chance * 1e4) % values.length] : undefined
          }
          const problems = new Problems()
          const objects = new ObjectCollector(problems)
          for (const sample of samples) objects.add(disturbed(sample, strange))
          const cluster = makeCluster(objects.result(), problems.all())
          for (const how of ['closed', 'refused', 'icmp-refused', 'no-answer', 'silent'] as const) {
            for (const { text } of cluster.statements(question({ how, spoke: 'plaintext' }))) {
              expect(text.length).toBeLessThan(4000)
            }
          }
          cluster.resolve('10.42.7.5', 9000, at('09:40:57'))
        },
      ),
      { numRuns: 300 },
    )
  })
})
