import { describe, expect, it } from 'vitest'
import { ApplicationWalker } from '../../../native-free-decoders/application/application-walker.ts'
import type { ApplicationSummary, TlsSummary } from '../../../src/model/application.ts'
import { feedAll } from './pcap-payload.ts'
import { recording, recordingNames } from './recordings.ts'

const at = (frame: number) => ({ frame, time: frame * 1e9 })

function tlsOf(name: string): TlsSummary {
  const walker = new ApplicationWalker()
  feedAll(walker, recording(name))
  expect(walker.clientDirection()).toBe(0)
  // The decoders' own type has to stay assignable to the model's.
  const summary: ApplicationSummary = walker.summary(0)
  expect(summary.protocol).toBe('tls')
  expect(summary.clientFirst).toBe('tls')
  expect(summary.upstreamFirst).toBe('tls')
  expect(summary.lostPlace).toBe(false)
  return summary.tls!
}

/** What each recording is, from how it was made: record-handshakes.py; frames are the order of its writes. */
const expected: Record<string, Partial<TlsSummary>> = {
  tls12: {
    version: '1.2',
    stage: 'established',
    clientCertificate: 'not-requested',
    clientHello: at(1),
    serverHello: at(2),
    clientFinished: at(3),
    upstreamApplicationData: at(6),
    clientApplicationRecords: 1,
    upstreamApplicationRecords: 1,
    alert: { by: 'upstream', name: 'encrypted', ...at(7) },
    clientEndsWithAlertSize: true,
    upstreamEndsWithAlertSize: true,
    resumed: false,
  },
  tls13: {
    version: '1.3',
    stage: 'established',
    clientCertificate: 'not-requested',
    clientHello: at(1),
    serverHello: at(2),
    clientFinished: at(3),
    upstreamApplicationData: at(4),
    // Request and close_notify; two tickets, response and close_notify.
    clientApplicationRecords: 2,
    upstreamApplicationRecords: 4,
    upstreamEndsWithAlertSize: true,
  },
  'tls12-alpn-h2': { alpn: ['h2', 'http/1.1'], alpnSelected: 'h2', stage: 'established' },
  'tls13-alpn-h2': { alpn: ['h2', 'http/1.1'], alpnSelected: null, stage: 'established' },
  'tls12-mtls-client': { stage: 'established', clientCertificate: 'sent' },
  'tls12-mtls-stranger': {
    stage: 'client-finished',
    clientCertificate: 'sent',
    alert: { by: 'upstream', name: 'unknown_ca', ...at(4) },
    upstreamApplicationData: null,
  },
  'tls12-mtls-none': {
    stage: 'client-finished',
    clientCertificate: 'empty',
    alert: { by: 'upstream', name: 'handshake_failure', ...at(4) },
  },
  'tls12-server-not-trusted': {
    stage: 'server-flight',
    clientFinished: null,
    alert: { by: 'client', name: 'unknown_ca', ...at(3) },
  },
  'tls12-resumed': {
    version: '1.2',
    stage: 'established',
    resumed: true,
    clientCertificate: 'not-requested',
    serverHello: at(2),
    clientFinished: at(3),
    upstreamApplicationData: at(5),
  },
  'tls13-mtls-client': {
    stage: 'established',
    clientCertificate: 'sent',
    clientFinished: at(3),
    upstreamApplicationData: at(4),
    clientApplicationRecords: 2,
  },
  'tls13-mtls-stranger': {
    stage: 'client-finished',
    clientCertificate: 'sent',
    clientFinished: at(3),
    alert: { by: 'upstream', name: 'encrypted', ...at(4) },
    upstreamApplicationData: null,
    upstreamApplicationRecords: 1,
    upstreamEndsWithAlertSize: true,
    clientEndsWithAlertSize: false,
  },
  'tls13-mtls-none': {
    stage: 'client-finished',
    clientCertificate: 'empty',
    clientFinished: at(3),
    alert: { by: 'upstream', name: 'encrypted', ...at(4) },
    upstreamApplicationData: null,
  },
  'tls13-server-not-trusted': {
    stage: 'server-flight',
    alert: { by: 'client', name: 'unknown_ca', ...at(3) },
    clientFinished: null,
    clientCertificate: 'unknown',
  },
  'tls13-resumed': {
    stage: 'established',
    resumed: true,
    earlyData: false,
    clientCertificate: 'not-requested',
    clientFinished: at(3),
  },
  'tls13-retry': {
    stage: 'established',
    helloRetry: true,
    clientHello: at(1),
    serverHello: at(4),
    clientFinished: at(5),
    clientCertificate: 'not-requested',
  },
  'tls12-to-tls13-only': {
    version: null,
    offeredVersion: '1.2',
    stage: 'client-hello',
    serverHello: null,
    alert: { by: 'upstream', name: 'protocol_version', ...at(2) },
  },
  'tls13-early-data': {
    stage: 'established',
    resumed: true,
    earlyData: true,
    clientCertificate: 'not-requested',
    clientFinished: at(3),
    clientApplicationRecords: 0,
    upstreamApplicationData: at(4),
  },
  'tls13-early-data-rejected': {
    stage: 'established',
    resumed: false,
    earlyData: true,
    clientCertificate: 'not-requested',
    clientFinished: at(3),
    clientApplicationRecords: 0,
  },
}

describe('recorded handshakes', () => {
  it('has an expectation for each of them', () => {
    expect(Object.keys(expected).sort()).toEqual([...recordingNames].sort())
  })

  for (const [name, facts] of Object.entries(expected)) {
    it(name, () => {
      const tls = tlsOf(name)
      expect(tls).toMatchObject(facts)
      expect(tls.sni).toBe('orders.example')
      expect(tls.clientRecordMissing).toBe(0)
    })
  }

  it('never has the client beyond its hello when only its first flight was sent', () => {
    for (const name of recordingNames) {
      const walker = new ApplicationWalker()
      feedAll(walker, recording(name).slice(0, 1))
      const { tls } = walker.summary(0)
      expect(tls).toMatchObject({ stage: 'client-hello', version: null, clientFinished: null })
    }
  })

  it('finds the roles when the server was seen first', () => {
    for (const name of recordingNames) {
      const walker = new ApplicationWalker()
      for (const { direction, bytes, frame } of recording(name)) {
        walker.feed(direction === 0 ? 1 : 0, bytes, 0, bytes.length, frame, frame * 1e9)
      }
      expect(walker.clientDirection()).toBe(1)
      expect(walker.summary(1).tls).toMatchObject(expected[name]!)
    }
  })
})
