import type { Endpoint } from '../../model/connection.ts'
import { parseEndpoint } from './address.ts'

/** Why Envoy's router gave up an upstream request (http/utility.cc, resetReasonToString). */
export interface ResetReason {
  reason: string
  flag: string
  /** Of Envoy's own answer. */
  code: number
}

const reason = (text: string, flag: string, code = 503): ResetReason => ({
  reason: text,
  flag,
  code,
})

/** "connection failure" was split into three in Envoy of about 1.24; old logs still have it. The list is open. */
export const RESET_REASONS: readonly ResetReason[] = [
  reason('connection termination', 'UC'),
  reason('connection failure', 'UF'),
  reason('local connection failure', 'UF'),
  reason('remote connection failure', 'UF'),
  reason('connection timeout', 'UF'),
  reason('remote reset', 'UR'),
  reason('remote refused stream reset', 'UR'),
  reason('remote error with CONNECT request', 'UR'),
  reason('local reset', 'LR'),
  reason('local refused stream reset', 'LR'),
  reason('http1 premature upstream half close', 'LR'),
  reason('overflow', 'UO'),
  reason('protocol error', 'UPE', 502),
  reason('overload manager reset', 'OM'),
]

export function resetReason(text: string): ResetReason | undefined {
  const wanted = text.toLowerCase()
  return RESET_REASONS.find(({ reason: one }) => one.toLowerCase() === wanted)
}

/** What RESPONSE_CODE_DETAILS says. */
export interface CodeDetails {
  /** The part before the braces, in lower case with underscores: `via_upstream`, `upstream_reset_before_response_started`. */
  kind: string
  /** In the braces, with spaces: `connection termination`. */
  reason: string | null
  /** The transport failure that some versions add to the reason. */
  transport: string | null
}

const RESET_KINDS = new Set([
  'upstream_reset_before_response_started',
  'upstream_reset_after_response_started',
])

/** Reads both spellings (spaces, underscores) and both separators (`|`, before about 1.15 `,`). */
export function parseDetails(text: string): CodeDetails {
  const brace = text.search(/[{([]/)
  const kind = (brace < 0 ? text : text.slice(0, brace)).trim().replaceAll(' ', '_').toLowerCase()
  if (brace < 0) return { kind, reason: null, transport: null }
  const inside = text.slice(brace + 1).replace(/[})\]]\s*$/, '')
  if (!RESET_KINDS.has(kind)) return { kind, reason: worded(inside), transport: null }
  const cut = inside.search(/[|,]/)
  const first = worded(cut < 0 ? inside : inside.slice(0, cut))
  const rest = cut < 0 ? '' : inside.slice(cut + 1).trim()
  return { kind, reason: first, transport: rest === '' ? null : rest }
}

function worded(text: string): string {
  return text.replaceAll('_', ' ').trim()
}

/** What UPSTREAM_TRANSPORT_FAILURE_REASON says of the connection attempt, as packets would show it. */
export interface TransportFailure {
  kind:
    | 'refused'
    | 'unreachable'
    | 'timed-out'
    | 'reset'
    | 'no-local-port'
    | 'tls-plaintext-answer'
    | 'tls-verify-failed'
    | 'tls-alert'
    | 'tls-reset'
    | 'tls-other'
    | 'other'
  /** For people, without full stop. */
  text: string
  /** `remote address:…` that newer versions add: a key to join by. */
  remote: Endpoint | null
}

/** Linux errno by number and by the words that newer versions write. */
const ERRORS: readonly [
  number: string,
  words: string,
  kind: TransportFailure['kind'],
  text: string,
][] = [
  ['111', 'connection refused', 'refused', 'connect() was refused'],
  ['113', 'no route to host', 'unreachable', 'connect() found no route to the host'],
  ['101', 'network is unreachable', 'unreachable', 'connect() found the network unreachable'],
  ['110', 'connection timed out', 'timed-out', 'connect() timed out'],
  ['104', 'connection reset by peer', 'reset', 'the connection was reset while it was made'],
  ['99', 'cannot assign requested address', 'no-local-port', 'no local port was left'],
]

