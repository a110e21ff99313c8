import { textHash } from '../../native-free-decoders/application/text-hash.ts'
import type { HttpSummary, ProxyHeader, RequestMark } from '../model/application.ts'
import { endpointText } from '../model/case.ts'
import type { AddressPair, ConnectionView, Endpoint } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'

/** One connection at one tap, as far as the other leg of a proxy may be known by it. Times are relative ns of that tap. */
export interface Leg {
  /** Of the report. */
  row: number
  client: Endpoint
  upstream: Endpoint
  /** Addresses that the proxy has on this connection, if the proxy is its upstream end, or its client end. */
  asUpstream: readonly string[]
  asClient: readonly string[]
  protocol: 'tls' | 'http/1' | 'h2' | 'other' | 'none'
  host: string | null
  sni: string | null
  requests: readonly RequestMark[]
  /** Requests in the middle of its life of which no mark was kept. */
  unmarked: number
  /** Its last request had not been answered to the end when the connection ended. */
  isOwing: boolean
  proxyHeader: ProxyHeader | null
  /** Its client asked for it, and nobody opened it. */
  isAttempt: boolean
  /** Of the client's first payload, and its length. */
  digest: number
  firstLength: number
  opened: number
  asked: number
  ended: number
  /** Last payload of the upstream; null for none. */
  lastAnswer: number | null
  bytes: { client: number; upstream: number }
  /** Both sides' first sequence numbers, as far as they were seen: equal ones are one connection seen twice. */
  numbers: readonly (number | null)[]
}

/**
 * Null for a connection over which its client asked for nothing: there is nothing that a proxy could pass on, unless it
 * could not even be opened.
 */
export function legOf(set: ConnectionSet, index: number, row: number): Leg | null {
  const view = set.view(index)
  const { client, upstream, application } = view
  const isAttempt = client.isn !== null && upstream.packets === upstream.resets
  const asked = client.firstPayloadTime ?? (isAttempt ? view.firstTime : null)
  if (asked === null) return null
  const pairs = [view.endpoints, ...view.alsoSeenAs]
  const { http } = application
  const first = view.segments.find((s) => s.from === 'client' && s.length > 0)
  const requests = http === null ? [] : requestsOf(http, view)
  return {
    row,
    client: view.endpoints.client,
    upstream: view.endpoints.upstream,
    asUpstream: proxyAddresses(pairs, 'upstream'),
    asClient: proxyAddresses(pairs, 'client'),
    protocol: application.protocol,
    host: http?.host ?? null,
    sni: application.tls?.sni ?? null,
    requests,
    unmarked: http === null ? 0 : http.requests - requests.length,
    isOwing: http !== null && isOwing(http),
    proxyHeader: application.proxyHeader ?? null,
    isAttempt: client.firstPayloadTime === null,
    digest: first?.digest ?? 0,
    firstLength: first?.length ?? 0,
    opened: view.firstTime,
    asked,
    ended: view.lastTime,
    lastAnswer: upstream.lastPayloadTime,
    bytes: { client: client.bytes, upstream: upstream.bytes },
    numbers: [client.isn, upstream.isn, client.next, upstream.next],
  }
}

/** A single request without ids left no mark, as the connection itself says all of it. */
function requestsOf(http: HttpSummary, { client, upstream }: ConnectionView): RequestMark[] {
  if (http.marks.length > 0) return http.marks
  const time = client.firstPayloadTime
  if (http.requests !== 1 || http.lastRequestLine === null || time === null) return []
  const answer = http.responses > 0 ? upstream.firstPayloadTime : null
  const answered = answer !== null && answer >= time ? answer : null
  const status = answered === null ? 0 : (http.lastStatus ?? 0)
  return [
    { time, line: textHash(http.lastRequestLine), requestId: 0, traceId: 0, status, answered },
  ]
}

function isOwing({ requests, responses, upstreamState }: HttpSummary): boolean {
  return requests > responses || OWING.has(upstreamState)
}

const OWING: ReadonlySet<HttpSummary['upstreamState']> = new Set([
  'in-head',
  'in-body',
  'until-close',
])

/** Through loopback a host speaks to itself: what the other end is called is the proxy's host, too. */
function proxyAddresses(pairs: readonly AddressPair[], side: 'client' | 'upstream'): string[] {
  const found = new Set<string>()
  for (const pair of pairs) {
    const own = pair[side].address
    found.add(own)
    if (isLoopback(own)) found.add(pair[side === 'client' ? 'upstream' : 'client'].address)
  }
  return [...found]
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

/**
 * May both connections end at one proxy, by the addresses that one capture shows? From the same client to the same
 * endpoint they are two of a kind, as all that a pod sends out through its sidecar.
 */
export function meet(downstream: Leg, upstream: Leg): boolean {
  const isSibling =
    downstream.client.address === upstream.client.address &&
    endpointText(downstream.upstream) === endpointText(upstream.upstream)
  return !isSibling && downstream.asUpstream.some((address) => upstream.asClient.includes(address))
}

/** The same TCP connection, seen a second time under addresses that kept it from being recognised. */
export function isSameConnection(a: Leg, b: Leg): boolean {
  const equal = a.numbers.filter((n, i) => n !== null && n !== 0 && n === b.numbers[i])
  return a.row === b.row || equal.length >= 2
}
