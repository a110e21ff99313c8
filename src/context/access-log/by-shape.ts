import type { LogLine } from '../../model/access-log.ts'
import type { Endpoint } from '../../model/connection.ts'
import { parseEndpoint } from './address.ts'
import type { Fields } from './fields.ts'
import { lineOf } from './line-of.ts'
import { parseFlags, responseFlag } from './response-flags.ts'
import { readIsoTime } from './start-time.ts'

interface Token {
  text: string
  quoted: boolean
}

const MOST_TOKENS = 200
/** Further addresses of one line would make too many pairs. */
const MOST_ADDRESSES = 8

/**
 * A line whose order of fields is not known, read by the shapes in it: the quoted request, the code and the flags behind
 * it, `ip:port` and `outbound|port|subset|host`. Null for what shows no request: it is no access log line.
 */
export function lineByShape(text: string, source: number, number: number): LogLine | null {
  const tokens = tokensOf(text)
  const at = tokens.findIndex((token) => token.quoted && requestOf(token.text) !== null)
  if (at < 0) return null
  const fields: Fields = {}
  const [method, path, protocol] = requestOf(tokens[at]!.text)!
  Object.assign(fields, { method, path, protocol })
  const start = timeIn(tokens.slice(0, at), text)
  if (start !== null) fields.startNs = start
  const behind = tokens.slice(at + 1)
  readResult(behind, fields)
  readCounts(behind, fields)
  const cluster = behind.findIndex((token) => isCluster(token.text))
  if (cluster >= 0) fields.cluster = behind[cluster]!.text
  const loose = readAddresses(behind, cluster, fields)
  if (fields.code === undefined && fields.flags === undefined) return null
  const line = lineOf(fields, source, number)
  return { ...line, loose, guessed: true }
}

/** Words between spaces, and what stands between quotation marks (`\"` does not end it). */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length && tokens.length < MOST_TOKENS) {
    const code = text.charCodeAt(at)
    if (code <= 32) {
      at++
    } else if (code === QUOTE) {
      const end = closingQuote(text, at + 1)
      tokens.push({ text: text.slice(at + 1, end), quoted: true })
      at = end + 1
    } else {
      let end = at
      while (end < text.length && text.charCodeAt(end) > 32 && text.charCodeAt(end) !== QUOTE) end++
      tokens.push({ text: text.slice(at, end).replace(/,$/, ''), quoted: false })
      at = end
    }
  }
  return tokens
}

const QUOTE = 34
const BACKSLASH = 92

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE) return at
  }
  return text.length
}

/** `GET /path HTTP/1.1`, `- - -`. */
function requestOf(text: string): [method: string, path: string, protocol: string] | null {
  if (text === '- - -') return ['-', '-', '-']
  const first = text.indexOf(' ')
  const last = text.lastIndexOf(' ')
  if (first <= 0 || last <= first) return null
  const method = text.slice(0, first)
  const protocol = text.slice(last + 1)
  if (!/^[A-Z][A-Z_-]{0,31}$/.test(method) || !/^(?:HTTP\/[\d.]{1,5}|-)$/.test(protocol))
    return null
  return [method, text.slice(first + 1, last), protocol]
}

