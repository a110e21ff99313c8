/**
 * Where the packets of what a flag speaks of must be looked for.
 * `none`: Envoy answered by itself, and no packet of an upstream connection belongs to the request.
 */
export type FlagPlace = 'upstream' | 'downstream' | 'none' | 'stream'

export interface ResponseFlag {
  short: string
  long: string
  place: FlagPlace
  /** One sentence without its full stop. */
  meaning: string
  /** It says that the request failed. */
  failure: boolean
}

const flag = (
  short: string,
  long: string,
  place: FlagPlace,
  meaning: string,
  failure = true,
): ResponseFlag => ({ short, long, place, meaning, failure })

/**
 * All flags of Envoy (substitution_formatter.rst, stream_info.h CoreResponseFlag); extensions may register others.
 * In the order in which one of several is the most telling.
 */
export const RESPONSE_FLAGS: readonly ResponseFlag[] = [
  flag('UC', 'UpstreamConnectionTermination', 'upstream', 'the upstream connection ended'),
  flag('UF', 'UpstreamConnectionFailure', 'upstream', 'no upstream connection came about'),
  flag('UT', 'UpstreamRequestTimeout', 'upstream', 'the upstream did not answer in time'),
  flag('UPE', 'UpstreamProtocolError', 'upstream', "the upstream's response is no valid HTTP"),
  flag('UR', 'UpstreamRemoteReset', 'stream', 'the upstream reset the stream (HTTP/2), not TCP'),
  flag('LR', 'LocalReset', 'upstream', 'the proxy itself reset the request'),
  flag('DC', 'DownstreamConnectionTermination', 'downstream', 'the client went away first'),
  flag('DPE', 'DownstreamProtocolError', 'downstream', "the client's request is no valid HTTP"),
  flag('DR', 'DownstreamRemoteReset', 'stream', 'the client reset the stream (HTTP/2), not TCP'),
  flag('DT', 'DurationTimeout', 'downstream', 'the connection reached its greatest age'),
  flag('SI', 'StreamIdleTimeout', 'downstream', 'nothing was said for too long on a stream'),
  flag(
    'UMSDR',
    'UpstreamMaxStreamDurationReached',
    'stream',
    'the stream reached its greatest age',
  ),
  flag('OM', 'OverloadManagerTerminated', 'none', 'the proxy was overloaded and ended it'),
  flag('NR', 'NoRouteFound', 'none', 'no route or no filter chain fits'),
  flag('NC', 'NoClusterFound', 'none', 'the route names a cluster that is not there'),
  flag('UH', 'NoHealthyUpstream', 'none', 'no upstream host is healthy'),
  flag('UO', 'UpstreamOverflow', 'none', 'a circuit breaker is open'),
  flag('DF', 'DnsResolutionFailed', 'none', 'the name of the upstream could not be resolved'),
  flag('DO', 'DropOverload', 'none', 'the load balancer dropped it (drop_overload)'),
  flag('UDO', 'UnconditionalDropOverload', 'none', 'the load balancer drops everything'),
  flag('LH', 'FailedLocalHealthCheck', 'none', 'the local health check fails'),
  flag('FI', 'FaultInjected', 'none', 'a fault was injected on purpose'),
  flag('RL', 'RateLimited', 'none', 'a rate limit was reached'),
  flag('RLSE', 'RateLimitServiceError', 'none', 'the rate limit service failed'),
  flag('UAEX', 'UnauthorizedExternalService', 'none', 'external authorization refused it'),
  flag('IH', 'InvalidEnvoyRequestHeaders', 'none', 'a header of the request is invalid'),
  flag('NFCF', 'NoFilterConfigFound', 'none', 'the configuration of a filter is missing'),
  flag('URX', 'UpstreamRetryLimitExceeded', 'upstream', 'all retries (or connect attempts) failed'),
  flag('DI', 'DelayInjected', 'none', 'a delay was injected on purpose', false),
  flag('RFCF', 'ResponseFromCacheFilter', 'none', 'the answer came from a cache', false),
]

const BY_NAME = new Map(
  RESPONSE_FLAGS.flatMap((one) => [
    [one.short, one],
    [one.long, one],
  ]),
)

/** What is known of a flag, by its short or its long name; undefined for one that an extension registered. */
export function responseFlag(name: string): ResponseFlag | undefined {
  return BY_NAME.get(name)
}

/** More flags than there are: what claims to have more is no list of flags. */
const MOST_FLAGS = 32
const MOST_FLAG_CHARACTERS = 64

/**
 * `UF,URX`, `URX,UF`, long names, `-`: as short names in their order, unknown ones as they stand. Null for text that
 * cannot be a list of flags.
 */
export function parseFlags(text: string): string[] | null {
  if (text === '-' || text === '') return []
  const names = text.split(',', MOST_FLAGS + 1)
  if (names.length > MOST_FLAGS) return null
  const flags: string[] = []
  for (const name of names) {
    const known = BY_NAME.get(name)
    if (known === undefined && !isFlagLike(name)) return null
    const short = known?.short ?? name
    if (!flags.includes(short)) flags.push(short)
  }
  return flags
}

/** Could an extension call a flag that? Letters, digits and `_`, beginning with a capital letter. */
function isFlagLike(name: string): boolean {
  return name.length <= MOST_FLAG_CHARACTERS && /^[A-Z][A-Za-z0-9_]*$/.test(name)
}

/** Of several flags the one that says most; the first one where none is known. */
export function tellingFlag(flags: readonly string[]): string | null {
  return RESPONSE_FLAGS.find(({ short }) => flags.includes(short))?.short ?? flags[0] ?? null
}

/** Does any of the flags say that the request failed? Unknown flags do: what is benign is rarely flagged. */
export function saysFailure(flags: readonly string[]): boolean {
  return flags.some((name) => BY_NAME.get(name)?.failure ?? true)
}