const TLS_KINDS: readonly [word: string, kind: TransportFailure['kind'], text: string][] = [
  ['WRONG_VERSION_NUMBER', 'tls-plaintext-answer', 'the peer answered TLS with plaintext'],
  ['CERTIFICATE_VERIFY_FAILED', 'tls-verify-failed', "the proxy refused the peer's certificate"],
  ['_ALERT_', 'tls-alert', 'the peer sent a TLS alert'],
  ['CONNECTION RESET BY PEER', 'tls-reset', 'the connection was reset in the TLS handshake'],
]

export function parseTransportFailure(text: string): TransportFailure {
  const remote = remoteOf(text)
  const words = text.replaceAll('_', ' ').toLowerCase()
  if (words.startsWith('tls error') || words.includes('ssl routines')) {
    const upper = text.toUpperCase()
    const known = TLS_KINDS.find(([word]) => upper.includes(word) || upper.includes(spaced(word)))
    return known
      ? { kind: known[1], text: known[2], remote }
      : { kind: 'tls-other', text: 'the TLS handshake failed', remote }
  }
  const connect = /connect error: ?(?:(\d{1,4})|([a-z ]{1,60}))/.exec(words)
  const said = connect?.[2]?.trim()
  const known = ERRORS.find(
    ([number, name]) => connect?.[1] === number || (said ?? words.trim()) === name,
  )
  if (known) return { kind: known[2], text: known[3], remote }
  return { kind: 'other', text: 'the connection could not be made', remote }
}

function spaced(word: string): string {
  return word.replaceAll('_', ' ')
}

function remoteOf(text: string): Endpoint | null {
  const at = text.search(/remote[ _]address:/)
  if (at < 0) return null
  const value = text.slice(text.indexOf(':', at) + 1).match(/^[^\s|,}"]{1,80}/)
  const found = value === null ? null : parseEndpoint(value[0])
  return found === null ? null : { address: found.address, port: found.port }
}

/** Envoy's own answer to a failed upstream request, before the reason; its length tells the reason. */
const BODY = 'upstream connect error or disconnect/reset before headers. '
const RETRIED = 'retried and the latest '

/**
 * Reasons whose own answer has just so many bytes, where a line has no details: 91 connection failure or connection
 * timeout, 95 connection termination, 97 local and 98 remote connection failure, 85 remote reset, …
 */
export function reasonsByLength(bytes: number, code: number): ResetReason[] {
  return RESET_REASONS.filter((one) => {
    const plain = BODY.length + 'reset reason: '.length + one.reason.length
    return one.code === code && (bytes === plain || bytes === plain + RETRIED.length)
  })
}

/** Other answers that Envoy makes itself, by code and length of the body. */
const LOCAL_ANSWERS: readonly [code: number, body: string, flag: string][] = [
  [503, 'no healthy upstream', 'UH'],
  [504, 'upstream request timeout', 'UT'],
]

/** The flag that a line without flags and details would have had, by the length of Envoy's own answer. */
export function flagByLength(bytes: number, code: number): { flag: string; text: string } | null {
  const local = LOCAL_ANSWERS.find(([c, body]) => c === code && body.length === bytes)
  if (local) return { flag: local[2], text: local[1] }
  const reasons = reasonsByLength(bytes, code)
  const flags = new Set(reasons.map((one) => one.flag))
  // 95 is "connection termination", and would be "overload manager reset", which is rare and flagged OM.
  const first = reasons[0]
  if (first === undefined || (flags.size > 1 && first.flag !== 'UC')) return null
  const same = reasons.filter((one) => one.flag === first.flag).map((one) => one.reason)
  return { flag: first.flag, text: same.join(' or ') }
}
