import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineParser } from '../../../src/context/access-log/parse-line.ts'
import { formatOf, istioLine, ns, read } from './log-lines.ts'

const at = (address: string, port: number) => ({ address, port })

describe("Istio's text format", () => {
  it('gives every field its place', () => {
    const line = read(
      istioLine({
        code: 503,
        flags: 'UC',
        details: 'upstream_reset_before_response_started{connection_termination}',
        sent: 95,
        duration: 0,
      }),
    )
    expect(line).toEqual({
      source: 0,
      number: 1,
      startNs: ns('2026-03-17T09:41:05.995Z'),
      durationNs: 0,
      method: 'GET',
      path: '/api/v1/orders',
      protocol: 'HTTP/1.1',
      code: 503,
      flags: ['UC'],
      details: 'upstream_reset_before_response_started{connection_termination}',
      terminationDetails: null,
      transportFailure: null,
      bytesReceived: 0,
      bytesSent: 95,
      requestId: '4f1a7e0a-0a53-4f3e-9a3f-7f0a2a9d1c11',
      cluster: 'outbound|80||orders.shop.svc.cluster.local',
      attempts: null,
      localClose: { downstream: null, upstream: null },
      detectedClose: { downstream: null, upstream: null },
      downstream: { client: at('10.42.1.17', 51022), server: at('10.96.14.200', 80) },
      upstream: { client: at('10.42.1.17', 43364), server: at('10.42.3.8', 8080) },
      clientInferred: false,
      tunnelled: false,
      loose: [],
      guessed: false,
    })
  })

  it('reads a TCP line', () => {
    const line = read(
      istioLine({
        request: '- - -',
        code: 0,
        details: '-',
        id: '-',
        agent: '-',
        authority: '-',
        cluster: 'BlackHoleCluster',
        host: '-',
        upstreamLocal: '-',
        flags: 'UH',
      }),
    )
    expect(line).toMatchObject({ method: null, path: null, code: 0, flags: ['UH'] })
    expect(line.upstream).toEqual({ client: null, server: null })
    expect(line.cluster).toBe('BlackHoleCluster')
  })

  it('reads termination details with spaces', () => {
    const line = read(
      istioLine({
        request: '- - -',
        code: 0,
        flags: '-',
        details: '-',
        termination: 'transport socket timeout was reached',
      }),
    )
    expect(line.terminationDetails).toBe('transport socket timeout was reached')
    expect(line.details).toBeNull()
    expect(line.downstream.client).toEqual(at('10.42.1.17', 51022))
  })

  it('reads a transport failure with spaces and bars', () => {
    const failure =
      'TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end'
    const line = read(istioLine({ code: 503, flags: 'URX,UF', failure, upstreamLocal: '-' }))
    expect(line.transportFailure).toBe(failure)
    expect(line.flags).toEqual(['URX', 'UF'])
    expect(line.upstream.client).toBeNull()
  })

  it('puts details together that a very old version wrote with spaces', () => {
    const line = read(
      istioLine({
        code: 503,
        flags: 'UF',
        details: 'upstream_reset_before_response_started{connection failure}',
      }),
    )
    expect(line.details).toBe('upstream_reset_before_response_started{connection failure}')
    expect(line.terminationDetails).toBeNull()
  })

  it('reads IPv6 and unmapped IPv4 addresses as captures show them', () => {
    const line = read(
      istioLine({
        host: '[2001:DB8:0:0:0:0:0:5]:8080',
        upstreamLocal: '[2001:db8::1:0:0:7]:40000',
        remote: '[::ffff:10.42.1.17]:51022',
        local: '[::]:80',
      }),
    )
    expect(line.upstream.server).toEqual(at('2001:db8::5', 8080))
    expect(line.upstream.client).toEqual(at('2001:db8::1:0:0:7', 40000))
    expect(line.downstream).toEqual({ client: at('10.42.1.17', 51022), server: at('::', 80) })
  })

  it('knows that port 0 is an address out of a header', () => {
    const line = read(istioLine({ remote: '203.0.113.9:0' }))
    expect(line.clientInferred).toBe(true)
    expect(line.downstream.client).toEqual(at('203.0.113.9', 0))
  })

  it('sees through the tunnels of waypoints', () => {
    const line = read(
      istioLine({
        host: 'envoy://connect_originate/10.42.3.8:8080',
        upstreamLocal: 'envoy://internal_client_address/',
      }),
    )
    expect(line.tunnelled).toBe(true)
    expect(line.upstream).toEqual({ client: null, server: at('10.42.3.8', 15008) })
  })
})

