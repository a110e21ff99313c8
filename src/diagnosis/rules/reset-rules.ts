import { endpointText, opposite } from '../../model/case.ts'
import type { Side } from '../../model/connection.ts'
import type { Observation } from '../../model/outcome.ts'
import { matchTimer, timerText } from '../timers.ts'
import { acceptQueue, peerRestarted, stale, syncookieLost } from './passive-rules.ts'
import {
  ageLimit,
  applicationHang,
  applicationTimeout,
  crashed,
  requestText,
  shutDown,
  workerRecycled,
} from './process-rules.ts'
import { goAway, plaintextToTls, proxyHeader, turnedAway, wrongProtocol } from './protocol-rules.ts'
import {
  alikeText,
  ENOUGH_REPEATED,
  type Facts,
  isRst,
  type Rule,
  repeatedApart,
  secondsText,
  tapOf,
  whenReset,
} from './rule.ts'

/** The RST, or what it answers, carries an address that is not the connection's. */
const natLost = whenReset((f, { event }) => {
  const { taps } = f.c.sighting
  const strange = taps.some((tap, i) => {
    const frames = [
      event.segment.seen[i]?.frame,
      event.trigger?.tap === i ? event.trigger.segment.frame : undefined,
    ]
    return frames.some(
      (frame) => frame !== undefined && tap.view?.strangeFrames.has(frame) === true,
    )
  })
  if (!strange) return null
  const victim = event.from
  return {
    id: 'nat-mapping-lost',
    confidence: 'probable',
    evidence: strangerEvidence(f),
    why: `a segment reached the ${victim} without its address translation; the ${victim}'s kernel has no such connection and reset it`,
    next: [
      'conntrack -S on the node (invalid, insert_failed); conntrack -L | wc -l against nf_conntrack_max',
      'sysctl net.netfilter.nf_conntrack_tcp_be_liberal',
    ],
  }
})

/** The first segment that came under addresses that are not the connection's. */
function strangerEvidence(f: Facts): Observation[] {
  for (const [tap, { view }] of f.c.sighting.taps.entries()) {
    const segment = view?.segments.find((s) => view.strangeFrames.has(s.frame))
    const pair = view?.alsoSeenAs.find(
      (p) =>
        endpointText(p.upstream) !== endpointText(view.endpoints.upstream) ||
        endpointText(p.client) !== endpointText(view.endpoints.client),
    )
    if (view == null || segment === undefined || pair === undefined) continue
    const text = `seen between ${endpointText(pair.client)} and ${endpointText(pair.upstream)} instead of ${endpointText(view.endpoints.client)} and ${endpointText(view.endpoints.upstream)}`
    return [{ tap, segment, text }]
  }
  return []
}

const bothAborted = whenReset((f, { crossedInFlight, event }) => {
  const active = f.c.outcome.resets.filter((e) => e.ending && e.anatomy === 'active')
  const both = new Set(active.map((e) => e.from)).size === 2
  if (!crossedInFlight || !both || event.anatomy !== 'active') return null
  return {
    id: 'both-abort',
    confidence: 'probable',
    why: 'both ends aborted on their own, within the time that a packet takes to cross',
    next: ['look for what both ends share: a common timeout, a drain, a deployment at that moment'],
  }
})

const keepAliveRace = whenReset((f, { idleNs }) => {
  // Where nothing was ever said, nothing was kept alive.
  if (f.c.outcome.detail !== 'keep-alive-race' || f.view.upstream.bytes === 0) return null
  const idle =
    idleNs === null ? '' : ` after ${secondsText(idleNs)} of silence${timerText(idleNs, 'server')}`
  return {
    id: 'keepalive-race',
    confidence: 'probable',
    why: `the upstream closed the idle connection${idle} while the next request was on its way`,
    next: [
      "make the client's idle timeout shorter than the upstream's keep-alive timeout",
      'retry idempotent requests on a reset before the first response byte',
    ],
  }
})

