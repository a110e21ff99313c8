import type { Endpoint } from './connection.ts'
import type { Confidence } from './report.ts'

/** The connection of a proxy that a line speaks of: with whoever called it, or with the upstream that it called. */
export type Leg = 'downstream' | 'upstream'

/** What a log line says of one connection. A port that is not told is 0. */
export interface LogEndpoints {
  /** The end that opened it. */
  client: Endpoint | null
  /** The end that accepted it. */
  server: Endpoint | null
}

/** One line of an Envoy access log, in whatever format it was written. What the line does not say is null. */
export interface LogLine {
  /** Which of the logs, from 0. */
  source: number
  /** 1-based, in its file. */
  number: number
  /** START_TIME, ns since 1970 in the proxy's clock. */
  startNs: bigint | null
  durationNs: number | null
  method: string | null
  /** Without its query. */
  path: string | null
  protocol: string | null
  /** 0: no response was begun, or a TCP line. */
  code: number | null
  /** Short names where they are known, in the order of the line; empty for none. */
  flags: string[]
  /** RESPONSE_CODE_DETAILS. */
  details: string | null
  /** CONNECTION_TERMINATION_DETAILS. */
  terminationDetails: string | null
  /** UPSTREAM_TRANSPORT_FAILURE_REASON. */
  transportFailure: string | null
  bytesReceived: number | null
  bytesSent: number | null
  requestId: string | null
  /** `outbound|8080||api.shop.svc.cluster.local`. */
  cluster: string | null
  /** UPSTREAM_REQUEST_ATTEMPT_COUNT. */
  attempts: number | null
  /** Local close reason and detected close type of each leg, where the format has them. */
  localClose: Record<Leg, string | null>
  detectedClose: Record<Leg, string | null>
  downstream: LogEndpoints
  upstream: LogEndpoints
  /** The downstream's address was taken from a header or a PROXY line: it is in no packet. */
  clientInferred: boolean
  /** The upstream is reached through a tunnel inside the proxy (HBONE): its connection has other addresses. */
  tunnelled: boolean
  /** Addresses of a line of unknown order that have no role yet. */
  loose: Endpoint[]
  /** The order of its fields was guessed. */
  guessed: boolean
}

/** A line together with one connection that it belongs to. */
export interface JoinedLine {
  line: LogLine
  leg: Leg
  confidence: Confidence
  /** Why it is thought to belong there. */
  basis: string
  /** To add to the line's times, so that they are those of the capture that is nearest to the proxy, ns. */
  offsetNs: number
  /** Give or take this. */
  offsetSlackNs: number
  /** Ids of other connections that fit as well; empty where it is the only one. */
  others: readonly number[]
}

/** Is this a line of a TCP proxy, which knows no request? */
export function isTcpLine(line: LogLine): boolean {
  return line.method === null
}
