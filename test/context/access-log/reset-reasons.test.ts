import { describe, expect, it } from 'vitest'
import {
  flagByLength,
  parseDetails,
  parseTransportFailure,
  reasonsByLength,
} from '../../../src/context/access-log/reset-reasons.ts'

describe('parseDetails', () => {
  it.each([
    'upstream_reset_before_response_started{connection_termination}',
    'upstream_reset_before_response_started{connection termination}',
    'upstream reset before response started{connection termination}',
  ])('reads %s', (text) => {
    expect(parseDetails(text)).toEqual({
      kind: 'upstream_reset_before_response_started',
      reason: 'connection termination',
      transport: null,
    })
  })

  it.each(['|', ','])('splits reason and transport failure at the first %s', (separator) => {
    const text = `upstream_reset_before_response_started{remote_connection_failure${separator}TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end}`
    expect(parseDetails(text)).toEqual({
      kind: 'upstream_reset_before_response_started',
      reason: 'remote connection failure',
      transport:
        'TLS_error:|268435703:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end',
    })
  })

  it('reads details without and with other brackets', () => {
    expect(parseDetails('via_upstream')).toEqual({
      kind: 'via_upstream',
      reason: null,
      transport: null,
    })
    expect(parseDetails('downstream_local_disconnect(on_idle_timeout)').reason).toBe(
      'on idle timeout',
    )
  })
})

describe('parseTransportFailure', () => {
  it.each([
    ['delayed connect error: 111', 'refused'],
    ['delayed_connect_error:_111', 'refused'],
    ['delayed connect error: Connection refused', 'refused'],
    ['delayed connect error: 113', 'unreachable'],
    ['delayed connect error: 110', 'timed-out'],
    ['delayed_connect_error:_Connection_reset_by_peer', 'reset'],
    ['immediate connect error: 99', 'no-local-port'],
    ['immediate connect error: Cannot assign requested address', 'no-local-port'],
    ['TLS error: Secret is not supplied by SDS', 'tls-other'],
    ['something new', 'other'],
    [
      'TLS_error:|268435703:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end',
      'tls-plaintext-answer',
    ],
    [
      'TLS_error:|268435581:SSL_routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED:TLS_error_end',
      'tls-verify-failed',
    ],
    [
      'TLS_error:|268436501:SSL routines:OPENSSL_internal:SSLV3_ALERT_CERTIFICATE_EXPIRED:TLS_error_end',
      'tls-alert',
    ],
    [
      'TLS_error:|33554536:system library:OPENSSL_internal:Connection reset by peer:TLS_error_end',
      'tls-reset',
    ],
  ])('reads %s', (text, kind) => {
    expect(parseTransportFailure(text).kind).toBe(kind)
  })

  it('finds the remote address that some versions add', () => {
    expect(
      parseTransportFailure('immediate connect error: 101|remote address:10.1.2.3:8080').remote,
    ).toEqual({ address: '10.1.2.3', port: 8080 })
    expect(
      parseTransportFailure('immediate_connect_error:_99|remote_address:[2001:db8::5]:443').remote,
    ).toEqual({ address: '2001:db8::5', port: 443 })
  })
})

describe("the length of Envoy's own answer", () => {
  // The lengths that people find in their logs, with the reason that stood in the body.
  it.each([
    [91, ['connection failure', 'connection timeout']],
    [97, ['local connection failure']],
    [98, ['remote connection failure']],
    [85, ['remote reset']],
    [84, ['local reset']],
    [81, ['overflow']],
  ])('of %i bytes tells %j', (bytes, reasons) => {
    expect(reasonsByLength(bytes, 503).map(({ reason }) => reason)).toEqual(reasons)
  })

  it('of 95 bytes tells a connection termination, which 502 does not', () => {
    expect(flagByLength(95, 503)).toEqual({ flag: 'UC', text: 'connection termination' })
    expect(flagByLength(95, 502)).toBeNull()
    expect(flagByLength(87, 502)).toEqual({ flag: 'UPE', text: 'protocol error' })
    expect(flagByLength(87, 503)).toBeNull()
  })

  it('counts the words that a retry adds', () => {
    const body =
      'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: connection termination'
    expect(flagByLength(body.length, 503)?.flag).toBe('UC')
  })

  it('of other lengths tells nothing', () => {
    expect(flagByLength(0, 503)).toBeNull()
    expect(flagByLength(1234, 503)).toBeNull()
  })
})
