import { describe, expect, it } from 'vitest'
import { joinLine } from '../../../src/context/access-log/join.ts'
import { type IstioFields, istioLine, read } from './log-lines.ts'
import { indexOf, type MadeConnection } from './made-connections.ts'

/** Joins of an Istio line: connection, leg and confidence. */
function joinsOf(connections: MadeConnection[], fields: IstioFields, seconds?: number) {
  const { joins, miss, missing } = joinLine(read(istioLine(fields)), indexOf(connections, seconds))
  return {
    joins: joins.map(({ index, leg, confidence, others }) => [
      index,
      leg,
      confidence,
      ...(others.length > 0 ? [others] : []),
    ]),
    miss,
    missing: missing?.leg ?? null,
    basis: joins[0]?.basis,
  }
}

const UP = '10.42.1.17:43364 > 10.42.3.8:8080'
const DOWN = '10.42.1.17:51022 > 10.96.14.200:80'
// istioLine() starts at 09:41:05.995, 5.995 s after the origin, and lasts 27 ms.

describe('a line with both ends', () => {
  it('belongs to the connections of both legs', () => {
    const connections = [
      { pairs: [DOWN], from: 1, to: 9 },
      { pairs: [UP], from: 0.7, to: 6.3 },
      { pairs: ['10.42.1.17:43365 > 10.42.3.8:8080'], from: 0.7, to: 6.3 },
    ]
    const { joins, basis } = joinsOf(connections, {})
    expect(joins).toEqual([
      [1, 'upstream', 'certain'],
      [0, 'downstream', 'certain'],
    ])
    expect(basis).toBe(
      "10.42.1.17:43364 → 10.42.3.8:8080; the request lies within its life, by the client capture's clock",
    )
  })

  it('belongs to the connection from the same port whose destination was translated on the way', () => {
    const called = { pairs: ['10.42.1.17:51022 > 10.96.99.9:443'], from: 1, to: 9 }
    const { joins, basis } = joinsOf([called], {})
    expect(joins).toEqual([[0, 'downstream', 'probable']])
    expect(basis).toContain('from 10.42.1.17:51022, to an address that was translated')
    const twice = [called, { pairs: ['10.42.1.17:51022 > 10.96.99.8:443'], from: 2, to: 8 }]
    expect(joinsOf(twice, {}).joins.map(([, , confidence]) => confidence)).toEqual([
      'unclear',
      'unclear',
    ])
    const other = { pairs: ['10.42.1.17:51023 > 10.96.99.9:443'], from: 1, to: 9 }
    const later = { pairs: ['10.42.1.17:51022 > 10.96.99.9:443'], from: 20, to: 29 }
    expect(joinsOf([other, later], {}).joins).toEqual([])
  })

  it('belongs to a connection under any of its addresses', () => {
    const pairs = ['10.42.1.17:43364 > 10.96.14.200:80', UP]
    expect(joinsOf([{ pairs, from: 0, to: 9 }], {}).joins).toEqual([[0, 'upstream', 'certain']])
    const alias = { host: '10.96.14.200:80' }
    expect(joinsOf([{ pairs, from: 0, to: 9 }], alias).joins).toEqual([[0, 'upstream', 'certain']])
  })

  it('belongs to the one of several connections with its addresses that lived then', () => {
    const connections = [
      { pairs: [UP], from: 0, to: 3 },
      { pairs: [UP], from: 5, to: 7 },
      { pairs: [UP], from: 60, to: 70 },
    ]
    expect(joinsOf(connections, {}).joins).toEqual([[1, 'upstream', 'certain']])
  })

  it('may begin before its upstream connection, which it waited for', () => {
    const connections = [{ pairs: [UP], from: 6.01, to: 7 }]
    expect(joinsOf(connections, {}).joins).toEqual([[0, 'upstream', 'certain']])
  })

  it('is less sure where the clocks would have to differ, or where another one is near', () => {
    expect(joinsOf([{ pairs: [UP], from: 7, to: 8 }], {}).joins).toEqual([
      [0, 'upstream', 'probable'],
    ])
    const near = [
      { pairs: [UP], from: 0, to: 5 },
      { pairs: [UP], from: 5.5, to: 8 },
    ]
    expect(joinsOf(near, {}).joins).toEqual([[1, 'upstream', 'probable', [0]]])
  })

  it('names every connection that it may belong to, and chooses none', () => {
    const both = [
      { pairs: [UP], from: 0, to: 4.5 },
      { pairs: [UP], from: 7, to: 9 },
    ]
    expect(joinsOf(both, {}).joins).toEqual([
      [0, 'upstream', 'unclear', [1]],
      [1, 'upstream', 'unclear', [0]],
    ])
  })

  it('does not belong to a connection of another time, but says that there is one', () => {
    const { joins, miss, missing } = joinsOf([{ pairs: [UP], from: 20, to: 30 }], {})
    expect(joins).toEqual([])
    expect(miss).toEqual({ index: 0, gapNs: (5.995 + 0.027 - 20) * 1e9 })
    expect(missing).toBeNull()
  })

  it('without a time belongs to the only connection, at most probably', () => {
    const [only, two] = [[{ pairs: [UP], from: 0, to: 1 }], [0, 50]]
    const format = '%RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_HOST%'
    const line = read('503 UC 10.42.1.17:43364 10.42.3.8:8080', format)
    expect(joinLine(line, indexOf(only)).joins).toMatchObject([{ confidence: 'probable' }])
    const reused = two.map((from) => ({ pairs: [UP], from, to: from + 1 }))
    expect(joinLine(line, indexOf(reused)).joins).toMatchObject([
      { confidence: 'unclear' },
      { confidence: 'unclear' },
    ])
  })
})

