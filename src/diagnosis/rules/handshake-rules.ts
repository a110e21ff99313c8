import { ACK, RST, SYN } from '../../../native-free-decoders/decoded-packet.ts'
import type { IcmpError } from '../../model/connection.ts'
import { type Facts, lostFrom, type Rule, secondsText, seenAt, tapOf } from './rule.ts'

const LISTENING = (f: Facts) => [
  `on the upstream: ss -ltn 'sport = :${f.upstreamPort}'`,
  'compare the Service targetPort with the port that the container listens on: kubectl get svc,endpointslices -o wide',
]

const refused: Rule = (f) => {
  if (f.c.outcome.detail !== 'refused' || f.reset === null) return null
  if (f.reset.by === 'between') {
    return {
      id: 'firewall-reject',
      confidence: f.reset.confidence,
      why: `a device between answered the SYN to ${f.upstream} with a RST`,
      next: ['look for a REJECT rule on the way: NetworkPolicy, iptables, security appliance'],
    }
  }
  const sure = f.reset.by === 'upstream' ? f.reset.confidence : 'unclear'
  const among = f.around.endpoint(f.c).refusedAmongAccepted
  return {
    id: 'connection-refused',
    confidence: among ? 'unclear' : sure,
    why: among
      ? `the host of ${f.upstreamKey} refused the SYN, and accepted others within the same second: a listener that comes and goes, a limit, or a REJECT rule in that host`
      : `nothing listens on ${f.upstreamKey}: its kernel refused the SYN`,
    next: LISTENING(f),
  }
}

/** It refused at first, and accepted everything afterwards. */
const notReadyYet: Rule = (f) => {
  if (f.c.outcome.detail !== 'refused' || f.reset?.by === 'between') return null
  const e = f.around.endpoint(f.c)
  if (!(e.readyAfter > 0)) return null
  return {
    id: 'not-ready-yet',
    confidence: 'probable',
    why: `${f.upstreamKey} refused ${e.refused === 1 ? 'this connection' : `${e.refused} connections`} and accepted all from ${secondsText(e.readyAfter)} after the last refusal on: it was not listening yet`,
    next: [
      'readiness and startup probes: was the pod in the endpoints before it listened? kubectl get endpointslices -o yaml',
      "kubectl get pod POD -o jsonpath='{.status.conditions}': Ready, lastTransitionTime",
    ],
  }
}

/** ICMP codes that a filter answers with (RFC 792, RFC 1122 §3.2.2.1, RFC 4443 §3.1). */
function isProhibited(e: IcmpError): boolean {
  return e.version === 4 ? [9, 10, 13].includes(e.code) : [1, 5, 6].includes(e.code)
}

const icmp: Rule = (f) => {
  if (f.c.outcome.detail !== 'icmp-unreachable') return null
  const tap = f.c.sighting.taps.findIndex((t) => t.view?.icmp.some((e) => e.about === 'client'))
  const error = f.c.sighting.taps[tap]!.view!.icmp.find((e) => e.about === 'client')!
  const portUnreachable = error.version === 4 ? error.code === 3 : error.code === 4
  const text = `${error.from} answers with ICMP type ${error.type} code ${error.code} (frame ${error.frame})`
  const evidence = [{ tap, segment: null, text }]
  if (isProhibited(error)) {
    return {
      id: 'firewall-reject',
      confidence: 'probable',
      why: `a filter refuses the SYN to ${f.upstream} by ICMP`,
      evidence,
    }
  }
  if (portUnreachable) {
    return {
      id: 'no-endpoints',
      confidence: 'unclear',
      why: `the SYN to ${f.upstream} is answered by ICMP port unreachable, as kube-proxy does for a Service without endpoints`,
      evidence,
      next: [
        'kubectl get endpointslices -l kubernetes.io/service-name=SERVICE',
        'look for REJECT rules: iptables-save | grep REJECT',
      ],
    }
  }
  return {
    id: 'upstream-unreachable',
    confidence: 'probable',
    why: `no route to ${f.upstream}: its address answers to nobody`,
    evidence,
  }
}

/** Port unreachable is also what an iptables REJECT rule sends unless told otherwise. */
const icmpReject: Rule = (f) =>
  f.c.outcome.detail === 'icmp-unreachable'
    ? {
        id: 'firewall-reject',
        confidence: 'unclear',
        why: `a REJECT rule on the way to ${f.upstream} may answer with the same ICMP error`,
        next: ['iptables-save | grep REJECT on the host that sent the ICMP error'],
      }
    : null

