import { opposite } from '../../model/case.ts'
import type { Observation } from '../../model/outcome.ts'
import { meshProxies } from '../mesh.ts'
import type { Facts, Rule } from './rule.ts'
import { isLostRun } from './silence-rules.ts'

const stage = (f: Facts) => f.c.outcome.application.tls?.stage ?? null

/** The TLS stage that one tap alone saw. */
function stageAt(f: Facts, side: 'client' | 'upstream'): string | null {
  return f.c.sighting.taps.find((t) => t.side === side)?.view?.application.tls?.stage ?? null
}

const plaintextAnswer: Rule = (f) =>
  f.c.outcome.detail === 'plaintext-from-upstream'
    ? {
        id: 'tls-to-plaintext-port',
        confidence: 'probable',
        why: `the client speaks TLS and ${f.upstreamKey} answers in plaintext: no TLS on that port`,
        next: [
          'mesh: does the upstream pod have a sidecar, and does a DestinationRule force ISTIO_MUTUAL? istioctl x describe pod POD',
        ],
      }
    : null

const plaintextRequest: Rule = (f) =>
  f.c.outcome.detail === 'plaintext-from-client'
    ? {
        id: 'plaintext-to-tls-port',
        confidence: 'probable',
        why: `the client speaks plaintext and ${f.upstreamKey} answers with a TLS alert: that port expects TLS`,
        next: [
          'mesh: PeerAuthentication STRICT against a client without sidecar? kubectl get peerauthentications -A',
        ],
      }
    : null

/** A certificate is judged as soon as it is there. */
const AT_ONCE_NS = 1e9

const certificateRefused: Rule = (f) => {
  if (f.c.outcome.detail !== 'client-certificate-refused') return null
  const tls = f.c.outcome.application.tls!
  const missing = tls.clientCertificate === 'empty' || tls.alert?.name === 'certificate_required'
  // What ends a connection later than that may be an orderly close_notify.
  const waited = (tls.alert?.time ?? 0) - (tls.clientFinished?.time ?? Number.NaN)
  const isNamed = missing || tls.alert?.name !== 'encrypted' || !(waited > AT_ONCE_NS)
  return {
    id: missing ? 'mtls-client-certificate-missing' : 'client-certificate-refused',
    confidence: isNamed ? 'probable' : 'unclear',
    why: missing
      ? `${f.upstreamKey} asks for a client certificate and the client sends none`
      : isNamed
        ? `${f.upstreamKey} does not accept the client's certificate`
        : `${f.upstreamKey} got the client's certificate and ended with a record of the size of an alert: it did not accept it, or had nothing more to say`,
    evidence: alertEvidence(f),
    next: missing
      ? ['give the client a certificate, or a sidecar where the mesh is STRICT']
      : ['compare the client certificate issuer with the CA bundle of the upstream'],
  }
}

function alertEvidence(f: Facts): Observation[] {
  const alert = f.c.outcome.application.tls?.alert
  if (alert == null) return []
  for (const [tap, t] of f.c.sighting.taps.entries()) {
    const segment = t.view?.segments.find((s) => s.frame === alert.frame && s.from === alert.by)
    if (segment) {
      const name =
        alert.name === 'encrypted' ? 'a record of the size of an alert' : `alert ${alert.name}`
      return [{ tap, segment, text: `the ${alert.by} sends ${name}` }]
    }
  }
  return []
}

/** Alerts by which a client says that it does not trust the server's certificate (RFC 8446 §6.2). */
const DISTRUST = [
  'unknown_ca',
  'bad_certificate',
  'certificate_unknown',
  'certificate_expired',
  'certificate_revoked',
  'unsupported_certificate',
]

const serverDistrusted: Rule = (f) => {
  const { detail, application } = f.c.outcome
  if (detail !== 'alert-by-client' && detail !== 'encrypted-alert-by-client') return null
  const name = application.tls?.alert?.name ?? ''
  const named = DISTRUST.includes(name)
  if (!named && name !== 'encrypted') return null
  return {
    id: 'client-untrusted-ca',
    confidence: named ? 'probable' : 'unclear',
    why: named
      ? `the client refuses the certificate of ${f.upstreamKey}: ${name}`
      : `the client gave up right after seeing the certificate of ${f.upstreamKey}, with an encrypted alert`,
    evidence: alertEvidence(f),
    next: [
      `openssl s_client -connect ${f.upstream} -servername ${application.tls?.sni ?? 'NAME'} -showcerts`,
    ],
  }
}

