import { describe, expect, it } from 'vitest'
import type { AccessLogLine } from '../../../src/index.ts'
import { EXCHANGE, HALF_RESPONSE, OPEN, REQUEST } from '../../scenarios/ladders.ts'
import { compared, type ScenarioOptions } from '../../support/ladder-verdict.ts'
import { type IstioFields, istioLine } from './log-lines.ts'

/** Ladders are played from this moment on, between these two ends. */
const START = '2025-06-15T15:06:41.000Z'
const CLIENT = '10.1.0.2:40000'
const SERVER = '10.2.0.3:8080'
const ELSEWHERE = { host: '-', upstreamLocal: '-', local: '10.9.9.9:80', remote: '10.9.9.8:5' }

/** The proxy opened the connection, or it accepted it. */
const UPSTREAM: IstioFields = { ...ELSEWHERE, host: SERVER, upstreamLocal: CLIENT }
const DOWNSTREAM: IstioFields = { ...ELSEWHERE, local: SERVER, remote: CLIENT }

/** What the report says of one line beside a ladder. */
async function beside(
  ladder: string,
  fields: IstioFields,
  options: ScenarioOptions = {},
): Promise<AccessLogLine> {
  const text = istioLine({ time: START, duration: 100, code: 503, details: '-', ...fields })
  const input = new TextEncoder().encode(text)
  const engine = { ...options.engine, accessLogs: [{ name: 'envoy.log', input }] }
  const [connection] = await compared(ladder, { ...options, engine })
  expect(connection!.accessLog).toHaveLength(1)
  return connection!.accessLog[0]!
}

type Case = [what: string, ladder: string, fields: IstioFields, shown: RegExp]

function agree(agrees: AccessLogLine['agrees'], cases: readonly Case[]): void {
  it.each(cases)(`${agrees}: %s`, async (_, ladder, fields, shown) => {
    const line = await beside(ladder, fields)
    expect([line.agrees, line.comparison]).toEqual([agrees, expect.stringMatching(shown)])
  })
}

const KEEP_ALIVE_RACE = `${EXCHANGE}
  u> FA +2s lost@client
  c> PA "GET /b HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +1ms`

describe('UC on the upstream leg', () => {
  const uc = { ...UPSTREAM, flags: 'UC' }
  agree('yes', [
    ['the upstream resets', `${REQUEST}\nu> RA`, uc, /the upstream reset it/],
    ['the upstream closes', `${REQUEST}\nu> FA\nc> FA\nu> A`, uc, /the upstream closed it first/],
    ['the proxy closes itself', `${REQUEST}\nc> FA\nu> FA\nc> A`, uc, /the proxy closed it first/],
    ['in the middle of a response', `${HALF_RESPONSE}\nu> RA`, uc, /mid-response/],
    ['something between resets', `${REQUEST}\nm>c R ttl=61\nu> A 10 +1s`, uc, /packets: /],
  ])
  agree('no', [
    ['it never came about', 'c> S\nu> RA refuse', uc, /never came about.*refused the SYN/],
    [
      'it goes on for long',
      `${EXCHANGE}\nc> PA "GET /b HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n" +20s\nu> RA`,
      uc,
      /went on for \d+\.\d s; then the upstream reset it/,
    ],
    ['it stays open', `${EXCHANGE}`, uc, /open \d+\.\d s later/],
  ])
})

