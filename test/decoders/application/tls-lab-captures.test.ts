import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import type { ApplicationSummary } from '../../../src/model/application.ts'
import { feedAll, pcapPayload } from './pcap-payload.ts'

const anatomy = new URL('../../../../shared/lab-captures/anatomy/', import.meta.url)

function walk(name: string): ApplicationSummary {
  const walker = new ApplicationWalker()
  feedAll(walker, pcapPayload(new URL(`${name}.pcap`, anatomy).pathname))
  return walker.summary(0)
}

describe.skipIf(!existsSync(anatomy))('captures of real handshakes', () => {
  it.each([
    ['tls_ok12', '1.2', 'established', 'not-requested', 'encrypted', 'upstream'],
    ['tls_ok13', '1.3', 'established', 'not-requested', 'encrypted', 'upstream'],
    ['tls_hrr13', '1.3', 'established', 'not-requested', 'encrypted', 'upstream'],
    ['tls_nocert12', '1.2', 'client-finished', 'empty', 'handshake_failure', 'upstream'],
    ['tls_nocert13', '1.3', 'client-finished', 'empty', 'encrypted', 'upstream'],
    ['tls_badcli13', '1.3', 'client-finished', 'sent', 'encrypted', 'upstream'],
    ['tls_unknownca12', '1.2', 'server-flight', 'not-requested', 'unknown_ca', 'client'],
    ['tls_unknownca13', '1.3', 'server-flight', 'unknown', 'unknown_ca', 'client'],
    ['tls_vers', null, 'client-hello', 'unknown', 'protocol_version', 'upstream'],
  ])('%s', (name, version, stage, clientCertificate, alert, by) => {
    const { protocol, tls } = walk(name)
    expect(protocol).toBe('tls')
    expect(tls).toMatchObject({ version, stage, clientCertificate, alert: { name: alert, by } })
  })

  it('tells plaintext to a TLS port from TLS to a plaintext port', () => {
    expect(walk('tls_plain2tls')).toMatchObject({
      protocol: 'http/1',
      clientFirst: 'http-request',
      upstreamFirst: 'none',
      tls: null,
    })
    expect(walk('tls_tls2plain')).toMatchObject({
      protocol: 'tls',
      clientFirst: 'tls',
      upstreamFirst: 'other',
      tls: { stage: 'client-hello', serverHello: null },
    })
  })
})
