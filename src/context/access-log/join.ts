import type { Leg, LogLine } from '../../model/access-log.ts'
import { endpointText } from '../../model/case.ts'
import type { Endpoint } from '../../model/connection.ts'
import type { Confidence } from '../../model/report.ts'
import type { ConnectionIndex, Life, Span } from './connection-index.ts'
import { parseDetails, parseTransportFailure, resetReason } from './reset-reasons.ts'
import { responseFlag, tellingFlag } from './response-flags.ts'

/** A connection that a line belongs to. */
export interface Join {
  index: number
  leg: Leg
  confidence: Confidence
  basis: string
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

/** START_TIME has milliseconds, and a proxy notes it a moment before or after the packet. */
export const NEAR_NS = 50e6
/** Clocks of one cluster that are synchronised differ by less than this. */
export const SLACK_NS = 2e9
/** More connections than these that one line may belong to are not told apart. */
const MOST_CANDIDATES = 16

/** The connections that a line belongs to, on both legs of the proxy. */
export function joinLine(line: LogLine, index: ConnectionIndex): Joined {
  const window = windowOf(line, index)
  const legs = [upstreamLeg(line, window, index), downstreamLeg(line, window, index)]
  if (line.loose.length > 1) legs.push(looseLeg(line, window, index))
  const joins = legs.flatMap((leg) => leg.joins)
  const misses = legs.flatMap((leg) => leg.miss ?? [])
  misses.sort((a, b) => Math.abs(a.gapNs) - Math.abs(b.gapNs))
  return {
    joins,
    miss: joins.length === 0 ? (misses[0] ?? null) : null,
    missing:
      misses.length > 0 || legs.some((leg) => leg.tooMany)
        ? null
        : missingLeg(line, joins, window, index),
  }
}

/** The leg of which a capture should show the connection and shows none. */
function missingLeg(
  line: LogLine,
  joins: readonly Join[],
  window: Span | null,
  index: ConnectionIndex,
): Missing | null {
  const leg = expectedLeg(line)
  if (leg === null || window === null || joins.some((join) => join.leg === leg)) return null
  const { client, server } = line[leg]
  if (server === null || server.port === 0) return null
  if (leg === 'downstream' && (client === null || client.port === 0)) return null
  const capture = index.covering(server, client?.address ?? null, window)
  return capture === null ? null : { leg, capture }
}

/** From its start to its end, ns after the origin; null for a line without time. */
function windowOf(line: LogLine, index: ConnectionIndex): Span | null {
  if (line.startNs === null) return null
  const start = Number(line.startNs - index.connections.origin)
  return { start, end: start + (line.durationNs ?? 0) }
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

function upstreamLeg(line: LogLine, window: Span | null, index: ConnectionIndex): LegResult {
  const { client, server } = line.upstream
  if (server === null || server.port === 0) return NOTHING
  if (client === null || client.port === 0) return byDestination(line, server, window, index)
  const pairs: Pair[] = [{ client, server, note: null }]
  if (client.address === '127.0.0.6') {
    const loopback = { address: '127.0.0.1', port: server.port }
    pairs.push({ client, server: loopback, note: 'on the loopback of the pod' })
  }
  return byPairs(line, 'upstream', pairs, window, index)
}

/** Ports to which Istio redirects what leaves and what enters a pod. */
const REDIRECTED = [
  { port: 15001, note: 'redirected to the sidecar, outbound' },
  { port: 15006, note: 'redirected to the sidecar, inbound' },
]

function downstreamLeg(line: LogLine, window: Span | null, index: ConnectionIndex): LegResult {
  const { client, server } = line.downstream
  // Port 0: an address out of a header, which no packet carries.
  if (client === null || server === null || client.port === 0 || server.port === 0) return NOTHING
  const pairs: Pair[] = [{ client, server, note: null }]
  for (const { port, note } of REDIRECTED) {
    pairs.push({ client, server: { address: '127.0.0.1', port }, note })
    pairs.push({ client, server: { address: server.address, port }, note })
  }
  return byPairs(line, 'downstream', pairs, window, index)
}

/** Of a line of unknown order: any two of its addresses between which there is a connection. */
function looseLeg(line: LogLine, window: Span | null, index: ConnectionIndex): LegResult {
  const pairs: Pair[] = []
  const known = line.upstream.server
  for (const client of line.loose) {
    for (const server of known === null ? line.loose : [...line.loose, known]) {
      if (client !== server) pairs.push({ client, server, note: 'two addresses of the line' })
    }
  }
  const found = byPairs(line, 'upstream', pairs, window, index)
  return { ...found, joins: found.joins.map((join) => ({ ...join, confidence: 'unclear' })) }
}

function byPairs(
  line: LogLine,
  leg: Leg,
  pairs: readonly Pair[],
  window: Span | null,
  index: ConnectionIndex,
): LegResult {
  let miss: Miss | null = null
  for (const { client, server, note } of pairs) {
    const found = index.between(client, server)
    if (found.length === 0) continue
    const name = `${endpointText(client)} → ${endpointText(server)}${note === null ? '' : ` (${note})`}`
    if (window === null) {
      return only(joinsOf(found, leg, 'probable', `${name}; the line tells no time`))
    }
    const fitting = fittingOf(found, leg, window, index)
    const basis = basisOf(name, fitting)
    const { near, far } = fitting
    if (near.length === 1 && note === null && !line.guessed) {
      const confidence = far.length === 0 ? 'certain' : 'probable'
      return only([{ index: near[0]!, leg, confidence, basis, others: far }])
    }
    const all = near.length > 0 ? near : far
    if (all.length > 0) return only(joinsOf(all, leg, 'probable', basis))
    miss ??= fitting.miss
  }
  return { ...NOTHING, miss }
}

interface Fitting {
  /** Alive in the time of the request; alive when clocks may differ a little. */
  near: number[]
  far: number[]
  miss: Miss | null
  clock: string
}

function fittingOf(found: number[], leg: Leg, window: Span, index: ConnectionIndex): Fitting {
  const fitting: Fitting = { near: [], far: [], miss: null, clock: '' }
  for (const one of found) {
    const life = index.connections.life(one, leg)
    const gapNs = gapOf(window, life)
    const distance = Math.abs(gapNs)
    if (distance <= NEAR_NS) fitting.near.push(one)
    else if (distance <= SLACK_NS) fitting.far.push(one)
    if (fitting.miss === null || distance < Math.abs(fitting.miss.gapNs)) {
      fitting.miss = { index: one, gapNs }
    }
    fitting.clock = life.capture
  }
  return fitting
}

/** How much the line is later (earlier: negative) than the life; 0 where they overlap. */
function gapOf(window: Span, life: Life): number {
  if (window.start > life.end) return window.start - life.end
  return window.end < life.start ? window.end - life.start : 0
}

function basisOf(name: string, { near, clock }: Fitting): string {
  const within =
    near.length > 0 ? 'the request lies within its life' : 'the request lies within 2 s of its life'
  return `${name}; ${within}, by the clock of the ${clock} capture`
}

/** One connection, or all that it may be: then nobody can tell which. */
function joinsOf(found: number[], leg: Leg, confidence: Confidence, basis: string): Join[] {
  return found.map((index) => ({
    index,
    leg,
    confidence: found.length === 1 ? confidence : 'unclear',
    basis,
    others: found.filter((other) => other !== index),
  }))
}

/** The line does not say from which port the proxy called: where it called, and when, are all there is. */
function byDestination(
  line: LogLine,
  server: Endpoint,
  window: Span | null,
  index: ConnectionIndex,
): LegResult {
  if (window === null) return NOTHING
  const wanted = connectFailed(line)
  for (const slack of [NEAR_NS, SLACK_NS]) {
    const span = { start: window.start - slack, end: window.end + slack }
    const alive = index.to(server, span, wanted ? MOST_FAILED : MOST_CANDIDATES)
    if (alive === null) return TOO_MANY
    const failed = wanted ? alive.filter((i) => index.connections.failed(i)) : alive
    const found = ofProxy(line, failed, index)
    if (found.length === 0) continue
    const { capture } = index.connections.life(found[0]!, 'upstream')
    const which = wanted ? 'that failed' : 'that lived'
    const basis = `to ${endpointText(server)}, ${which} in the time of the request by the clock of the ${capture} capture; the line does not name the proxy's own port`
    return only(joinsOf(found, 'upstream', 'probable', basis))
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