describe('UF on the upstream leg', () => {
  const uf = { ...UPSTREAM, flags: 'UF' }
  agree('yes', [
    [
      'refused',
      'c> S\nu> RA refuse',
      { ...uf, failure: 'delayed_connect_error:_111' },
      /refused the SYN with a RST/,
    ],
    [
      'refused by ICMP, which says 111 too',
      'c> S\nm>c icmp type=3 code=3',
      { ...uf, failure: 'delayed_connect_error:_111' },
      /an ICMP error/,
    ],
    [
      'no answer',
      'c> S lost\nc> S again +1s lost\nc> S again +2s lost',
      {
        ...uf,
        duration: 9999,
        details: 'upstream_reset_before_response_started{connection_timeout}',
      },
      /nothing answered the SYN/,
    ],
    ['reset at once', `${OPEN}\nu> RA`, uf, /before a byte the upstream reset it/],
  ])
  agree('no', [
    [
      'refused, and the line tells of a timeout',
      'c> S\nu> RA refuse',
      { ...uf, details: 'upstream_reset_before_response_started{connection_timeout}' },
      /refused the SYN/,
    ],
    [
      'no answer, and the line tells of a refusal',
      'c> S lost\nc> S again +1s lost\nc> S again +2s lost',
      { ...uf, failure: 'delayed_connect_error:_111' },
      /nothing answered/,
    ],
    ['it carried data', `${EXCHANGE}\nu> RA`, uf, /established and carried data/],
  ])

  it('belongs to the attempt that failed, where the line has no port of the proxy', async () => {
    const line = await beside('c> S\nu> RA refuse', { ...uf, upstreamLocal: '-' })
    expect(line).toMatchObject({ agrees: 'yes', confidence: 'probable', leg: 'upstream' })
  })
})

describe('UT on the upstream leg', () => {
  const ut = { ...UPSTREAM, flags: 'UT', code: 504, duration: 2000, details: 'response_timeout' }
  agree('yes', [
    [
      'the proxy closes without an answer',
      `${REQUEST}\nc> FA +2s\nu> FA\nc> A`,
      ut,
      /was not answered; the proxy closed/,
    ],
  ])
  agree('no', [
    ['the upstream closes', `${REQUEST}\nu> RA +1s`, ut, /the upstream reset it/],
    ['it was answered', `${EXCHANGE}\nc> FA\nu> FA\nc> A`, ut, /last response was complete/],
  ])
})

describe('DC on the downstream leg', () => {
  const dc = { ...DOWNSTREAM, flags: 'DC', code: 0, details: 'downstream_remote_disconnect' }
  agree('yes', [
    ['the client resets', `${REQUEST}\nc> RA`, dc, /the client reset it/],
    ['the client closes', `${REQUEST}\nc> FA\nu> FA\nc> A`, dc, /the client closed it first/],
  ])
  agree('no', [
    ['the proxy resets', `${REQUEST}\nu> RA`, dc, /the proxy reset it/],
    ['it stays open', EXCHANGE, dc, /open \d+\.\d s later/],
  ])
  agree('yes', [
    [
      'the proxy lets its own leg go',
      `${REQUEST}\nc> FA\nu> FA\nc> A`,
      { ...dc, ...UPSTREAM },
      /the proxy closed it first/,
    ],
  ])
})