const afterClose = whenReset((f, { event, by, idleNs }) => {
  if (f.c.outcome.detail !== 'data-after-close' || (by !== 'client' && by !== 'upstream'))
    return null
  const complete = f.c.outcome.exchangeAtClose === 'complete' && f.view.upstream.bytes > 0
  const writer = opposite(event.from)
  if (event.from === 'client' && !complete) {
    return {
      id: 'client-cancel',
      confidence: 'probable',
      why: 'the client closed in the middle of the response, and its kernel reset what still came',
      next: ["the client's timeout or cancellation at that moment (Envoy flag DC)"],
    }
  }
  if (!complete) {
    return {
      id: 'premature-close',
      confidence: 'probable',
      why: 'the upstream closed before the exchange was complete, and its kernel reset what the client still sent',
      next: ['the log of the upstream application at its FIN: a limit, an exception, a shutdown'],
    }
  }
  return {
    id: 'stale-keepalive-reuse',
    confidence: 'probable',
    why: `the ${writer} used the connection again${idleNs === null ? '' : `, ${secondsText(idleNs)} after its last use,`} although it had acknowledged the other side's FIN`,
    next: [
      `the ${writer}'s connection pool keeps half-closed connections: validate before reuse, or upgrade the client library`,
    ],
  }
})

/** The whole response was sent, and the RST right behind it. */
function isAnsweredAndCut(f: Facts): boolean {
  return f.c.outcome.detail === 'mid-response' && f.c.outcome.exchange === 'complete'
}

const unreadData = whenReset((f, { by, event }) => {
  const http = f.c.outcome.application.http
  if (by !== 'upstream' || event.anatomy !== 'active' || http === null) return null
  const cutRequest =
    isAnsweredAndCut(f) ||
    f.c.outcome.detail === 'mid-request' ||
    http.clientState === 'in-body' ||
    http.clientState === 'in-head'
  if (!cutRequest || http.upstreamState === 'in-body' || http.upstreamState === 'in-head')
    return null
  const answered = http.responses > 0 && http.responses >= http.requests
  // A process that is killed leaves the same, in all of its connections at once.
  if (!answered && f.around.burst(f.c).abrupt >= ENOUGH_REPEATED) return null
  if (http.clientState !== 'in-body' && http.clientState !== 'in-head' && isAnsweredAndCut(f)) {
    return {
      id: 'upstream-close-unread-data',
      confidence: 'unclear',
      why: `the upstream answered ${http.lastStatus ?? ''} and reset at once: part of the request lay unread in its socket, or it closes so on purpose (SO_LINGER 0)`,
      next: [
        'the log of the server for this request: a limit (body size, authentication) that answers early?',
      ],
    }
  }
  return {
    id: 'upstream-close-unread-data',
    confidence: 'probable',
    why: answered
      ? `the upstream answered ${http.lastStatus ?? ''} before the request was complete and closed with the rest of it unread: its kernel sends RST instead of FIN`.replace(
          '  ',
          ' ',
        )
      : 'the upstream closed with request data unread: its kernel sends RST instead of FIN',
    next: [
      'a limit of the server (body size, header size, authentication) answers early: read its log; let it drain the body before closing',
    ],
  }
})

const gaveUpUnanswered = whenReset((f, { event, by }) => {
  if (by !== event.from || event.anatomy !== 'passive') return null
  // A kernel without the socket answers late data: its own retransmissions had gone unanswered before.
  const side = event.from
  const tap = tapOf(f, side)
  const at = event.segment.seen[tap]?.frame
  if (at === undefined || f.c.outcome.fins[side] !== null) return null
  let lost = 0
  for (const s of f.c.sighting.segments) {
    const seen = s.seen[tap]
    if (seen == null || seen.frame > at || s.from !== side || isRst(s)) continue
    const gone = s.seen.length > 1 && s.seen.some((o) => o === null) && !s.covered
    if (seen.kind === 'retransmission' && gone) lost++
  }
  if (lost < 2) return null
  return {
    id: side === 'client' ? 'upstream-unreachable' : 'client-unreachable',
    confidence: 'probable',
    why: `the ${side} had retransmitted ${lost} times in vain and given up without a packet; when the path came back its kernel no longer knew the connection`,
    next: ['what cut the path between them before? node, CNI and route events of that time'],
  }
})

/** A filter in the host itself answers just as its kernel does. */
const hostFilter = whenReset((f, { by, event }) => {
  if (by !== 'upstream' || event.anatomy !== 'passive' || f.c.outcome.fins.upstream !== null)
    return null
  if ((event.trigger?.segment.length ?? 0) === 0) return null
  return {
    id: 'firewall-reject',
    confidence: 'unclear',
    why: "a REJECT rule in the upstream's own host sends the same RST as a kernel without the socket",
    next: ['on the upstream host: iptables-save | grep REJECT; nft list ruleset'],
  }
})

const TELLING_IDLE_NS = 9e9

