import type { JoinedLine } from '../model/access-log.ts'
import { type Case, type Surroundings, shownTap } from '../model/case.ts'
import type { Side } from '../model/connection.ts'
import type { Cause, Confidence, Evidence } from '../model/report.ts'
import { cite, evidenceOf } from './evidence.ts'
import { codeOf } from './findings.ts'
import { onClientClock } from './on-client-clock.ts'
import { secondsText } from './rules/rule.ts'
import { closeTime } from './standing.ts'

/** What a log line tells of the end of a connection that its packets do not. */
interface Told {
  id: string
  confidence: Confidence
  why: string
  next: string[]
}

/**
 * The causes that packets and lists show, and first among them what the proxy's own log says it did: its timers and its
 * refusals leave no other trace. Where a line may be another connection's, it says nothing.
 */
export function withLines(causes: Cause[], c: Case, around: Surroundings): Cause[] {
  const told = causeByLines(c, around)
  return told === null ? causes : [told, ...causes.filter(({ id }) => id !== told.id)].slice(0, 3)
}

/** What the log of a proxy says it did; null where it says nothing of the end. */
export function causeByLines(c: Case, around: Surroundings): Cause | null {
  for (const joined of around.logLines(c)) {
    if (joined.others.length > 0 || joined.confidence === 'unclear') continue
    const told = toldBy(joined, c)
    if (told !== null) return causeOf(told, joined, c)
  }
  return null
}

/** A proxy closes this soon after the request of which its line tells, give or take its clock. */
const SOON_NS = 5e9

/** Did the connection end long after the line did? Then for another reason: it served more requests, or was kept. */
function outlived({ line, offsetNs, offsetSlackNs }: JoinedLine, c: Case, proxy: Side): boolean {
  if (line.startNs === null || c.outcome.firstClose?.segment == null) return false
  const near = c.sighting.taps.findIndex((tap) => tap.side === proxy && tap.view !== null)
  const tap = near >= 0 ? near : shownTap(c.sighting)
  const end = Number(line.startNs - c.bases[tap]!) + offsetNs + (line.durationNs ?? 0)
  return closeTime(c) - onClientClock(c, tap, end) > SOON_NS + offsetSlackNs
}

/** A live process answers a FIN sooner. */
const NOTICE_NS = 1e9

function toldBy(joined: JoinedLine, c: Case): Told | null {
  const { line, leg } = joined
  const proxy = leg === 'downstream' ? 'upstream' : 'client'
  const close = c.outcome.firstClose
  const closedByProxy = close !== null && close.by === proxy && !outlived(joined, c, proxy)
  const lasted = line.durationNs === null ? '' : ` after ${secondsText(line.durationNs)}`
  if (line.cluster === 'BlackHoleCluster' && leg === 'downstream') {
    return {
      id: 'egress-blocked',
      confidence: 'probable',
      why: 'the sidecar accepted the connection and has nowhere to send it (cluster BlackHoleCluster): outboundTrafficPolicy is REGISTRY_ONLY and no ServiceEntry names this destination',
      next: [
        'kubectl get serviceentries,sidecars -A',
        "istioctl proxy-config listeners POD --port PORT; kubectl -n istio-system get cm istio -o jsonpath='{.data.mesh}' | grep -A1 outboundTrafficPolicy",
      ],
    }
  }
  if (line.flags.includes('DT') && closedByProxy) {
    return {
      id: 'connection-age-limit',
      confidence: 'probable',
      why: `the proxy ended the connection at the greatest age that it allows${lasted} (DT), whatever was under way`,
      next: [
        'max_downstream_connection_duration or max_connection_duration in the proxy (EnvoyFilter, TcpProxy) against how long such connections live',
      ],
    }
  }
  if (line.flags.includes('UT') && leg === 'upstream' && closedByProxy) {
    // A process that is merely slow notices that the proxy has left, and closes.
    const { captureEnd } = c.sighting.taps[close.tap]!
    const hadTime = close.segment !== null && captureEnd - close.segment.time >= NOTICE_NS
    const isSilent = c.outcome.fins.upstream === null && c.outcome.firstReset === null
    if (isSilent && hadTime) return hanging(lasted)
    return {
      id: 'application-timeout',
      confidence: 'probable',
      why: `the proxy waited for the answer${lasted === '' ? '' : lasted.replace(' after', '')} and gave up (UT): the upstream takes longer than the route's timeout`,
      next: [
        'timeout and perTryTimeout of the route (VirtualService) against the time that this request takes',
        'the log of the application at the start of the request: what did it wait for?',
      ],
    }
  }
  return null
}

function hanging(lasted: string): Told {
  return {
    id: 'application-hang',
    confidence: 'probable',
    why: `the proxy gave up${lasted} without an answer (UT), and the upstream has not even taken notice of its FIN: the kernel lives, the application does not`,
    next: [
      'thread dump of the application, CPU throttling, locks; ss -ltn on the upstream: does Recv-Q grow?',
      'kubectl describe pod POD: Unhealthy … context deadline exceeded',
    ],
  }
}

function causeOf(told: Told, { line }: JoinedLine, c: Case): Cause {
  const flags = line.flags.length === 0 ? '-' : line.flags.join(',')
  return {
    id: told.id,
    code: codeOf(told.id),
    confidence: told.confidence,
    why: told.why,
    evidence: closeEvidence(c),
    against: [],
    next: told.next,
    context: [
      {
        source: 'access-log',
        object: `line ${line.number}`,
        text: `${line.code ?? '-'} ${flags}${line.cluster === null ? '' : ` ${line.cluster}`}`,
        relation: 'explains',
        confidence: told.confidence,
      },
    ],
  }
}

function closeEvidence(c: Case): Evidence[] {
  const { firstClose: close, firstReset } = c.outcome
  if (close?.segment != null) {
    const text = `${close.kind === 'fin' ? 'FIN' : 'RST'} of the ${close.by}`
    return [cite(c, close.tap, close.segment, text)]
  }
  return firstReset === null ? [] : firstReset.evidence.slice(0, 2).map((o) => evidenceOf(c, o))
}