it('DC of a proxy that closes by itself is no contradiction', async () => {
  const details =
    'downstream_local_disconnect(purging_socket_that_have_not_progressed_to_connections)'
  const fields = { ...DOWNSTREAM, flags: 'DC', code: 0, details }
  const line = await beside(`${REQUEST}\nu> FA +50ms\nc> FA\nu> A`, fields)
  expect(line).toMatchObject({
    agrees: 'yes',
    meaning: expect.stringMatching(/^the proxy closed the client's connection: purging/),
  })
})

describe('answers of the proxy itself', () => {
  const tcp: IstioFields = { ...DOWNSTREAM, request: '- - -', code: 0 }
  agree('yes', [
    [
      'no filter chain: reset without a byte',
      `${REQUEST}\nu> RA`,
      { ...tcp, flags: 'NR', details: 'filter_chain_not_found' },
      /without a byte in answer the proxy reset it/,
    ],
    [
      'UH answered with 503',
      `${REQUEST}\nu> PA "HTTP/1.1 503 Service Unavailable\\r\\nContent-Length: 0\\r\\n\\r\\n"\nc> A`,
      { ...DOWNSTREAM, flags: 'UH', details: 'no_healthy_upstream' },
      /the proxy answered 503/,
    ],
  ])
  agree('no', [
    [
      'no filter chain, but the client left',
      `${REQUEST}\nc> RA`,
      { ...tcp, flags: 'NR' },
      /the client reset it/,
    ],
  ])
  agree('cannot-tell', [
    [
      'the upstream leg has no part in it',
      `${EXCHANGE}\nu> RA`,
      { ...UPSTREAM, flags: 'UO' },
      /nothing is sent to an upstream/,
    ],
  ])

  it('are told apart from those of the application', async () => {
    const line = await beside(`${REQUEST}\nu> RA`, {
      ...UPSTREAM,
      flags: 'UC',
      details: 'upstream_reset_before_response_started{connection_termination}',
    })
    expect(line.meaning).toBe(
      "the upstream connection ended (connection termination); the 503 is the proxy's answer, not the application's",
    )
    const own = await beside(EXCHANGE, { ...UPSTREAM, code: 500, details: 'via_upstream' })
    expect(own.meaning).toBe("the upstream's own answer")
  })

  it('are known by their length, where the line has neither flag nor details', async () => {
    const line = await beside(`${REQUEST}\nu> RA`, { ...UPSTREAM, sent: 95 })
    expect(line).toMatchObject({ agrees: 'yes', meaning: expect.stringContaining('95 bytes') })
    expect(line.comparison).toMatch(/^UC: /)
  })
})

describe('streams, timers and protocols', () => {
  agree('cannot-tell', [
    [
      'UR is no TCP reset',
      `${REQUEST}\nu> RA`,
      { ...UPSTREAM, flags: 'UR' },
      /a stream is no TCP connection/,
    ],
    [
      'UPE with an answer that is HTTP',
      `${EXCHANGE}\nc> FA\nu> FA\nc> A`,
      { ...UPSTREAM, flags: 'UPE', code: 502 },
      /http-response/,
    ],
    [
      'a flag that nobody knows',
      `${REQUEST}\nu> RA`,
      { ...UPSTREAM, flags: 'XYZ' },
      /the upstream reset it/,
    ],
    [
      'UC beside the leg of the client',
      `${REQUEST}\nc> RA`,
      { ...DOWNSTREAM, flags: 'UC' },
      /other leg/,
    ],
  ])
  agree('yes', [
    [
      'UR of a TCP proxy that passes a RST on',
      `${REQUEST}\nu> RA`,
      { ...UPSTREAM, request: '- - -', code: 0, flags: 'UR' },
      /the upstream reset it/,
    ],
    [
      'DT: the proxy closes',
      `${REQUEST}\nu> FA +1s\nc> FA\nu> A`,
      { ...DOWNSTREAM, flags: 'DT', duration: 1000 },
      /the proxy closed it first/,
    ],
    [
      'UPE with an SSH banner',
      `${OPEN}\nc> PA "GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"\nu> PA "SSH-2.0-x\\r\\n"\nc> FA\nu> FA\nc> A`,
      { ...UPSTREAM, flags: 'UPE', code: 502 },
      /first bytes of the upstream are ssh/,
    ],
    [
      'DPE with TLS bytes',
      `${OPEN}\nc> PA "\\u0016\\u0003\\u0001\\u0000\\u0005hello"\nu> FA\nc> FA\nu> A`,
      { ...DOWNSTREAM, flags: 'DPE', code: 400 },
      /packets: /,
    ],
  ])
  agree('no', [
    [
      'DT, but the client closes',
      `${REQUEST}\nc> FA +1s\nu> FA\nc> A`,
      { ...DOWNSTREAM, flags: 'DT', duration: 1000 },
      /the client closed it first/,
    ],
    [
      'UPE without a byte',
      `${REQUEST}\nc> FA\nu> FA\nc> A`,
      { ...UPSTREAM, flags: 'UPE', code: 502 },
      /the upstream sent nothing/,
    ],
    [
      'LR, but the upstream resets',
      `${REQUEST}\nu> RA`,
      { ...UPSTREAM, flags: 'LR' },
      /the upstream reset it/,
    ],
  ])
})

describe('lines without a flag', () => {
  const ok = { ...UPSTREAM, code: 200, flags: '-', details: 'via_upstream' }
  agree('yes', [
    [
      'a response, and an orderly end',
      `${EXCHANGE}\nc> FA +1s\nu> FA\nc> A`,
      ok,
      /later the proxy closed/,
    ],
    ['a response, and a reset of a later request', KEEP_ALIVE_RACE, ok, /^200; packets: /],
  ])
  agree('no', [
    ['a response of a connection that never was', 'c> S\nu> RA refuse', ok, /never came about/],
    [
      'a reset in the middle of the request that succeeded',
      `${HALF_RESPONSE}\nu> RA +5s`,
      { ...ok, duration: 20_000 },
      /while the request was under way/,
    ],
  ])
  agree('no', [
    [
      'a response without a length that a reset ends',
      `${REQUEST}
      u> PA "HTTP/1.1 200 OK\\r\\n\\r\\nall of it?"
      c> A
      u> RA +50ms`,
      ok,
      /mid-response\), which a line without a flag hides/,
    ],
  ])
  const tcp: IstioFields = { ...UPSTREAM, request: '- - -', code: 0, flags: '-' }
  agree('cannot-tell', [
    ['a TCP line says nothing of a reset', `${HALF_RESPONSE}\nu> RA`, tcp, /no flag for that/],
  ])
})