const handshakeRefused: Rule = (f) => {
  const { detail, application } = f.c.outcome
  if (detail !== 'alert-by-upstream' && detail !== 'encrypted-alert-by-upstream') return null
  const name = application.tls?.alert?.name ?? 'encrypted'
  const isNamed = name !== 'encrypted'
  return {
    id: 'tls-handshake-refused',
    confidence: isNamed ? 'probable' : 'unclear',
    why: isNamed
      ? `${f.upstreamKey} ends the TLS handshake with alert ${name}`
      : `${f.upstreamKey} ends the connection right after the TLS handshake with a record of the size of an alert: a refusal, or an orderly close_notify`,
    evidence: alertEvidence(f),
  }
}

/** The server's flight left the upstream and did not arrive. */
const serverHelloLost: Rule = (f) => {
  if (stageAt(f, 'client') !== 'client-hello') return null
  const there = stageAt(f, 'upstream')
  if (there === null || there === 'client-hello' || !isLostRun(f, 'upstream')) return null
  return {
    id: 'tls-serverhello-lost',
    confidence: 'probable',
    why: `${f.upstreamKey} answers the ClientHello, again and again, and nothing of it reaches the client`,
    next: [
      'packets of that size or direction are dropped on the way: check MTU (ping -M do -s 1400) and policies on the return path',
    ],
  }
}

const serverSilent: Rule = (f) => {
  const { detail, application, firstClose } = f.c.outcome
  if (stage(f) !== 'client-hello' || application.upstreamFirst !== 'none') return null
  const gaveUp = detail === 'after-client-hello' && firstClose?.by === 'client'
  if (detail !== 'stalled' && !gaveUp) return null
  const clientHelloLost = isLostRun(f, 'client')
  if (clientHelloLost) return null
  const arrived = stageAt(f, 'upstream') === 'client-hello'
  return {
    id: 'tls-server-silent',
    confidence: arrived ? 'probable' : 'unclear',
    why: `${f.upstreamKey} acknowledges the ClientHello and never answers it`,
    next: [
      'is the server process alive and not starved? kubectl top pod; look for a full worker pool',
    ],
  }
}

/** A mesh proxy that answers at the level of TCP only: its kernel does that for it. */
const proxyStarved: Rule = (f) => {
  const said = serverSilent(f)
  const mesh = meshProxies(f.c)[0]
  if (said === null || mesh === undefined) return null
  return {
    id: 'sidecar-starved',
    confidence: 'unclear',
    why: `the call is one between mesh proxies (${mesh.basis}), and the kernel of ${f.upstreamKey} acknowledges what its proxy does not answer: the proxy gets no CPU time, or is stuck`,
    next: [
      'kubectl top pod POD --containers: istio-proxy against its CPU limit; container_cpu_cfs_throttled_periods_total',
      'kubectl exec POD -c istio-proxy -- pilot-agent request GET server_info',
    ],
  }
}

const resetAtHello: Rule = (f) => {
  const { detail, application } = f.c.outcome
  if (detail !== 'after-client-hello' || f.reset === null || serverSilent(f) !== null) return null
  const sni = application.tls?.sni
  if (f.reset.by === 'between') {
    return {
      id: 'middlebox-sni-filter',
      confidence: 'probable',
      why: `a device between reset the connection when it saw the ClientHello${sni == null ? '' : ` for ${sni}`}`,
      next: ['ask for the log of the egress filter or firewall for that name'],
    }
  }
  if (f.reset.by !== 'upstream') return null
  return {
    id: 'upstream-reset-at-clienthello',
    confidence: f.reset.confidence === 'certain' ? 'probable' : 'unclear',
    why: `${f.upstreamKey} reset the connection when the ClientHello arrived${sni == null ? '' : ` (SNI ${sni})`}`,
    next: [
      'no filter chain or virtual host for that name? mesh: istioctl proxy-config listeners POD --port 15006',
    ],
  }
}

const stopped: Rule = (f) => {
  const close = f.c.outcome.firstClose
  if (close === null || close.by === 'undetermined' || close.by === 'between') return null
  if (serverSilent(f) !== null) return null
  const other = opposite(close.by)
  return {
    id: `${close.by}-gave-up-tls-handshake`,
    confidence: 'unclear',
    why: `the ${close.by} ended the connection during the TLS handshake; the ${other} had said nothing wrong that packets show`,
  }
}

/** Causes of aborted TLS handshakes; the last one only states what is known. */
export const TLS_RULES: readonly Rule[] = [
  plaintextAnswer,
  plaintextRequest,
  certificateRefused,
  serverDistrusted,
  handshakeRefused,
  serverHelloLost,
  proxyStarved,
  serverSilent,
  resetAtHello,
  stopped,
]