const unanswered: Rule = (f) => {
  const { c } = f
  if (c.outcome.detail !== 'no-answer') return null
  const at = tapOf(f, 'client')
  if (c.sighting.taps.length < 2) {
    return {
      id: 'syn-dropped',
      confidence: 'unclear',
      why: `SYNs to ${f.upstream} get no answer: dropped on the way, or ignored by the upstream`,
      next: ['a capture at the upstream: does the SYN arrive there?'],
    }
  }
  if (f.bothSaw) {
    const healthy = f.around.endpoint(f.c).established > 0
    return {
      id: 'accept-queue-overflow',
      confidence: healthy ? 'probable' : 'unclear',
      why: `SYNs arrive at ${f.upstreamKey} and its host ignores them${healthy ? ', while other connections to it work' : ''}: the accept queue is full, or a filter in that host drops them`,
      evidence: [
        seenAt(
          c.outcome.handshake.syn!,
          tapOf(f, 'upstream'),
          'SYN arrives at the upstream; nothing answers it',
        ),
      ],
      next: [
        'on the upstream: nstat -az TcpExtListenOverflows TcpExtListenDrops',
        `ss -ltn 'sport = :${f.upstreamPort}': Recv-Q against Send-Q`,
      ],
    }
  }
  if (c.sighting.taps[0]!.view === null || c.unmatchedReason === 'tap-not-covering') return null
  const lossy = c.sighting.taps[1]!.loss.length > 0
  return {
    id: 'syn-dropped',
    confidence: lossy ? 'unclear' : 'probable',
    why: `SYNs to ${f.upstream} leave the client and never reach the upstream: dropped between, as a NetworkPolicy or firewall does`,
    evidence: [
      seenAt(
        c.outcome.handshake.syn!,
        at,
        'SYN leaves the client; the upstream capture never shows it',
      ),
    ],
    next: [
      'kubectl get networkpolicies -A',
      'hubble observe --verdict DROPPED',
      'iptables -L -v -n on both nodes',
    ],
  }
}

/** Some SYNs of one endpoint vanish between, others pass: no policy does that for long. */
const tableFull: Rule = (f) => {
  if (f.c.outcome.detail !== 'no-answer' || f.bothSaw || f.c.sighting.taps.length < 2) return null
  if (f.c.sighting.taps[0]!.view === null || f.c.sighting.taps[1]!.loss.length > 0) return null
  if (f.c.unmatchedReason === 'tap-not-covering') return null
  const { established } = f.around.endpoint(f.c)
  if (established === 0) return null
  return {
    id: 'conntrack-full',
    confidence: 'unclear',
    why: `SYNs to ${f.upstream} vanish between, and ${established} ${established === 1 ? 'connection' : 'connections'} to the same endpoint passed: a full connection-tracking table drops new connections only, and so do SNAT ports that ran out`,
    next: [
      'on the nodes: dmesg | grep "nf_conntrack: table full"; conntrack -S (drop, insert_failed); sysctl net.netfilter.nf_conntrack_count net.netfilter.nf_conntrack_max',
      'SNAT ports of the load balancer or NAT gateway: its metrics of failed allocations',
    ],
  }
}

/** A new SYN met the old connection of the same ports: ACK for it, RST, and the SYN again. */
const timeWaitReuse: Rule = (f) => {
  const { syn } = f.c.outcome.handshake
  const tap = tapOf(f, 'client')
  const first = syn?.seen[tap]
  if (first == null) return null
  const { segments } = f.c.sighting.taps[tap]!.view!
  const old = segments.find(
    (s) =>
      s.from === 'upstream' &&
      (s.flags & (SYN | RST | ACK)) === ACK &&
      s.ack !== (first.seq + 1) >>> 0 &&
      s.length === 0,
  )
  if (old === undefined) return null
  const answered = segments.some(
    (s) => s.from === 'client' && (s.flags & RST) !== 0 && s.seq === old.ack && s.frame > old.frame,
  )
  if (!answered) return null
  return {
    id: 'time-wait-reuse',
    confidence: 'probable',
    why: `the client used a port again that ${f.upstreamKey} still had an earlier connection for: it answered the SYN with an ACK of that one`,
    evidence: [
      { tap, segment: old, text: 'an ACK that belongs to an earlier connection of these ports' },
    ],
    next: [
      'source ports run short: ss -tan state time-wait | wc -l on the client; net.ipv4.ip_local_port_range; reuse connections',
      'a SNAT on the way that hands out ports again before 60 s are over',
    ],
  }
}

const answerLost: Rule = (f) => {
  const { detail, handshake } = f.c.outcome
  if (detail !== 'no-final-ack' || handshake.synAck === null) return null
  const lost = lostFrom(f, 'upstream').includes(handshake.synAck)
  if (!lost) return null
  return {
    id: 'synack-dropped',
    confidence: 'probable',
    why: `${f.upstreamKey} answers every SYN, and no SYN-ACK reaches the client: dropped on the way back`,
    evidence: [
      seenAt(
        handshake.synAck,
        tapOf(f, 'upstream'),
        'SYN-ACK leaves the upstream; the client capture never shows it',
      ),
    ],
    next: [
      'check the return path: asymmetric routing, reverse-path filter, egress policy of the upstream',
    ],
  }
}

const takenBack: Rule = (f) => {
  const { outcome, sighting } = f.c
  if (outcome.detail !== 'reset-by-client' || outcome.benign) return null
  const trigger = f.reset?.event.trigger
  if (
    trigger == null ||
    !sighting.taps[trigger.tap]!.view!.strangeFrames.has(trigger.segment.frame)
  )
    return null
  return {
    id: 'nat-mapping-lost',
    confidence: 'probable',
    why: `the SYN-ACK reached the client with an address that it never called, and its kernel reset that`,
    next: [
      'conntrack -S on the node (invalid, insert_failed)',
      'sysctl net.bridge.bridge-nf-call-iptables',
    ],
  }
}

/** Causes of handshakes that were never completed. */
export const HANDSHAKE_RULES: readonly Rule[] = [
  refused,
  notReadyYet,
  icmp,
  icmpReject,
  timeWaitReuse,
  unanswered,
  tableFull,
  answerLost,
  takenBack,
]
