import { describe, expect, it } from 'vitest'
import { recording } from '../decoders/application/recordings.ts'
import { analyzed, captureOf, compared, from, leg, linksOf } from '../support/legs.ts'

const OPEN = `
  c> S
  u> SA
  c> A`
const request = (path: string, ...headers: string[]) =>
  JSON.stringify(
    `GET ${path} HTTP/1.1\r\n${['Host: shop', ...headers].map((h) => `${h}\r\n`).join('')}\r\n`,
  )
const response = (status: number, headers = 'Content-Length: 0') =>
  JSON.stringify(`HTTP/1.1 ${status} X\r\n${headers}\r\n\r\n`)
const ID = 'x-request-id: 0d4a9e1c-7c3f-4a0e-9a53-5a1f6f0c8e21'

const CLIENT = '10.1.0.2:40000'
const GATEWAY = '10.42.1.5:8080'
const LEG = '10.42.1.5:50000'
const APP = '10.42.3.8:8080'

/** A client's connection to the gateway, and the gateway's own to the application, each from its time on. */
const downstream = (text: string, at: number, options = {}) =>
  leg(text, { client: CLIENT, upstream: GATEWAY, at, number: 1, ...options })
const upstream = (text: string, at: number, options = {}) =>
  leg(text, { client: LEG, upstream: APP, at, number: 2, ...options })

const asked = (path = '/orders', ...headers: string[]) => `${OPEN}
  c> PA ${request(path, ...headers)}
  u> A`
/** What the gateway adds. */
const ADDED = 'x-forwarded-for: 10.1.0.2'
/** Answered after so long, and left open. */
const answered = (status: number, after: string, path = '/orders', ...headers: string[]) =>
  `${asked(path, ...headers)}
  u> PA ${response(status)} ${after}
  c> A`
const resetAfter = (after: string, path = '/orders', ...headers: string[]) =>
  `${asked(path, ...headers)}
  u> RA ${after}`

