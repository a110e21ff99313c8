import { describe, expect, it } from 'vitest'
import { compileFormat } from '../../../src/context/access-log/line-format.ts'
import { ns, read } from './log-lines.ts'

describe('--access-log-format', () => {
  it('reads what its command operators say, unknown ones being opaque', () => {
    const format =
      '%START_TIME(%Y/%m/%dT%H:%M:%S%z)% %REQ(X-TENANT?:AUTHORITY):12% <%METADATA(ROUTE:a.b:c)%> ' +
      '%RESPONSE_FLAGS_LONG% %RESPONSE_CODE% %COMMON_DURATION(US_CX_BEG:US_CX_END:us)%us 100%% ' +
      'up=%UPSTREAM_LOCAL_ADDRESS%>%UPSTREAM_REMOTE_ADDRESS% ' +
      'down=%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%>%DOWNSTREAM_LOCAL_ADDRESS% ' +
      'close=%UPSTREAM_LOCAL_CLOSE_REASON%/%UPSTREAM_DETECTED_CLOSE_TYPE% ' +
      'n=%UPSTREAM_REQUEST_ATTEMPT_COUNT% %DURATION%ms\\n'
    const line =
      '2026/03/17T10:41:05+0100 shop <a b> UpstreamConnectionTermination,UpstreamRetryLimitExceeded 503 ' +
      '310us 100% up=10.1.0.1:4242>10.2.0.1:80 down=10.3.0.1:5000>10.1.0.1:8443 close=-/RemoteReset n=3 12ms'
    expect(read(line, format)).toMatchObject({
      startNs: ns('2026-03-17T09:41:05Z'),
      durationNs: 12e6,
      code: 503,
      flags: ['UC', 'URX'],
      attempts: 3,
      localClose: { upstream: null },
      detectedClose: { upstream: 'RemoteReset' },
      upstream: {
        client: { address: '10.1.0.1', port: 4242 },
        server: { address: '10.2.0.1', port: 80 },
      },
      downstream: {
        client: { address: '10.3.0.1', port: 5000 },
        server: { address: '10.1.0.1', port: 8443 },
      },
    })
  })

  it('puts addresses and ports together that stand apart', () => {
    const format =
      '%UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% %UPSTREAM_LOCAL_PORT% %UPSTREAM_HOST% %RESPONSE_CODE% %RESPONSE_FLAGS%'
    expect(read('10.1.0.1 4242 10.2.0.1:80 503 UC', format).upstream).toEqual({
      client: { address: '10.1.0.1', port: 4242 },
      server: { address: '10.2.0.1', port: 80 },
    })
  })

  it('prefers the direct address to one out of a header', () => {
    const format =
      '%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS% %RESPONSE_CODE% %RESPONSE_FLAGS%'
    const line = read('203.0.113.9:0 10.3.0.1:5000 503 UC', format)
    expect(line.downstream.client).toEqual({ address: '10.3.0.1', port: 5000 })
    expect(line.clientInferred).toBe(false)
  })

  it('may be a JSON object, with keys of its own', () => {
    const format = JSON.stringify({
      t: '%START_TIME(%s.%3f)%',
      who: { from: '%UPSTREAM_LOCAL_ADDRESS%', to: 'tcp %UPSTREAM_HOST%' },
      r: '%RESPONSE_CODE% %RESPONSE_FLAGS%',
      fixed: 'text',
    })
    const line = {
      t: '1773740465.995',
      who: { from: '10.1.0.1:1', to: 'tcp 10.2.0.1:80' },
      r: '503 UF',
    }
    expect(read(JSON.stringify(line), format)).toMatchObject({
      startNs: ns('2026-03-17T09:41:05.995Z'),
      code: 503,
      flags: ['UF'],
      upstream: {
        client: { address: '10.1.0.1', port: 1 },
        server: { address: '10.2.0.1', port: 80 },
      },
    })
  })

  it('does not match what was not written in it', () => {
    const { match } = compileFormat('%RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_HOST%')
    expect(match('503 UC 10.0.0.1:80')).not.toBeNull()
    for (const text of [
      'abc UC 10.0.0.1:80',
      '503 "UC" 10.0.0.1:80',
      '503 UC 10.0.0.1:80 more',
      '503',
      '',
      '503 UC',
    ]) {
      expect(match(text)).toBeNull()
    }
  })

  it('takes empty values, as omit_empty_values writes them', () => {
    const { match } = compileFormat('%RESPONSE_CODE% %RESPONSE_FLAGS% "%UPSTREAM_HOST%"')
    expect(match('0  ""')).toEqual({ code: '0', flags: '', upstreamHost: '' })
  })

  it('says what of it cannot be read', () => {
    expect(compileFormat('%START_TIME(%Q)% %RESPONSE_CODE%').warnings).toHaveLength(1)
    expect(compileFormat('%START_TIME_LOCAL% %RESPONSE_CODE%').warnings).toHaveLength(1)
    const adjacent = compileFormat('%RESPONSE_CODE%%RESPONSE_FLAGS% %UPSTREAM_HOST%')
    expect(adjacent.warnings).toHaveLength(1)
    expect(adjacent.match('503UC 10.0.0.1:80')).toEqual({ upstreamHost: '10.0.0.1:80' })
  })

  it.each([
    'no operator',
    '%START_TIME',
    '%START_TIME(%Y',
    '%REQ(:METHOD) %PATH%',
    '%lower%',
    '% %',
    'x'.repeat(20_000),
    '{"a":"b"}',
  ])('that Envoy would refuse is a usage error: %s', (format) => {
    expect(() => read('x', format)).toThrow(expect.objectContaining({ code: 'RSTSCOPE_USAGE' }))
  })

  it('matches in time linear in the line, whatever it repeats', () => {
    const format = `${'%REQ(A)% %REQ(B)%-'.repeat(40)}%DURATION%`
    const { match } = compileFormat(format)
    const begun = performance.now()
    expect(match('- '.repeat(250_000))).toBeNull()
    match(' -'.repeat(250_000))
    expect(performance.now() - begun).toBeLessThan(500)
  })
})