describe('the legs of a sidecar', () => {
  it('inbound: 127.0.0.6 on the loopback of the pod', () => {
    const inbound: IstioFields = {
      host: '10.42.3.8:8080',
      upstreamLocal: '127.0.0.6:41000',
      cluster: 'inbound|8080||',
      local: '10.42.3.8:8080',
      remote: '10.42.1.17:43364',
    }
    const direct = [
      { pairs: ['127.0.0.6:41000 > 10.42.3.8:8080'], from: 5.9, to: 7 },
      { pairs: [UP], from: 0.7, to: 6.3 },
    ]
    expect(joinsOf(direct, inbound).joins).toEqual([
      [0, 'upstream', 'certain'],
      [1, 'downstream', 'certain'],
    ])
    const loopback = [{ pairs: ['127.0.0.6:41000 > 127.0.0.1:8080'], from: 5.9, to: 7 }]
    expect(joinsOf(loopback, inbound).joins).toEqual([[0, 'upstream', 'probable']])
  })

  it('outbound: redirected to 127.0.0.1:15001', () => {
    const redirected = [{ pairs: ['10.42.1.17:51022 > 127.0.0.1:15001'], from: 5, to: 7 }]
    expect(joinsOf(redirected, {}).joins).toEqual([[0, 'downstream', 'probable']])
  })
})

describe('a line that does not name the port of the proxy', () => {
  const failing: IstioFields = { code: 503, flags: 'UF', upstreamLocal: '-' }

  it('of a failed attempt belongs to the failed connection of that time', () => {
    const connections = [
      { pairs: ['10.42.1.17:1000 > 10.42.3.8:8080'], from: 0, to: 50 },
      { pairs: ['10.42.1.17:1001 > 10.42.3.8:8080'], from: 6, to: 6.01, failed: true },
      { pairs: ['10.42.1.17:1002 > 10.42.3.8:8080'], from: 30, to: 30.01, failed: true },
    ]
    const found = joinsOf(connections, failing)
    expect(found.joins).toEqual([[1, 'upstream', 'probable']])
    expect(found.basis).toContain('does not name')
  })

  it('belongs to one of several at most', () => {
    const two = [1, 2].map((port) => ({
      pairs: [`10.42.1.17:${port} > 10.42.3.8:8080`],
      from: 6,
      to: 6.01,
      failed: true,
    }))
    expect(joinsOf(two, failing).joins).toEqual([
      [0, 'upstream', 'unclear', [1]],
      [1, 'upstream', 'unclear', [0]],
    ])
  })

  it("prefers those that come from the proxy's address", () => {
    const two = ['10.42.9.9', '10.42.1.17'].map((address) => ({
      pairs: [`${address}:1000 > 10.42.3.8:8080`],
      from: 6,
      to: 6.01,
      failed: true,
    }))
    expect(joinsOf(two, failing).joins).toEqual([[1, 'upstream', 'probable']])
  })

  it("in Envoy's default format belongs to the only connection of that time", () => {
    const text =
      '[2026-03-17T09:41:05.995Z] "GET / HTTP/1.1" 503 UC 0 95 3 - "-" "-" "-" "-" "10.42.3.8:8080"'
    const one = [{ pairs: [UP], from: 5, to: 6 }]
    expect(joinLine(read(text), indexOf(one)).joins).toMatchObject([
      { index: 0, leg: 'upstream', confidence: 'probable' },
    ])
    const many = Array.from({ length: 40 }, (_, i) => ({
      pairs: [`10.42.1.17:${i + 1} > 10.42.3.8:8080`],
      from: 0,
      to: 50,
    }))
    const { joins, missing } = joinLine(read(text), indexOf(many))
    expect([joins, missing]).toEqual([[], null])
  })

  it('through a tunnel belongs to the HBONE connection of that time', () => {
    const hbone = [{ pairs: ['10.42.1.17:1000 > 10.42.3.8:15008'], from: 0, to: 50 }]
    const fields: IstioFields = {
      host: 'envoy://connect_originate/10.42.3.8:8080',
      upstreamLocal: 'envoy://internal_client_address/',
    }
    expect(joinsOf(hbone, fields).joins).toEqual([[0, 'upstream', 'probable']])
  })
})