describe('both legs in one capture', () => {
  it('the same request id is certain, and the headline tells both legs', async () => {
    const report = await analyzed(
      captureOf(
        [downstream(answered(503, '+30ms', '/orders', ID), 1), 'upstream'],
        [upstream(resetAfter('+10ms', '/orders', ID), 1.006), 'client'],
      ),
    )
    expect(linksOf(report)).toEqual(['40000 → 50000 same x-request-id (certain)'])
    const [down, up] = [from(report, 40000), from(report, 50000)]
    expect(down.links).toMatchObject([{ connection: up.id, requests: 1, owed: true }])
    expect(up.links).toMatchObject([{ connection: down.id, relation: 'proxied-from' }])
    expect(down.causes[0]).toMatchObject({
      id: 'proxy-upstream-reset',
      confidence: 'certain',
      why: expect.stringContaining(
        `the upstream leg (#${up.id}) was reset first by ${APP}; the proxy answered 503 on #${down.id} and kept it open`,
      ),
    })
    expect(report.verdict.headline).toContain(
      `this is the upstream leg of a proxy; the proxy answered 503 on #${down.id} and kept it open`,
    )
  })

  it('a request line alone in its time is probable', async () => {
    const report = await analyzed(
      captureOf(
        [downstream(answered(200, '+30ms'), 1), 'upstream'],
        [upstream(answered(200, '+10ms', '/orders', ADDED), 1.006), 'client'],
      ),
    )
    expect(linksOf(report)).toEqual(['40000 → 50000 same request line and time (probable)'])
    expect(from(report, 40000).links[0]).toMatchObject({ owed: false })
  })

  it('two alike at a time are unclear, unless their hosts differ', async () => {
    const legs = (hosts: [string, string]) =>
      analyzed(
        captureOf(
          ...hosts.flatMap((host, i) => {
            const text = (after: string, ...added: string[]) =>
              answered(200, after, '/orders', ...added).replaceAll('shop', host)
            const client = `10.1.0.2:${40000 + i}`
            const own = `10.42.1.5:${50000 + i}`
            const near = downstream(text('+60ms'), 1 + i / 1000, { client, number: 1 + i })
            const far = upstream(text('+10ms', ADDED), 1.02 + i / 1000, {
              client: own,
              number: 11 + i,
            })
            return [[near, 'upstream'] as const, [far, 'client'] as const].map(
              ([l, tap]): [typeof near, 'client' | 'upstream'] => [l, tap],
            )
          }),
        ),
      )
    expect(linksOf(await legs(['shop', 'shop']))).toEqual([
      '40000 → 50000 same request line and time (unclear)',
      '40001 → 50001 same request line and time (unclear)',
    ])
    expect(linksOf(await legs(['shop', 'cart']))).toEqual([
      '40000 → 50000 same request line, host and time (probable)',
      '40001 → 50001 same request line and time (probable)',
    ])
  })

  it('many clients share a connection of a pool, and a reset meets the one whose request was under way', async () => {
    const ids = ['a', 'b', 'c'].map((n) => `x-request-id: ${n}`)
    const [a, b, c] = ids as [string, string, string]
    const report = await analyzed(
      captureOf(
        [downstream(answered(200, '+30ms', '/a', a), 1), 'upstream'],
        [
          downstream(answered(200, '+30ms', '/b', b), 2, { client: '10.1.0.3:40001', number: 3 }),
          'upstream',
        ],
        [
          downstream(answered(502, '+30ms', '/c', c), 3, { client: '10.1.0.4:40002', number: 4 }),
          'upstream',
        ],
        [
          upstream(
            `${answered(200, '+5ms', '/a', a)}
             c> PA ${request('/b', b)} +0.9915s
             u> PA ${response(200)} +5ms
             c> A
             c> PA ${request('/c', c)} +0.9935s
             u> RA +5ms`,
            1.006,
          ),
          'client',
        ],
      ),
    )
    expect(linksOf(report)).toEqual([
      '40000 → 50000 same x-request-id (certain)',
      '40001 → 50000 same x-request-id (certain)',
      '40002 → 50000 same x-request-id (certain)',
    ])
    const pool = from(report, 50000)
    expect(pool.links.map(({ connection, owed }) => [connection, owed])).toEqual([
      [from(report, 40002).id, true],
      [from(report, 40000).id, false],
      [from(report, 40001).id, false],
    ])
    expect(from(report, 40000).causes).toEqual([])
    expect(from(report, 40001).causes).toEqual([])
    expect(from(report, 40002).causes[0]?.id).toBe('proxy-upstream-reset')
    expect(report.verdict.headline).toContain(`answered 502 on #${from(report, 40002).id}`)
  })

  it('a second attempt is told, and heals', async () => {
    const report = await analyzed(
      captureOf(
        [downstream(answered(200, '+60ms', '/orders', ID), 1), 'upstream'],
        [upstream(resetAfter('+10ms', '/orders', ID), 1.006), 'client'],
        [
          upstream(answered(200, '+10ms', '/orders', ID), 1.03, {
            client: '10.42.1.5:50001',
            number: 3,
          }),
          'client',
        ],
      ),
    )
    expect(linksOf(report)).toEqual([
      '40000 → 50000 same x-request-id (certain)',
      '40000 → 50001 same x-request-id (certain)',
    ])
    expect(from(report, 40000).causes).toEqual([])
    expect(report.verdict.headline).toContain(
      `the proxy tried again on #${from(report, 50001).id} and answered 200 on #${from(report, 40000).id} and kept it open`,
    )
  })

  it('a client that goes away first is first', async () => {
    const report = await analyzed(
      captureOf(
        [downstream(`${asked('/orders', ID)}\nc> RA +20ms`, 1), 'upstream'],
        [upstream(`${asked('/orders', ID)}\nc> RA +30ms`, 1.006), 'client'],
      ),
    )
    const [down, up] = [from(report, 40000), from(report, 50000)]
    expect(down.causes.map(({ id }) => id)).not.toContain('proxy-upstream-reset')
    expect(report.verdict.headline).toContain(
      `the downstream leg (#${down.id}) was reset first by ${CLIENT}; then the upstream leg (#${up.id}) was reset by the proxy`,
    )
  })

  it('an application that passes the id on with another request is no more than probable', async () => {
    const report = await analyzed(
      captureOf(
        [downstream(answered(200, '+60ms', '/orders', ID), 1), 'upstream'],
        [upstream(answered(200, '+10ms', '/stock', ID), 1.006), 'client'],
      ),
    )
    expect(linksOf(report)).toEqual(['40000 → 50000 same x-request-id, another path (probable)'])
  })

  it('an id that all requests share is none', async () => {
    const legs = Array.from({ length: 70 }, (_, i) =>
      leg(answered(200, '+5ms', `/${i}`, 'x-request-id: fixed'), {
        client: `10.1.0.2:${41000 + i}`,
        upstream: GATEWAY,
        at: 1 + i,
        number: 100 + i,
      }),
    )
    const report = await analyzed(
      captureOf(...legs.map((l): [typeof l, 'upstream'] => [l, 'upstream']), [
        upstream(answered(200, '+2ms', '/none', 'x-request-id: fixed'), 1.0042),
        'client',
      ]),
    )
    expect(linksOf(report)).toEqual([])
  })

  it('the trace id and the same line are probable', async () => {
    const trace = (span: string) => `traceparent: 00-0af7651916cd43dd8448eb211c80319c-${span}-01`
    const report = await analyzed(
      captureOf(
        [downstream(answered(200, '+60ms', '/a', trace('00f067aa0ba902b7')), 1), 'upstream'],
        [upstream(answered(200, '+10ms', '/a', trace('b7ad6b7169203331')), 1.006), 'client'],
      ),
    )
    expect(linksOf(report)).toEqual(['40000 → 50000 same traceparent and request line (probable)'])
  })

  it('clients of one server, and clients of two, are no legs of each other', async () => {
    const same = await analyzed(
      captureOf(
        [downstream(answered(200, '+60ms'), 1), 'upstream'],
        [
          downstream(answered(200, '+10ms'), 1.006, { client: '10.1.0.3:40001', number: 3 }),
          'upstream',
        ],
      ),
    )
    expect(linksOf(same)).toEqual([])
    const node = await analyzed(
      captureOf(
        [downstream(answered(200, '+60ms'), 1), 'upstream'],
        [upstream(answered(200, '+10ms'), 1.006, { client: '10.1.0.9:50000' }), 'upstream'],
      ),
    )
    expect(linksOf(node)).toEqual([])
  })

  it('one connection under two addresses is not its own proxy', async () => {
    const text = answered(200, '+60ms', '/orders', ID)
    const near = leg(text, { client: CLIENT, upstream: '10.96.0.10:80', at: 1 })
    // The same numbers, but IP IDs that keep it from being folded: something renumbered them.
    const far = leg(text.replace('c> S', 'c> S id=900'), {
      client: CLIENT,
      upstream: APP,
      at: 1.0001,
    })
    const report = await analyzed(captureOf([near, 'upstream'], [far, 'upstream']))
    expect(report.connections).toHaveLength(2)
    expect(linksOf(report)).toEqual([])
  })
})

