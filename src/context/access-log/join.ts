import type { Leg, LogLine } from '../../model/access-log.ts'
import { endpointText } from '../../model/case.ts'
import type { Endpoint } from '../../model/connection.ts'
import type { Confidence } from '../../model/report.ts'
import type { ConnectionIndex, Life, Span } from './connection-index.ts'
import {
  type ClockObservation,
  type ClockOffset,
  type LogClock,
  NEAR_NS,
  NO_OFFSET,
  offsetTo,
  SAME_CLOCK,
} from './log-clock.ts'
import { parseDetails, parseTransportFailure, resetReason } from './reset-reasons.ts'
import { responseFlag, tellingFlag } from './response-flags.ts'

/** A connection that a line belongs to. */
export interface Join {
  index: number
  leg: Leg
  confidence: Confidence
  basis: string
  /** To add to the line's times, so that they are in the clock of the capture that is nearest to the proxy. */
  offsetNs: number
  offsetSlackNs: number
  /** Indices of others that fit as well. */
  others: number[]
}

/** A connection with the addresses of the line that lived at another time. */
export interface Miss {
  index: number
  /** Line minus connection: positive when the line is later. */
  gapNs: number
}

export interface Joined {
  joins: Join[]
  /** The nearest connection in time that has the addresses of the line, where none fits. */
  miss: Miss | null
  /** The line tells of a connection that a capture should show, and none does. */
  missing: Missing | null
}

export interface Missing {
  leg: Leg
  /** Id of the capture. */
  capture: string
}

/** Clocks of one cluster that are synchronised differ by less than this. */
export const SLACK_NS = 2e9
/** More connections than these that one line may belong to are not told apart. */
const MOST_CANDIDATES = 16

/** What connections are looked for by. */
interface Search {
  line: LogLine
  /** From its start to its end, ns after the origin in the log's clock; null for a line without time. */
  window: Span | null
  index: ConnectionIndex
  clock: LogClock
}

/** The connections that a line belongs to, on both legs of the proxy. */
export function joinLine(
  line: LogLine,
  index: ConnectionIndex,
  clock: LogClock = SAME_CLOCK,
): Joined {
  if (!mayBelong(line, index)) return NO_CONNECTION
  const search: Search = { line, index, clock, window: windowOf(line, index) }
  const legs = [upstreamLeg(search), downstreamLeg(search)]
  if (line.loose.length > 1) legs.push(looseLeg(search))
  const joins = legs.flatMap((leg) => leg.joins)
  const misses = legs.flatMap((leg) => leg.miss ?? [])
  misses.sort((a, b) => Math.abs(a.gapNs) - Math.abs(b.gapNs))
  const isElsewhere = misses.length > 0 || legs.some((leg) => leg.tooMany)
  return {
    joins,
    miss: joins.length === 0 ? (misses[0] ?? null) : null,
    missing: isElsewhere ? null : missingLeg(search, joins),
  }
}

const NO_CONNECTION: Joined = { joins: [], miss: null, missing: null }

/** False where no connection goes where the line says, or comes from there: most lines of a large log are of other services. */
function mayBelong({ upstream, downstream, loose }: LogLine, index: ConnectionIndex): boolean {
  if (loose.length > 0 || REDIRECTED.some(({ port }) => index.hasPort(port))) return true
  // The sidecar's connection to its application may be seen as going to 127.0.0.1.
  if (upstream.client?.address === '127.0.0.6') return true
  if ([upstream, downstream].some(({ server }) => server !== null && index.mayKnow(server)))
    return true
  return downstream.client !== null && index.hasCaller(downstream.client.address)
}

/** What a line says of the log's clock: where only one connection has the addresses of a leg (of its caller, where the destination was translated), it must lie within that. */
export function clockObservations(line: LogLine, index: ConnectionIndex): ClockObservation[] {
  const window = windowOf(line, index)
  if (window === null) return []
  return (['upstream', 'downstream'] as const).flatMap((leg) => {
    const { client, server } = line[leg]
    if (client === null || server === null || client.port === 0 || server.port === 0) return []
    const exact = index.between(client, server)
    const found = exact.length > 0 || leg === 'upstream' ? exact : index.from(client)
    if (found.length !== 1) return []
    const { capture, start, end } = index.connections.life(found[0]!, leg)
    return [{ capture, connection: found[0]!, low: start - window.end, high: end - window.start }]
  })
}

/** The leg of which a capture should show the connection and shows none. */
function missingLeg(
  { line, window, index, clock }: Search,
  joins: readonly Join[],
): Missing | null {
  const leg = expectedLeg(line)
  if (leg === null || window === null || joins.some((join) => join.leg === leg)) return null
  const { client, server } = line[leg]
  if (server === null || server.port === 0) return null
  if (leg === 'downstream' && (client === null || client.port === 0)) return null
  const found = index.connections.captures.find(({ capture }) =>
    index.covers(capture, server, client?.address ?? null, inClock(window, clock, capture)),
  )
  return found === undefined ? null : { leg, capture: found.capture }
}

