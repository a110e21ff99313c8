import { expect, it } from 'vitest'
import {
  parseFlags,
  RESPONSE_FLAGS,
  responseFlag,
  saysFailure,
  tellingFlag,
} from '../../../src/context/access-log/response-flags.ts'

// Both names of each, as Envoy's substitution_formatter.rst lists them.
const NAMES =
  'NoHealthyUpstream UH UpstreamConnectionFailure UF UpstreamOverflow UO NoRouteFound NR UpstreamRetryLimitExceeded URX NoClusterFound NC DurationTimeout DT DownstreamConnectionTermination DC FailedLocalHealthCheck LH UpstreamRequestTimeout UT LocalReset LR UpstreamRemoteReset UR UpstreamConnectionTermination UC DelayInjected DI FaultInjected FI RateLimited RL UnauthorizedExternalService UAEX RateLimitServiceError RLSE InvalidEnvoyRequestHeaders IH StreamIdleTimeout SI DownstreamProtocolError DPE UpstreamProtocolError UPE UpstreamMaxStreamDurationReached UMSDR ResponseFromCacheFilter RFCF NoFilterConfigFound NFCF OverloadManagerTerminated OM DnsResolutionFailed DF DropOverload DO DownstreamRemoteReset DR UnconditionalDropOverload UDO'.split(
    ' ',
  )

it('every flag is known by its short and its long name', () => {
  for (let i = 0; i < NAMES.length; i += 2) {
    const [long, short] = [NAMES[i]!, NAMES[i + 1]!]
    expect(responseFlag(short)).toBe(responseFlag(long))
    expect(parseFlags(long)).toEqual([short])
  }
  expect(RESPONSE_FLAGS.length).toBe(NAMES.length / 2)
})

it('flags come in any order, unknown ones are kept', () => {
  expect(parseFlags('URX,UF')).toEqual(['URX', 'UF'])
  expect(parseFlags('UpstreamConnectionFailure,UpstreamRetryLimitExceeded')).toEqual(['UF', 'URX'])
  expect(parseFlags('UF,XYZ_New')).toEqual(['UF', 'XYZ_New'])
  expect(parseFlags('UF,UF')).toEqual(['UF'])
  expect([parseFlags('-'), parseFlags('')]).toEqual([[], []])
})

it.each([
  '"UC"',
  'uc',
  '503',
  'UF,,UC',
  'UF UC',
  'A,'.repeat(100),
  'U'.repeat(1000),
  '10.0.0.1:80',
])('%j is no list of flags', (text) => {
  expect(parseFlags(text)).toBeNull()
})

it('of several flags the one that says why comes first', () => {
  expect(tellingFlag(['URX', 'UF'])).toBe('UF')
  expect(tellingFlag(['DI', 'UT'])).toBe('UT')
  expect(tellingFlag(['NEW'])).toBe('NEW')
  expect(tellingFlag([])).toBeNull()
})

it('delays and caches are no failures, unknown flags are', () => {
  expect([saysFailure(['DI']), saysFailure(['RFCF', 'DI']), saysFailure([])]).toEqual([
    false,
    false,
    false,
  ])
  expect([saysFailure(['UC']), saysFailure(['NEW'])]).toEqual([true, true])
})