describe('sidecars', () => {
  it('an outbound leg, REDIRECTed to 127.0.0.1:15001, is one connection and leads to the pod behind', async () => {
    const redirected = (text: string) =>
      text.replace(/^\s*([cu]>.*)$/gm, (_, line: string) =>
        line.startsWith('c>') ? `${line} dst=127.0.0.1:15001` : `${line} src=10.96.0.10:80`,
      )
    const pod = '10.42.1.7'
    const report = await analyzed(
      captureOf(
        [
          leg(redirected(answered(503, '+30ms')), {
            client: `${pod}:40000`,
            upstream: '10.96.0.10:80',
            at: 1,
          }),
          'client',
        ],
        [
          upstream(resetAfter('+10ms', '/orders', ADDED), 1.006, { client: `${pod}:50000` }),
          'client',
        ],
      ),
    )
    expect(report.connections).toHaveLength(2)
    const app = from(report, 40000)
    expect(app).toMatchObject({ protocol: 'http/1', termination: 'open', detail: 'active' })
    expect(app.views.capture).toMatchObject({
      upstream: { address: '127.0.0.1', port: 15001 },
      alsoSeenAs: [{ upstream: { address: '10.96.0.10', port: 80 } }],
    })
    expect(linksOf(report)).toEqual(['40000 → 50000 same request line and time (probable)'])
    expect(report.verdict.headline).toContain(`the proxy answered 503 on #${app.id}`)
  })

  it('an inbound leg leads to the application from 127.0.0.6', async () => {
    const report = await analyzed(
      captureOf(
        [leg(answered(503, '+30ms'), { client: CLIENT, upstream: APP, at: 1 }), 'upstream'],
        [
          leg(resetAfter('+10ms', '/orders', ADDED), {
            client: '127.0.0.6:50000',
            upstream: APP,
            at: 1.006,
            number: 2,
          }),
          'client',
        ],
      ),
    )
    expect(linksOf(report)).toEqual(['40000 → 50000 same request line and time (probable)'])
    expect(from(report, 50000).proxies).toEqual([{ side: 'client', basis: 'source 127.0.0.6' }])
  })

  it('on HBONE no single request is told apart', async () => {
    const tls = [...recording('tls13')]
    const hbone = leg(`${OPEN}\nc> PA $hello\nu> RA +5ms`, {
      client: CLIENT,
      upstream: '10.42.3.8:15008',
      at: 1,
      payloads: { hello: tls[0]!.bytes },
    })
    const report = await analyzed(captureOf([hbone, 'upstream']))
    expect(report.verdict.headline).toContain('many requests share an HBONE connection')
    expect(linksOf(report)).toEqual([])
  })
})