function windowOf(line: LogLine, index: ConnectionIndex): Span | null {
  if (line.startNs === null) return null
  const start = Number(line.startNs - index.connections.origin)
  return { start, end: start + (line.durationNs ?? 0) }
}

function inClock({ start, end }: Span, clock: LogClock, capture: string): Span {
  const { offsetNs } = offsetTo(clock, capture)
  return { start: start + offsetNs, end: end + offsetNs }
}

interface LegResult {
  joins: Join[]
  miss: Miss | null
  /** More connections fit than are told apart. */
  tooMany: boolean
}

const NOTHING: LegResult = { joins: [], miss: null, tooMany: false }
const TOO_MANY: LegResult = { ...NOTHING, tooMany: true }

function only(joins: Join[]): LegResult {
  return joins.length > MOST_CANDIDATES ? TOO_MANY : { ...NOTHING, joins }
}

/** Two ends that packets of a leg may carry, the way that the line says it first. */
interface Pair {
  client: Endpoint
  server: Endpoint
  /** Why packets may carry other addresses than the line says; null where they are the line's. */
  note: string | null
}

function upstreamLeg(search: Search): LegResult {
  const { client, server } = search.line.upstream
  if (server === null || server.port === 0) return NOTHING
  if (client === null || client.port === 0) return byDestination(search, server)
  const pairs: Pair[] = [{ client, server, note: null }]
  if (client.address === '127.0.0.6') {
    const loopback = { address: '127.0.0.1', port: server.port }
    pairs.push({ client, server: loopback, note: 'on the loopback of the pod' })
  }
  return byPairs(search, 'upstream', pairs)
}

/** Ports to which Istio redirects what leaves and what enters a pod. */
const REDIRECTED = [
  { port: 15001, note: 'redirected to the sidecar, outbound' },
  { port: 15006, note: 'redirected to the sidecar, inbound' },
]

function downstreamLeg(search: Search): LegResult {
  const { client, server } = search.line.downstream
  // Port 0: an address out of a header, which no packet carries.
  if (client === null || server === null || client.port === 0 || server.port === 0) return NOTHING
  const pairs: Pair[] = [{ client, server, note: null }]
  for (const { port, note } of REDIRECTED) {
    if (!search.index.hasPort(port)) continue
    pairs.push({ client, server: { address: '127.0.0.1', port }, note })
    pairs.push({ client, server: { address: server.address, port }, note })
  }
  const found = byPairs(search, 'downstream', pairs)
  return found.joins.length > 0 || found.miss !== null ? found : bySource(search, client)
}

/** The proxy was called by another address, which was translated on the way to it: from where and when are left. */
function bySource(search: Search, client: Endpoint): LegResult {
  const { window, index } = search
  if (window === null) return NOTHING
  const { near, offset, clock } = fittingOf(search, index.from(client), 'downstream', window)
  const basis = `from ${endpointText(client)}, to an address that was translated on the way to the proxy; the request lies within its life, by ${clockText(clock, offset.offsetNs)}`
  return only(joinsOf(near, { leg: 'downstream', confidence: 'probable', basis, ...offset }))
}

/** Of a line of unknown order: any two of its addresses between which there is a connection. */
function looseLeg(search: Search): LegResult {
  const { loose, upstream } = search.line
  const servers = upstream.server === null ? loose : [...loose, upstream.server]
  const pairs = loose.flatMap((client) =>
    servers
      .filter((server) => server !== client)
      .map((server) => ({ client, server, note: 'two addresses of the line' })),
  )
  const found = byPairs(search, 'upstream', pairs)
  return { ...found, joins: found.joins.map((join) => ({ ...join, confidence: 'unclear' })) }
}

function byPairs(search: Search, leg: Leg, pairs: readonly Pair[]): LegResult {
  let miss: Miss | null = null
  for (const { client, server, note } of pairs) {
    const found = search.index.between(client, server)
    if (found.length === 0) continue
    const name = `${endpointText(client)} → ${endpointText(server)}${note === null ? '' : ` (${note})`}`
    if (search.window === null) {
      const basis = `${name}; the line tells no time`
      return only(joinsOf(found, { leg, confidence: 'probable', basis, ...NO_OFFSET }))
    }
    const { near, far, offset, clock, nearest } = fittingOf(search, found, leg, search.window)
    const { offsetNs } = offset
    const within = near.length > 0 ? 'within its life' : 'within 2 s of its life'
    const basis = `${name}; the request lies ${within}, by ${clockText(clock, offsetNs)}`
    if (near.length === 1 && note === null && !search.line.guessed) {
      const confidence = far.length === 0 && offsetNs === 0 ? 'certain' : 'probable'
      return only([{ index: near[0]!, leg, confidence, basis, ...offset, others: far }])
    }
    const all = near.length > 0 ? near : far
    if (all.length > 0) return only(joinsOf(all, { leg, confidence: 'probable', basis, ...offset }))
    miss ??= nearest
  }
  return { ...NOTHING, miss }
}