/** The last time before the request: in front of it log collectors put their own. */
function timeIn(tokens: Token[], text: string): bigint | null {
  for (let i = tokens.length - 1; i >= 0; i--) {
    const word = tokens[i]!.text.replace(/^[[(]/, '')
    const whole = readIsoTime(word, 0)
    if (whole !== null) return whole.ns
    // Date and time as two words.
    const next = tokens[i + 1]
    const both = next === undefined ? null : readIsoTime(`${word} ${next.text}`, 0)
    if (both !== null) return both.ns
  }
  return readIsoTime(text, 0)?.ns ?? null
}

/** Code, flags and details stand behind the request, in this order and near it. */
function readResult(behind: Token[], fields: Fields): void {
  const near = behind.slice(0, 12)
  const code = near.findIndex(({ text, quoted }) => !quoted && /^(?:0|[1-5]\d\d)$/.test(text))
  if (code >= 0) fields.code = near[code]!.text
  const flags = near.find(({ text, quoted }, i) => !quoted && i > code && areKnownFlags(text))
  const next = near[code + 1]
  if (flags !== undefined) fields.flags = flags.text
  else if (code >= 0 && next?.text === '-') fields.flags = '-'
  const details = near.find(({ text }) => DETAILS.test(text))
  if (details !== undefined) fields.details = details.text
  const id = behind.find(({ text }) => UUID.test(text))
  if (id !== undefined) fields.requestId = id.text
  const failure = behind.find(({ text }) => FAILURE.test(text))
  if (failure !== undefined) fields.transportFailure = failure.text
}

const DETAILS =
  /^(?:via_upstream|upstream_reset_|downstream_|filter_chain_not_found|no_healthy_upstream|cluster_not_found|route_not_found|response_timeout|upstream_response_timeout|upstream_per_try|stream_idle_timeout|duration_timeout|max_duration_timeout|request_header_timeout|http1\.|http2\.|overload|direct_response|rbac_access_denied)/
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const FAILURE = /^(?:TLS[ _]error|delayed[ _]connect|immediate[ _]connect)/

function areKnownFlags(text: string): boolean {
  const flags = parseFlags(text)
  return flags !== null && flags.length > 0 && flags.every((name) => responseFlag(name))
}

/** The first three or more whole numbers (or `-`) in a row behind the code: bytes in, bytes out, duration. */
function readCounts(behind: Token[], fields: Fields): void {
  const from = fields.code === undefined ? 0 : behind.findIndex((t) => t.text === fields.code) + 1
  let run: Token[] = []
  for (const token of behind.slice(from)) {
    const isCount = !token.quoted && /^(?:\d{1,15}|-)$/.test(token.text)
    if (isCount) run.push(token)
    else if (isRow(run)) break
    else run = []
  }
  if (!isRow(run)) return
  while (run[0]!.text === '-') run.shift()
  const [received, sent, duration] = run
  if (received === undefined || sent === undefined || duration === undefined) return
  fields.bytesReceived = received.text
  fields.bytesSent = sent.text
  fields.duration = duration.text
}

function isRow(run: Token[]): boolean {
  return run.filter((token) => token.text !== '-').length >= 3
}

function isCluster(text: string): boolean {
  return /^(?:(?:in|out)bound\|\d{1,5}\||(?:Inbound)?PassthroughCluster|BlackHoleCluster)/.test(
    text,
  )
}

/**
 * The address before the cluster is the upstream host, the three behind it are those of Istio's format. What has no
 * such place has no role: it is returned.
 */
function readAddresses(behind: Token[], cluster: number, fields: Fields): Endpoint[] {
  const isPlace = (token: Token | undefined) =>
    token !== undefined && (token.text === '-' || parseEndpoint(token.text) !== null)
  const taken = new Set<number>()
  if (cluster >= 0) {
    const host = behind[cluster - 1]
    if (host !== undefined && isPlace(host)) {
      fields.upstreamHost = host.text
      taken.add(cluster - 1)
    }
    const next = [1, 2, 3].map((step) => behind[cluster + step])
    if (next.every(isPlace)) {
      fields.upstreamLocal = next[0]!.text
      fields.downstreamLocal = next[1]!.text
      fields.downstreamRemote = next[2]!.text
      for (const step of [1, 2, 3]) taken.add(cluster + step)
    }
  }
  const loose: Endpoint[] = []
  for (const [i, token] of behind.entries()) {
    const found = taken.has(i) ? null : parseEndpoint(token.text)
    if (found === null || found.internal || found.port === 0) continue
    if (loose.length < MOST_ADDRESSES) loose.push({ address: found.address, port: found.port })
  }
  return loose
}