describe('streams', () => {
  const hello = recording('tls13').find(({ direction }) => direction === 0)!.bytes
  const tls = (size: number, bytes: Uint8Array, after = '+5ms') => ({
    text: `${OPEN}
      c> PA $hello
      u> PA 1400 +1ms
      c> PA ${size / 10} +1ms
      ${Array.from({ length: Math.ceil(size / 1400) }, () => `u> PA 1400 ${after}\nc> A`).join('\n')}
      u> FA
      c> FA
      u> A`,
    payloads: { hello: bytes },
  })
  const other = Uint8Array.from(hello, (byte, i) => (i > 10 && i < 40 ? byte ^ 0x55 : byte))

  it('a PROXY header names the connection in front, whatever the addresses between', async () => {
    const header = JSON.stringify('PROXY TCP4 10.1.0.2 203.0.113.9 40000 443\r\n')
    const front = leg(`${OPEN}\nc> PA "hello"\nu> PA "world" +20ms\nc> RA +1s`, {
      client: CLIENT,
      upstream: '203.0.113.9:443',
      at: 1,
    })
    const behind = leg(`${OPEN}\nc> PA ${header}\nc> PA "hello"\nu> PA "world" +1ms\nc> RA +1s`, {
      client: '192.0.2.1:50000',
      upstream: APP,
      at: 1.01,
      number: 2,
    })
    const report = await analyzed(captureOf([front, 'upstream'], [behind, 'client']))
    expect(linksOf(report)).toEqual(['40000 → 50000 PROXY header (certain)'])
    expect(from(report, 40000).links[0]).toMatchObject({ requests: 0 })
    const apart = await compared(captureOf([front, 'client']), captureOf([behind, 'upstream']))
    expect(linksOf(apart)).toEqual(['40000 → 50000 PROXY header (certain)'])
    expect(apart.limits.map(({ code }) => code)).not.toContain('no-shared-connection')
  })

  it('the same ClientHello on both legs is a proxy that passes TLS through', async () => {
    const { text, payloads } = tls(4000, hello)
    const report = await analyzed(
      captureOf(
        [downstream(text, 1, { payloads }), 'upstream'],
        [upstream(text, 1.0025, { payloads }), 'client'],
        // Another client at the same time: another random.
        [
          downstream(text, 1.001, {
            payloads: { hello: other },
            client: '10.1.0.3:40001',
            number: 3,
          }),
          'upstream',
        ],
      ),
    )
    expect(linksOf(report)).toEqual(['40000 → 50000 same ClientHello and time (probable)'])
  })

  it('of encrypted legs only size and time are left: probable where much is alike, and no other is', async () => {
    const near = tls(200_000, hello, '+1ms')
    const far = tls(200_000, other, '+1ms')
    const pair = (
      number: number,
      at: number,
    ): [Parameters<typeof captureOf>[0], Parameters<typeof captureOf>[0]] => [
      [
        downstream(near.text, at, {
          payloads: near.payloads,
          client: `10.1.0.2:${40000 + number}`,
          number: 10 + number,
        }),
        'upstream',
      ],
      [
        upstream(far.text, at + 0.0025, {
          payloads: far.payloads,
          client: `10.42.1.5:${50000 + number}`,
          number: 20 + number,
          transit: 0.0001,
        }),
        'client',
      ],
    ]
    const one = await analyzed(captureOf(...pair(0, 1)))
    expect(linksOf(one)).toEqual(['40000 → 50000 byte counts and time (probable)'])
    const two = await analyzed(captureOf(...pair(0, 1), ...pair(1, 1.0002)))
    expect(linksOf(two)).toEqual([])
  })
})

