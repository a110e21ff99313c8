import { describe, expect, it } from 'vitest'
import { meshProxies } from '../../src/diagnosis/mesh.ts'
import { verdictHeadline } from '../../src/diagnosis/wording.ts'
import type { Case } from '../../src/model/case.ts'
import type { Connection } from '../../src/model/report.ts'

interface Shown {
  alpn?: string[]
  sni?: string | null
  stage?: string
  clientAddress?: string
  upstreamPort?: number
}

/** As much of a case as mesh recognition looks at. */
function shown({ alpn = [], sni = null, stage = 'client-hello', ...ends }: Shown): Case {
  const endpoints = {
    client: { address: ends.clientAddress ?? '10.42.1.17', port: 40000 },
    upstream: { address: '10.42.3.8', port: ends.upstreamPort ?? 8443 },
  }
  return {
    outcome: { application: { tls: { alpn, sni, stage } } },
    sighting: { taps: [{ view: { endpoints, alsoSeenAs: [] } }, { view: null }] },
  } as unknown as Case
}

describe('mesh proxies', () => {
  it('a ClientHello with the mesh protocol names is a sidecar, its server only once it agreed', () => {
    const alpn = ['istio-peer-exchange', 'istio']
    expect(meshProxies(shown({ alpn }))).toEqual([
      { side: 'client', basis: 'ALPN istio-peer-exchange' },
    ])
    expect(meshProxies(shown({ alpn, stage: 'established' })).map((p) => p.side)).toEqual([
      'client',
      'upstream',
    ])
  })

  it('the name that Istio gives a cluster', () => {
    const sni = 'outbound_.8080_._.api.shop.svc.cluster.local'
    expect(meshProxies(shown({ sni }))).toEqual([{ side: 'client', basis: `SNI ${sni}` }])
  })

  it('ports and addresses that belong to the proxies', () => {
    expect(meshProxies(shown({ upstreamPort: 15006 })).map((p) => p.side)).toEqual(['upstream'])
    expect(meshProxies(shown({ upstreamPort: 15008 })).map((p) => p.side)).toEqual([
      'upstream',
      'client',
    ])
    expect(meshProxies(shown({ clientAddress: '127.0.0.6' }))).toEqual([
      { side: 'client', basis: 'source 127.0.0.6' },
    ])
  })

  it('ordinary HTTPS is none', () => {
    expect(meshProxies(shown({ alpn: ['h2', 'http/1.1'], sni: 'example.org' }))).toEqual([])
  })
})

it('a sidecar that resets is named as such, never the application behind it', () => {
  const c = {
    outcome: {
      firstReset: { event: { from: 'upstream', segment: { seen: [null, null] } } },
      resets: [],
    },
    sighting: { taps: [{ side: 'client' }, { side: 'upstream' }], clock: null },
  } as unknown as Case
  const connection = {
    upstream: { address: '10.42.3.8', port: 8443, name: null },
    client: { address: '10.42.1.17', port: 40000, name: null },
    proxies: [{ side: 'upstream', basis: 'ALPN istio' }],
    links: [],
    firstReset: { by: 'upstream', causedBy: 'upstream', at: '2026-03-17T09:41:05.996190000Z' },
  } as unknown as Connection
  const line = verdictHeadline(c, connection, 1, false)
  expect(line).toContain('the proxy of 10.42.3.8:8443, not the application')
  expect(line).toContain('its leg is not in this capture')
})