function clockText(capture: string, offsetNs: number): string {
  const clock = capture === 'capture' ? "the capture's clock" : `the ${capture} capture's clock`
  if (offsetNs === 0) return clock
  return `${clock} (the log's is ${(Math.abs(offsetNs) / 1e9).toFixed(3)} s ${offsetNs > 0 ? 'behind' : 'ahead'})`
}

interface Fitting {
  /** Alive in the time of the request; alive when clocks may differ a little. */
  near: number[]
  far: number[]
  nearest: Miss | null
  /** Id of the capture, and what its clock is ahead of the log's. */
  clock: string
  offset: ClockOffset
}

function fittingOf(search: Search, found: number[], leg: Leg, window: Span): Fitting {
  const fitting: Fitting = { near: [], far: [], nearest: null, clock: '', offset: NO_OFFSET }
  for (const one of found) {
    const life = search.index.connections.life(one, leg)
    const offset = offsetTo(search.clock, life.capture)
    const gapNs = gapOf(inClock(window, search.clock, life.capture), life)
    const distance = Math.abs(gapNs)
    if (distance <= NEAR_NS + offset.offsetSlackNs) fitting.near.push(one)
    else if (distance <= SLACK_NS) fitting.far.push(one)
    if (fitting.nearest === null || distance < Math.abs(fitting.nearest.gapNs)) {
      fitting.nearest = { index: one, gapNs }
    }
    fitting.clock = life.capture
    fitting.offset = offset
  }
  return fitting
}

/** How much the line is later (earlier: negative) than the life; 0 where they overlap. */
function gapOf(window: Span, life: Life): number {
  if (window.start > life.end) return window.start - life.end
  return window.end < life.start ? window.end - life.start : 0
}

/** One connection, or all that it may be: then nobody can tell which. */
function joinsOf(found: number[], join: Omit<Join, 'index' | 'others'>): Join[] {
  return found.map((index) => ({
    ...join,
    index,
    confidence: found.length === 1 ? join.confidence : 'unclear',
    others: found.filter((other) => other !== index),
  }))
}

/** The line does not say from which port the proxy called: where it called, and when, are all there is. */
function byDestination({ line, window, index, clock }: Search, server: Endpoint): LegResult {
  const capture = window === null ? null : index.captureOf(server)
  if (window === null || capture === null) return NOTHING
  const offset = offsetTo(clock, capture)
  const { start, end } = inClock(window, clock, capture)
  const wanted = connectFailed(line)
  for (const slack of [NEAR_NS + offset.offsetSlackNs, SLACK_NS]) {
    const span = { start: start - slack, end: end + slack }
    const alive = index.to(server, span, wanted ? MOST_FAILED : MOST_CANDIDATES)
    if (alive === null) return TOO_MANY
    const failed = wanted ? alive.filter((i) => index.connections.failed(i)) : alive
    const found = ofProxy(line, failed, index)
    if (found.length === 0) continue
    const which = wanted ? 'that failed' : 'that lived'
    const basis = `to ${endpointText(server)}, ${which} in the time of the request by ${clockText(capture, offset.offsetNs)}; the line does not name the proxy's own port`
    return only(joinsOf(found, { leg: 'upstream', confidence: 'probable', basis, ...offset }))
  }
  return NOTHING
}

/** Connections to one endpoint among which those that failed are looked for. */
const MOST_FAILED = 200

/** Of several those that come from an address of this proxy: its own, or that of the pod it stands in. */
function ofProxy(line: LogLine, found: number[], index: ConnectionIndex): number[] {
  const own = [line.upstream.client, line.downstream.server, line.downstream.client]
  const addresses = new Set(own.flatMap((end) => end?.address ?? []))
  const from = found.filter((i) =>
    [...index.connections.pairs(i)].some(({ client }) => addresses.has(client.address)),
  )
  return from.length > 0 ? from : found
}

/** Does the line say that its last connection attempt failed? */
export function connectFailed(line: LogLine): boolean {
  if (line.flags.includes('UF')) return true
  const { reason } = parseDetails(line.details ?? '')
  return reason !== null && resetReason(reason)?.flag === 'UF'
}

/** The leg on which packets of a failed request must be somewhere; null where none need be. */
function expectedLeg(line: LogLine): Leg | null {
  const flag = tellingFlag(line.flags)
  const place = flag === null ? undefined : responseFlag(flag)?.place
  const failure = line.transportFailure
  // No local port was left: connect() failed before any packet.
  if (failure !== null && parseTransportFailure(failure).kind === 'no-local-port') return null
  const hasUpstream = (line.upstream.server?.port ?? 0) > 0
  if (place === 'none' || place === 'downstream') return 'downstream'
  return hasUpstream ? 'upstream' : place === undefined ? 'downstream' : null
}