describe('one leg in each capture', () => {
  const HOUR = 3600

  it('request ids relate clocks that no packet relates, and so tell which leg ended first', async () => {
    const offset = -2 * HOUR + 0.25
    const report = await compared(
      captureOf(
        [downstream(answered(200, '+30ms', '/a', `${ID}1`), 1), 'client'],
        [
          downstream(answered(503, '+30ms', '/b', `${ID}2`), 2, {
            client: '10.1.0.2:40001',
            number: 3,
          }),
          'client',
        ],
      ),
      captureOf(
        [upstream(answered(200, '+10ms', '/a', `${ID}1`), 1.006, { offset }), 'upstream'],
        [
          upstream(resetAfter('+10ms', '/b', `${ID}2`), 2.006, {
            client: '10.42.1.5:50001',
            number: 4,
            offset,
          }),
          'upstream',
        ],
      ),
    )
    expect(linksOf(report)).toEqual([
      '40000 → 50000 same x-request-id (certain)',
      '40001 → 50001 same x-request-id (certain)',
    ])
    const { lowSeconds, highSeconds } = report.clock!
    expect(lowSeconds).toBeLessThanOrEqual(offset)
    expect(highSeconds).toBeGreaterThanOrEqual(offset)
    expect(highSeconds! - lowSeconds!).toBeLessThan(0.03)
    expect(report.limits.map(({ code }) => code)).toContain('clock-by-requests')
    expect(report.verdict).toMatchObject({ by: 'upstream' })
    expect(report.verdict.headline).toContain('the proxy answered 503 on')
    const up = from(report, 50001)
    expect(up.unmatchedReason).toBe('terminated-by-proxy')
    expect(up.firstReset!.evidence.map(({ text }) => text).join()).not.toContain("client's side")
  })

  it('two captures that have nothing to do with each other are not linked by one common line', async () => {
    const report = await compared(
      captureOf([downstream(answered(200, '+30ms', '/'), 1), 'client']),
      captureOf([upstream(answered(200, '+10ms', '/'), 1, { offset: 5 * HOUR }), 'upstream']),
    )
    expect(linksOf(report).filter((link) => !link.includes('unclear'))).toEqual([])
    expect(report.limits.map(({ code }) => code)).toContain('no-shared-connection')
  })
})
