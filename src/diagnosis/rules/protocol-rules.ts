import type { FirstBytes } from '../../model/application.ts'
import { closeObservation, type Rule, whenReset } from './rule.ts'

/** Ports on which plaintext is not expected. */
const TLS_PORTS: ReadonlySet<number> = new Set([443, 6443, 8443, 9443, 10250, 15006, 15012])

const STRICT = [
  'mesh: PeerAuthentication STRICT against a client without sidecar? kubectl get peerauthentications -A',
  'client: https instead of http?',
]

export const plaintextToTls = whenReset((f, { by }) => {
  const { application } = f.c.outcome
  const isPlain = !['none', 'tls', 'not-captured'].includes(application.clientFirst)
  if (by !== 'upstream' || !isPlain || application.upstreamFirst !== 'none') return null
  // Behind its sidecar the application speaks plaintext at the address at which the sidecar speaks TLS.
  if (f.view.endpoints.client.address.startsWith('127.')) return null
  const { tls, plain } = f.around.endpoint(f.c)
  const known = tls > 0 || TLS_PORTS.has(f.view.endpoints.upstream.port)
  if (!known) return null
  return {
    id: 'plaintext-to-tls-port',
    confidence: tls > 0 && plain === 0 ? 'probable' : 'unclear',
    against: () =>
      plain === 0 ? [] : [closeObservation(f, `${f.upstreamKey} answered others in plaintext`)],
    why: `the client speaks plaintext, ${tls > 0 ? `others speak TLS with ${f.upstreamKey}` : 'the port is one for TLS'}, and the upstream ended the connection without a byte`,
    next: STRICT,
  }
})

const NAMES: Partial<Record<FirstBytes, string>> = {
  tls: 'TLS',
  'http-request': 'HTTP/1',
  'http-response': 'HTTP/1',
  'h2-preface': 'HTTP/2',
  'h2-settings': 'HTTP/2',
  ssh: 'SSH',
  mysql: 'MySQL',
  redis: 'Redis',
  greeting: 'a protocol whose server speaks first (SMTP, FTP, POP3, IMAP)',
}

/** Each side speaks a protocol that is known, and not the same. */
export const wrongProtocol: Rule = (f) => {
  const { application } = f.c.outcome
  const asked = NAMES[application.clientFirst]
  const answered = NAMES[application.upstreamFirst]
  if (asked === undefined || answered === undefined || asked === answered) return null
  // Those rules of their own know better, and STARTTLS begins after a greeting.
  if (asked === 'TLS' || answered === 'TLS') return null
  return {
    id: 'wrong-protocol',
    confidence: 'probable',
    why: `the client speaks ${asked} and ${f.upstreamKey} answers in ${answered}`,
    next: [
      'the port name or appProtocol of the Service: kubectl get svc -o yaml; istioctl analyze (IST0118, IST0116)',
      'is it the right port, and does the client force HTTP/2 (h2c)?',
    ],
  }
}

/** The client begins with a PROXY header that the upstream does not take, or lacks one that others send. */
export const proxyHeader: Rule = (f) => {
  const { application, firstClose, exchange } = f.c.outcome
  if (firstClose?.by !== 'upstream') return null
  const has = application.clientFirst === 'proxy-v1' || application.clientFirst === 'proxy-v2'
  const status = application.http?.lastStatus ?? null
  const refused = application.upstreamFirst === 'none' || status === 400
  if (!refused || (exchange === 'no-data' && !has)) return null
  // It takes what it answered in other connections, or before in this one.
  if ((application.http?.responses ?? 0) > 1) return null
  const { proxyHeaders, plain } = f.around.endpoint(f.c)
  if (has ? proxyHeaders > 0 : proxyHeaders === 0 || plain > 0) return null
  const answer = status === 400 ? 'answered 400 and closed' : 'closed without a byte'
  return {
    id: 'proxy-protocol-mismatch',
    confidence: 'probable',
    why: has
      ? `the client begins with a PROXY header and ${f.upstreamKey} ${answer}: it does not expect one`
      : `the client sends no PROXY header, ${proxyHeaders} other ${proxyHeaders === 1 ? 'connection' : 'connections'} to ${f.upstreamKey} did, and it ${answer}: it expects one`,
    next: [
      "PROXY protocol on both sides or on none: the load balancer's annotation, nginx listen … proxy_protocol, Envoy listener filter proxy_protocol",
    ],
  }
}

/** Accepted and ended at once without a byte read, in connection after connection, while older ones work. */
export const turnedAway: Rule = (f) => {
  const { outcome } = f.c
  const close = outcome.firstClose
  if (close?.by !== 'upstream' || f.view.upstream.bytes > 0 || !outcome.handshake.complete)
    return null
  if (close.segment === null || f.measures.age > 0.1e9) return null
  if (!f.around.turnsAway(f.c)) return null
  return {
    id: 'descriptor-exhaustion',
    confidence: 'unclear',
    why: () =>
      `${f.upstreamKey} accepted ${f.around.endpoint(f.c).turnedAway} connections and ended each within 0.1 s without a byte, while others of its connections work: out of file descriptors, over a connection limit, or no filter chain for them`,
    against: () =>
      f.around.endpoint(f.c).tls > 0 &&
      outcome.application.clientFirst !== 'tls' &&
      outcome.application.clientFirst !== 'none'
        ? [closeObservation(f, 'others speak TLS there: plaintext may be what it refuses')]
        : [],
    next: [
      'kubectl exec POD -- sh -c "ls /proc/1/fd | wc -l; grep files /proc/1/limits"',
      'the log of the server at that moment: EMFILE, too many open files, worker_connections, max connections',
    ],
  }
}

/** RFC 9113 §7. */
const H2_ERRORS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
]

/** One side had announced the end of the connection before it ended with streams open. */
export const goAway: Rule = (f) => {
  const tap = f.c.sighting.taps.findIndex((t) => t.view?.application.h2?.goaway != null)
  if (tap < 0) return null
  const { application, segments } = f.c.sighting.taps[tap]!.view!
  const { goaway, opened, ended, lostPlace } = application.h2!
  const { by, lastStream, error, frame } = goaway!
  const name = H2_ERRORS[error] ?? `error ${error}`
  const segment = segments.find((s) => s.frame === frame) ?? null
  // Past bytes that the capture lacks, what was opened and ended is not known.
  const isCounted = !lostPlace && !application.lostPlace
  const left = opened - ended
  const streams =
    left > 0
      ? ` with ${left} ${left === 1 ? 'stream' : 'streams'} unanswered`
      : '; nothing was lost'
  return {
    id: 'h2-goaway',
    confidence: 'probable',
    why: `the ${by} announced the end of this HTTP/2 connection (GOAWAY, ${name}, last stream ${lastStream})${isCounted ? streams : ''}; streams above ${lastStream} were not taken and may be sent again`,
    evidence: [{ tap, segment, text: `GOAWAY of the ${by}: ${name}` }],
    next:
      error === 0
        ? ['why did it drain? a deployment, max_connection_duration, MAX_CONNECTION_AGE']
        : [`the log of the ${by} for ${name}: a limit or a fault of the other side`],
  }
}