describe('what a client writes', () => {
  const intact = {
    code: 503,
    flags: ['UC'],
    upstream: { client: at('10.42.1.17', 43364), server: at('10.42.3.8', 8080) },
    downstream: { client: at('10.42.1.17', 51022), server: at('10.96.14.200', 80) },
  }
  it.each([
    ['a user agent with quotes', { agent: 'x" "y" "z" "1.2.3.4:5" outbound|1||h 1.1.1.1:1 -' }],
    ['an authority with quotes', { authority: 'a" "9.9.9.9:9" b' }],
    ['a request id with quotes', { id: '" "" "-" "-" "10.0.0.1:1"' }],
    ['a server name with spaces', { sni: 'a b c' }],
    ['control characters', { agent: '\u0007\u001b]0;x\u0007\u202e' }],
  ])('cannot move the addresses: %s', (_, fields) => {
    expect(read(istioLine({ code: 503, flags: 'UC', ...fields }))).toMatchObject(intact)
  })

  it('is read in time linear in its length', () => {
    const hostile = [
      istioLine({ agent: '" '.repeat(200_000) }),
      istioLine({ agent: '"'.repeat(400_000), sni: ' '.repeat(100_000) }),
      `${'[2026-'.repeat(100_000)}`,
      `${'{"log":'.repeat(50_000)}`,
      `[pod/${'a'.repeat(500_000)}`,
      `${'a '.repeat(250_000)}`,
      `"GET ${'/ '.repeat(250_000)}HTTP/1.1" 503`,
      '{'.repeat(500_000),
      `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      `${'"GET / HTTP/1.1" '.repeat(50_000)}`,
    ]
    const begun = performance.now()
    for (const text of hostile) lineParser(undefined).parse(text, 0, 1)
    expect(performance.now() - begun).toBeLessThan(2000)
  })
})

describe("Envoy's default format", () => {
  // The examples of Envoy's documentation.
  const examples = [
    '[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "tcp://10.0.2.1:80"',
    '[2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "nsq2http" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "10.0.2.1:80"',
  ]
  it.each(examples)('reads %s', (text) => {
    expect(read(text)).toMatchObject({
      startNs: ns('2016-04-15T20:17:00.310Z'),
      durationNs: 226e6,
      method: 'POST',
      path: '/api/v1/locations',
      protocol: 'HTTP/2',
      code: 204,
      flags: [],
      bytesReceived: 154,
      bytesSent: 0,
      requestId: 'cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2',
      upstream: { client: null, server: at('10.0.2.1', 80) },
      downstream: { client: null, server: null },
    })
    expect(formatOf(text)).toBe('envoy')
  })
})

describe('JSON lines', () => {
  const strings = {
    start_time: '2026-03-17T09:41:05.995Z',
    route_name: 'default',
    method: 'GET',
    path: '/api?x=1',
    protocol: 'HTTP/1.1',
    response_code: '503',
    response_flags: 'UF,URX',
    response_code_details: 'upstream_reset_before_response_started{remote_connection_failure}',
    connection_termination_details: '-',
    bytes_received: '0',
    bytes_sent: '98',
    duration: '31',
    upstream_service_time: '-',
    x_forwarded_for: '-',
    user_agent: 'curl',
    request_id: 'abc',
    authority: 'orders',
    upstream_host: '10.42.3.8:8080',
    upstream_cluster: 'outbound|80||orders.shop.svc.cluster.local',
    upstream_local_address: '-',
    downstream_local_address: '10.96.14.200:80',
    downstream_remote_address: '10.42.1.17:51022',
    requested_server_name: '-',
    upstream_transport_failure_reason: 'delayed_connect_error:_111',
  }
  const expected = {
    startNs: ns('2026-03-17T09:41:05.995Z'),
    durationNs: 31e6,
    code: 503,
    flags: ['UF', 'URX'],
    bytesSent: 98,
    path: '/api',
    transportFailure: 'delayed_connect_error:_111',
    upstream: { client: null, server: at('10.42.3.8', 8080) },
    downstream: { client: at('10.42.1.17', 51022), server: at('10.96.14.200', 80) },
  }

  it('of json_format have strings', () => {
    expect(read(JSON.stringify(strings))).toMatchObject(expected)
  })

  it('of typed_json_format have numbers and null', () => {
    const typed = {
      ...strings,
      response_code: 503,
      duration: 31,
      bytes_sent: 98,
      upstream_local_address: null,
      connection_termination_details: null,
    }
    expect(read(JSON.stringify(typed))).toMatchObject(expected)
  })

  it('of Envoy Gateway have header names as keys', () => {
    const line = read(
      JSON.stringify({
        start_time: '2026-03-17T09:41:05.995Z',
        'x-envoy-origin-path': '/a?b',
        'x-request-id': 'abc',
        response_code: 200,
        response_flags: '-',
        upstream_host: '10.0.0.1:80',
      }),
    )
    expect(line).toMatchObject({ path: '/a', requestId: 'abc', code: 200 })
  })

  it('of other kinds are no access log lines', () => {
    expect(formatOf('{"level":"info","msg":"started","duration":3}')).toBeNull()
    expect(formatOf('{"__proto__":{"response_code":"503"}}')).toBeNull()
    expect(formatOf('[1,2]')).toBeNull()
  })
})

describe('what collectors put around a line', () => {
  const line = istioLine({ code: 503, flags: 'UC' })
  const time = '2026-03-17T09:41:06.123456789Z'
  it.each([
    ['kubectl --timestamps', `${time} ${line}`],
    ['kubectl --prefix', `[pod/gateway-6d5f-x2x/istio-proxy] ${line}`],
    ['kubectl --prefix --timestamps', `[pod/gateway-6d5f-x2x/istio-proxy] ${time} ${line}`],
    ['CRI', `${time} stdout F ${line}`],
    ['CRI in local time', `2026-03-17T10:41:06.123456789+01:00 stdout F ${line}`],
    ['Docker', JSON.stringify({ log: `${line}\n`, stream: 'stdout', time })],
    ['docker compose', `envoy-1  | ${line}`],
    ['stern', `gateway-6d5f-x2x istio-proxy ${line}`],
    ['stern -A', `shop gateway-6d5f-x2x istio-proxy ${line}`],
    ['stern -t', `gateway-6d5f-x2x istio-proxy ${time} ${line}`],
    ['stern -o json', JSON.stringify({ message: line, podName: 'x', containerName: 'y' })],
    ['Loki', JSON.stringify({ labels: { pod: 'x' }, line, timestamp: time })],
    ['CloudWatch', JSON.stringify({ timestamp: 1, message: line, ingestionTime: 2 })],
    [
      'Fluent Bit to CloudWatch',
      JSON.stringify({ message: JSON.stringify({ log: line, kubernetes: {} }) }),
    ],
    ['colours', `\u001b[36mgateway-x\u001b[0m \u001b[33mistio-proxy\u001b[0m ${line}`],
  ])('is taken away: %s', (_, text) => {
    expect(read(text)).toEqual(read(line))
    expect(read(text).guessed).toBe(false)
  })

  it('is taken away around JSON lines, too', () => {
    const json = JSON.stringify({ response_code: 503, upstream_host: '10.0.0.1:80' })
    for (const text of [`${time} stdout F ${json}`, `[pod/a/b] ${time} ${json}`]) {
      expect(read(text).upstream.server).toEqual(at('10.0.0.1', 80))
    }
    const gcp = JSON.stringify({ jsonPayload: JSON.parse(json), timestamp: time })
    expect(read(gcp).code).toBe(503)
  })

  it('may cut a line into pieces (CRI), of two streams at once', () => {
    const parser = lineParser(undefined)
    const cut = [
      `${time} stdout P ${line.slice(0, 40)}`,
      `${time} stderr F 2026-03-17T09:41:06Z\twarning\tenvoy`,
      `${time} stdout P ${line.slice(40, 90)}`,
      `${time} stdout F ${line.slice(90)}`,
    ]
    const results = cut.map((text, i) => parser.parse(text, 0, i + 1))
    expect(results.slice(0, 3)).toEqual(['piece', null, 'piece'])
    expect(results[3]).toMatchObject({ line: { flags: ['UC'], number: 4 }, format: 'istio' })
  })

  it('may cut a line into pieces (Docker)', () => {
    const parser = lineParser(undefined)
    const long = istioLine({ agent: 'x'.repeat(20_000) })
    const docker = (log: string) => JSON.stringify({ log, stream: 'stdout', time })
    expect(parser.parse(docker(long.slice(0, 16_384)), 0, 1)).toBe('piece')
    expect(parser.parse(docker(`${long.slice(16_384)}\n`), 0, 2)).toMatchObject({ format: 'istio' })
  })

  it("holds Envoy's other messages, which are no access log lines", () => {
    for (const text of [
      '2026-03-17T09:41:06.003Z\tinfo\tads\tXDS: Pushing',
      '[2026-03-17 09:41:06.003][12][warning][config] [source/x.cc:12] gRPC "a b" 14, 10.0.0.1:15012',
      'Envoy proxy is ready',
    ]) {
      expect(formatOf(text)).toBeNull()
    }
  })
})

describe('a line of unknown order', () => {
  it('is read by its shapes', () => {
    const text =
      '[2026-03-17T09:41:05.995Z] "GET /checkout?x HTTP/1.1" 503 UF,URX 0 95 31 - "-" "curl/7.68" ' +
      '"4f1a7e0a-0a53-4f3e-9a3f-7f0a2a9d1c11" "cart" "10.42.3.8:8080" ' +
      'outbound|8080||cart.shop.svc.cluster.local - 10.96.14.200:8080 10.42.1.17:51022'
    expect(formatOf(text)).toBe('by-shape')
    expect(read(text)).toMatchObject({
      startNs: ns('2026-03-17T09:41:05.995Z'),
      method: 'GET',
      path: '/checkout',
      code: 503,
      flags: ['UF', 'URX'],
      bytesReceived: 0,
      bytesSent: 95,
      durationNs: 31e6,
      upstream: { client: null, server: at('10.42.3.8', 8080) },
      downstream: { client: at('10.42.1.17', 51022), server: at('10.96.14.200', 8080) },
      guessed: true,
      loose: [],
    })
  })

  it('keeps addresses without a role', () => {
    const line = read(
      'x y 2026-03-17 09:41:05.995 "POST /a HTTP/2" 10.42.1.17:43364 503 UC via_upstream to=10.42.3.8:8080 10.42.3.8:8080',
    )
    expect(line.loose).toEqual([at('10.42.1.17', 43364), at('10.42.3.8', 8080)])
    expect(line).toMatchObject({
      code: 503,
      flags: ['UC'],
      startNs: ns('2026-03-17T09:41:05.995Z'),
    })
  })

  it('is none where it shows no request or no result', () => {
    expect(formatOf('10.0.0.1:80 503 UC')).toBeNull()
    expect(formatOf('"GET / HTTP/1.1" 10.0.0.1:80')).toBeNull()
  })
})

it('whatever the bytes are, a parser gives a line or nothing', () => {
  const alphabet = fc.constantFrom(
    ...['"', ' ', '-', '[', ']', '{', '}', '%', '|', ':', '.', ',', '\\', '\u0000', '\u202e'],
    ...[
      'GET',
      ' / ',
      'HTTP/1.1',
      '503',
      'UC',
      '10.0.0.1:80',
      '2026-03-17T09:41:05Z',
      'outbound|1||x',
    ],
    ...['{"log":"', '"}', ' stdout P ', '[pod/a/b] ', 'via_upstream{'],
  )
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 60 }), (parts) => {
      const parsed = lineParser(undefined).parse(parts.join(''), 0, 1)
      expect(parsed === null || parsed === 'piece' || parsed.line.source === 0).toBe(true)
    }),
  )
})