describe('a client with port 0', () => {
  it('is in no packet', () => {
    const connections = [{ pairs: [DOWN], from: 0, to: 50 }]
    expect(joinsOf(connections, { remote: '10.42.1.17:0' }).joins).toEqual([])
  })
})

describe('a failed request without a connection', () => {
  const other = { pairs: ['10.42.1.17:9 > 10.42.3.8:8080'], from: 1, to: 2 }
  const failing: IstioFields = { code: 503, flags: 'UC', upstreamLocal: '10.42.1.17:50000' }

  it('is missing where a capture shows others between the same hosts and ran then', () => {
    expect(joinsOf([other], failing).missing).toBe('upstream')
  })

  it.each<[string, MadeConnection[], IstioFields, number]>([
    ['a capture that shows neither end', [], failing, 100],
    ['a capture that ended before', [other], failing, 3],
    ['another proxy', [{ ...other, pairs: ['10.42.9.9:9 > 10.42.3.8:8080'] }], failing, 100],
    [
      'no packet at all',
      [other],
      { ...failing, failure: 'immediate connect error: 99', upstreamLocal: '-' },
      100,
    ],
    ['nothing upstream', [other], { ...failing, flags: 'UH', host: '-', upstreamLocal: '-' }, 100],
  ])('is not missed of %s', (_, connections, fields, seconds) => {
    expect(joinsOf(connections, fields, seconds).missing).toBeNull()
  })

  it('that no upstream should have seen is missed on the leg of its client', () => {
    const client = { pairs: ['10.42.1.17:9 > 10.96.14.200:80'], from: 1, to: 2 }
    expect(joinsOf([client], { code: 404, flags: 'NR', host: '-' }).missing).toBe('downstream')
  })
})

describe('a line of unknown order', () => {
  it('belongs to a connection between two of its addresses, unclearly', () => {
    const line = read(
      '2026-03-17T09:41:05.995Z "GET / HTTP/1.1" 503 UC 10.42.1.17:43364 10.42.3.8:8080',
    )
    expect(joinLine(line, indexOf([{ pairs: [UP], from: 5, to: 7 }])).joins).toMatchObject([
      { index: 0, confidence: 'unclear' },
    ])
  })

  it('that has the places of the format of Istio belongs to it probably', () => {
    const text =
      '[2026-03-17T09:41:05.995Z] "GET / HTTP/1.1" 503 UC 0 95 31 "10.42.3.8:8080" outbound|80||a.b 10.42.1.17:43364 10.96.14.200:80 10.42.1.17:51022'
    expect(joinLine(read(text), indexOf([{ pairs: [UP], from: 5, to: 7 }])).joins).toMatchObject([
      { index: 0, leg: 'upstream', confidence: 'probable' },
    ])
  })
})

it('many connections of one destination do not slow a line down', () => {
  const connections = Array.from({ length: 20_000 }, (_, i) => ({
    pairs: [`10.42.${i >> 8}.${i & 255}:1000 > 10.42.3.8:8080`],
    from: i / 1000,
    to: i / 1000 + 0.001,
  }))
  // One of them lives on all the time.
  connections[0]!.to = 90
  const index = indexOf(connections)
  const line = read(istioLine({ upstreamLocal: '-' }))
  const begun = performance.now()
  for (let i = 0; i < 1000; i++) joinLine(line, index)
  expect(performance.now() - begun).toBeLessThan(3000)
})
