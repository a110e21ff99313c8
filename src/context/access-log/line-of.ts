import type { LogLine } from '../../model/access-log.ts'
import type { Endpoint } from '../../model/connection.ts'
import { parseEndpoint } from './address.ts'
import type { Field, Fields } from './fields.ts'
import { parseTransportFailure } from './reset-reasons.ts'
import { parseFlags } from './response-flags.ts'
import { readIsoTime } from './start-time.ts'

/** Longer texts of a line are cut: they are shown to people, and joined by nothing. */
const MOST_CHARACTERS = 512

/** A port on which HBONE arrives (Istio ambient). */
const HBONE_PORT = 15008

/** A line of its fields. Source and number are told by who read it. */
export function lineOf(fields: Fields, source: number, number: number): LogLine {
  const said = (field: Field): string | null => {
    const value = fields[field]
    if (value === undefined || value === '-' || value === '') return null
    return value.length > MOST_CHARACTERS ? value.slice(0, MOST_CHARACTERS) : value
  }
  const transportFailure = said('transportFailure')
  const remote = said('downstreamRemote')
  const [details, terminationDetails] = wholeDetails(said('details'), said('terminationDetails'))
  const upstreamServer = upstreamOf(said, transportFailure)
  const direct = endpointOf(said, 'downstreamDirectRemote', 'downstreamDirectRemoteHost')
  const client = endpointOf(said, 'downstreamRemote', 'downstreamRemoteHost')
  return {
    source,
    number,
    startNs: fields.startNs ?? startOf(said('startTime')),
    durationNs: scaled(said('duration'), 1e6),
    method: said('method'),
    path: withoutQuery(said('path')),
    protocol: said('protocol'),
    code: numberOf(said('code')),
    flags: parseFlags(fields.flags ?? '-') ?? [],
    details,
    terminationDetails,
    transportFailure,
    bytesReceived: numberOf(said('bytesReceived')),
    bytesSent: numberOf(said('bytesSent')),
    requestId: said('requestId'),
    cluster: said('cluster'),
    attempts: numberOf(said('attempts')),
    localClose: { downstream: said('downstreamLocalClose'), upstream: said('upstreamLocalClose') },
    detectedClose: {
      downstream: said('downstreamDetectedClose'),
      upstream: said('upstreamDetectedClose'),
    },
    downstream: {
      client: direct !== null && direct.port > 0 ? direct : client,
      server:
        endpointOf(said, 'downstreamLocal', 'downstreamLocalHost') ??
        endpointOf(said, 'downstreamDirectLocal', null),
    },
    upstream: {
      client: endpointOf(said, 'upstreamLocal', 'upstreamLocalHost'),
      server: upstreamServer.server,
    },
    clientInferred: (remote?.endsWith(':0') ?? false) && !(direct !== null && direct.port > 0),
    tunnelled: upstreamServer.tunnelled,
    loose: [],
    guessed: false,
  }
}

/** Very old versions write details with spaces: their rest stands in the field behind them. */
function wholeDetails(
  details: string | null,
  next: string | null,
): [details: string | null, next: string | null] {
  if (details === null || next === null || !details.includes('{') || details.includes('}')) {
    return [details, next]
  }
  const close = next.indexOf('}')
  if (close < 0) return [details, next]
  const rest = next.slice(close + 1).trim()
  return [`${details} ${next.slice(0, close + 1)}`, rest === '' || rest === '-' ? null : rest]
}

type Said = (field: Field) => string | null

/** The host that was called: as it was connected to, else as the load balancer knows it. */
function upstreamOf(
  said: Said,
  transportFailure: string | null,
): { server: Endpoint | null; tunnelled: boolean } {
  const host = parseEndpoint(said('upstreamHost') ?? '')
  const remote = endpointOf(said, 'upstreamRemote', 'upstreamRemoteHost')
  if (host?.internal) {
    return { server: { address: host.address, port: HBONE_PORT }, tunnelled: true }
  }
  const named = transportFailure === null ? null : parseTransportFailure(transportFailure).remote
  return { server: remote ?? (host && plain(host)) ?? named, tunnelled: false }
}

const PORT_FIELDS: Partial<Record<Field, Field>> = {
  upstreamRemote: 'upstreamRemotePort',
  upstreamLocal: 'upstreamLocalPort',
  downstreamRemote: 'downstreamRemotePort',
  downstreamDirectRemote: 'downstreamDirectRemotePort',
  downstreamLocal: 'downstreamLocalPort',
}

/** An endpoint from one field, or from two that hold host and port. */
function endpointOf(said: Said, field: Field, hostField: Field | null): Endpoint | null {
  const whole = parseEndpoint(said(field) ?? '')
  if (whole !== null) return whole.internal ? null : plain(whole)
  const host = hostField === null ? null : parseEndpoint(said(hostField) ?? '')
  if (host === null || host.internal) return null
  const portField = PORT_FIELDS[field]
  const port = portField === undefined ? null : numberOf(said(portField))
  return { address: host.address, port: port !== null && port <= 65535 ? port : 0 }
}

function plain({ address, port }: Endpoint): Endpoint {
  return { address, port }
}

function startOf(text: string | null): bigint | null {
  return text === null ? null : (readIsoTime(text, 0)?.ns ?? null)
}

function numberOf(text: string | null): number | null {
  if (text === null || !/^\d{1,15}(?:\.\d{1,9})?$/.test(text)) return null
  return Number(text)
}

function scaled(text: string | null, unit: number): number | null {
  const value = numberOf(text)
  return value === null ? null : value * unit
}

function withoutQuery(path: string | null): string | null {
  const cut = path === null ? -1 : path.search(/[?#]/)
  return cut < 0 ? path : path!.slice(0, cut)
}