it('a reason for which the proxy closed a connection itself is compared', async () => {
  const shown = 'transport socket timeout was reached'
  const fields: IstioFields = { ...DOWNSTREAM, request: '- - -', code: 0, termination: shown }
  const closed = await beside(`${OPEN}\nu> FA +1s\nc> FA\nu> A`, { ...fields, duration: 1000 })
  expect(closed).toMatchObject({
    agrees: 'yes',
    meaning: `the proxy ended it: ${shown}`,
    terminationDetails: shown,
  })
  expect(await beside(`${REQUEST}\nc> RA`, fields)).toMatchObject({ agrees: 'no' })
  const details = 'downstream_local_disconnect(on_idle_timeout)'
  const local = await beside(`${EXCHANGE}\nu> FA\nc> FA\nu> A`, {
    ...DOWNSTREAM,
    code: 200,
    details,
  })
  expect(local).toMatchObject({
    agrees: 'yes',
    meaning: "the proxy closed the client's connection: on idle timeout",
  })
})

it('a response that broke off after it had begun is no whole answer', async () => {
  const details = 'upstream_reset_after_response_started{connection_termination}'
  const line = await beside(`${HALF_RESPONSE}\nu> RA`, {
    ...UPSTREAM,
    code: 200,
    flags: 'UC',
    details,
  })
  expect(line).toMatchObject({
    agrees: 'yes',
    meaning: 'the upstream connection ended (connection termination; after the response had begun)',
  })
})

it('the detected close type of new versions is compared as it stands', async () => {
  const format =
    '%START_TIME% %RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_LOCAL_ADDRESS% %UPSTREAM_HOST% %UPSTREAM_DETECTED_CLOSE_TYPE%'
  const said = async (type: string, ladder: string) => {
    const input = new TextEncoder().encode(`${START} 0 - ${CLIENT} ${SERVER} ${type}`)
    const engine = { accessLogs: [{ input }], accessLogFormat: format }
    const [connection] = await compared(ladder, { engine })
    return connection!.accessLog[0]!.agrees
  }
  expect(await said('RemoteReset', `${REQUEST}\nu> RA`)).toBe('yes')
  expect(await said('LocalReset', `${REQUEST}\nu> RA`)).toBe('no')
  expect(await said('LocalReset', `${REQUEST}\nc> RA`)).toBe('yes')
  expect(await said('Normal', `${EXCHANGE}\nc> FA\nu> FA\nc> A`)).toBe('yes')
  expect(await said('Normal', `${REQUEST}\nu> RA`)).toBe('no')
})