/** Who sent payload last before the end. */
function lastSpeaker(f: Facts): Side | null {
  const close = f.c.outcome.firstClose
  if (close?.segment == null) return null
  let last: Side | null = null
  for (const s of f.c.sighting.taps[close.tap]!.view!.segments) {
    if (s.frame >= close.segment.frame) break
    if (s.length > 0 && s.kind !== 'keep-alive') last = s.from
  }
  return last
}

const idleTimer = whenReset((f, { by, event, idleNs }) => {
  if ((by !== 'client' && by !== 'upstream') || event.anatomy !== 'active' || idleNs === null)
    return null
  const state = f.c.outcome.exchange
  const between = state === 'complete' || state === 'opaque' || state === 'no-data'
  if (!between) return null
  const holder = by === 'upstream' ? 'server' : 'client'
  const timer = timerText(idleNs, holder)
  const repeated = repeatedApart(f, 'idle')
  if (timer === '' && repeated < ENOUGH_REPEATED) return null
  // Of a few seconds most look round: one such silence is no timer yet.
  const isLong =
    repeated >= ENOUGH_REPEATED ||
    idleNs >= TELLING_IDLE_NS ||
    (matchTimer(idleNs, holder)?.names.length ?? 0) > 0
  // Of what cannot be read, the last word may have been a request.
  const isTelling = isLong && (state !== 'opaque' || lastSpeaker(f) === by)
  return {
    id: 'idle-timeout',
    confidence: isTelling ? 'probable' : 'unclear',
    why: `the ${by} closed the connection after ${secondsText(idleNs)} of silence${timer}${alikeText(repeated)}`,
    next: [`the idle or keep-alive timeout of the ${by}`],
  }
})

/** What a live socket's abort by itself says. */
const abort = whenReset((f, { by, event, confidence }) => {
  if (by !== 'client' && by !== 'upstream') return null
  const { exchange, detail } = f.c.outcome
  // Of a connection that the capture only knows by its RST nothing can be said.
  if (detail === 'lone-reset') return null
  const sure = confidence === 'certain' && event.anatomy === 'active' ? 'probable' : 'unclear'
  if (by === 'client') {
    if (exchange === 'complete' && f.c.outcome.benign) return null
    return {
      id: 'client-abort',
      confidence: sure,
      why:
        exchange === 'mid-response' || exchange === 'response-owed'
          ? `the client aborted in the middle of the exchange${requestText(f)}`
          : 'the client aborted the connection',
      next: ["the client's timeout, cancellation or crash at that moment (Envoy flag DC)"],
    }
  }
  if (exchange === 'complete' && f.c.outcome.benign) return null
  return {
    id: 'upstream-abort',
    confidence: sure,
    why:
      exchange === 'mid-response' || exchange === 'response-owed'
        ? `the upstream application aborted in the middle of the exchange${requestText(f)}`
        : 'the upstream application aborted the connection',
    next: [
      'the log of the upstream application at that moment',
      'bpftrace -e \'tracepoint:tcp:tcp_send_reset { printf("%s %d\\n", comm, args->sport); }\' on its node',
    ],
  }
})

/** close() with data unread sends the RST that SO_LINGER 0 sends. */
const clientClosed = whenReset((f, { by, event }) => {
  const state = f.c.outcome.exchange
  if (by !== 'client' || event.anatomy !== 'active' || state !== 'mid-response') return null
  return {
    id: 'client-cancel',
    confidence: 'unclear',
    why: 'an ordinary close() while part of the response lay unread sends the same RST',
    next: ["the client's timeout or cancellation at that moment (Envoy flag DC)"],
  }
})

/** Causes that speak of others than the resetting end come first. */
export const RESET_RULES_FIRST: readonly Rule[] = [natLost, bothAborted]
/** Of an ordinary reset only a timer is worth a word. */
export const BENIGN_RESET_RULES: readonly Rule[] = [idleTimer]
export const RESET_RULES: readonly Rule[] = [
  syncookieLost,
  acceptQueue,
  plaintextToTls,
  proxyHeader,
  wrongProtocol,
  goAway,
  unreadData,
  turnedAway,
  shutDown,
  workerRecycled,
  crashed,
  keepAliveRace,
  afterClose,
  gaveUpUnanswered,
  peerRestarted,
  stale,
  hostFilter,
  idleTimer,
  ageLimit,
  applicationTimeout,
  abort,
  clientClosed,
  applicationHang,
]
