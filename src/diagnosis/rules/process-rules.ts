import type { HttpSummary } from '../../model/application.ts'
import type { Observation } from '../../model/outcome.ts'
import { closeTime, isAbrupt, startTime } from '../standing.ts'
import { timerText } from '../timers.ts'
import {
  alikeText,
  type CauseText,
  closeObservation,
  ENOUGH_REPEATED,
  type Facts,
  type Rule,
  repeatedApart,
  secondsText,
} from './rule.ts'

const ENDED = [
  'kubectl get pod POD -o jsonpath=\'{range .status.containerStatuses[*]}{.name} {.restartCount} {.lastState.terminated}{"\\n"}{end}\'',
  'kubectl logs POD -c CONTAINER --previous --tail=200',
]

/** Refusals this long before an end show that the listener was closed first. */
const LISTENER_GONE_NS = 0.2e9
/** Longer than the grace that most pods have (30 s), twice. */
const LONG_GRACE_NS = 60e9
/** A burst of ends is over. */
const AFTER_BURST_NS = 0.1e9
/** Waiting this long for an answer is somebody's patience. */
const PATIENCE_NS = 0.9e9
const LONG_PATIENCE_NS = 4.7e9

/** The upstream closed first, in the middle of something or on a client that went on. */
function cutByUpstream(f: Facts): boolean {
  const { outcome } = f.c
  const close = outcome.firstClose
  if (close === null || close.by !== 'upstream' || close.segment === null) return false
  // A FIN to an idle connection is part of a crash only where somebody still used that connection afterwards.
  return isAbrupt(f.c) || outcome.detail === 'data-after-close'
}

/** The listener was closed while this connection still worked, and then it was cut. */
export const shutDown: Rule = (f) => {
  const close = f.c.outcome.firstClose
  if (close?.by !== 'upstream' || close.segment === null || f.c.outcome.detail === 'refused')
    return null
  // What was idle is part of it only where something else was cut in the same moment.
  if (!cutByUpstream(f) && f.around.burst(f.c).abrupt < 1) return null
  const closed = closeTime(f.c)
  const firstRefused = f.around.firstRefused(f.c)
  const before = closed - firstRefused
  if (!(before >= LISTENER_GONE_NS) || !(firstRefused > startTime(f.c))) return null
  // Somebody listened again before this one was cut: a restart, and this is a connection of the new process.
  const { lastEstablished } = f.around.endpointTimes(f.c)
  if (lastEstablished > firstRefused && lastEstablished < closed) return null
  const survivors = survivorsOf(f)
  // One refusal long ago is not the listener that was closed for this end.
  const isOne = f.around.endpoint(f.c).refused === 1 && before > LONG_GRACE_NS
  return {
    id: 'graceful-shutdown',
    confidence: survivors === 0 && !isOne ? 'probable' : 'unclear',
    against: () => survivalEvidence(f, survivors),
    why: `${f.upstreamKey} refused new connections for ${secondsText(before)}${timerText(before, 'server')} before it ended this one: it was shut down, and its grace period ended with requests under way`,
    next: [
      'kubectl get events --field-selector involvedObject.name=POD: Killing, and when',
      'terminationGracePeriodSeconds and preStop of the pod, against the longest request; keep accepting until endpoints are updated (preStop sleep)',
      ...ENDED,
    ],
  }
}

/** Somebody of the same endpoint lived on, and new connections were accepted: not the whole of it ended. */
function othersWentOn(f: Facts): boolean {
  if (!Number.isNaN(f.around.firstRefused(f.c))) return false
  return survivorsOf(f) > 0 || f.around.endpointTimes(f.c).lastEstablished > closeTime(f.c)
}

/** Several connections of an endpoint were cut at once, and others of the same endpoint went on. */
export const workerRecycled: Rule = (f) => {
  // A killed worker's kernel sends FIN unless data was unread; aborts in a row are the application's.
  if (!cutByUpstream(f) || f.c.outcome.firstClose!.kind !== 'fin') return null
  const burst = f.around.burst(f.c)
  if (burst.abrupt < 2 || survivorsOf(f) === 0 || !othersWentOn(f)) return null
  return workerEnded(f, `${burst.abrupt} connections`)
}

/** One request was left unanswered, and others of the same endpoint went on. */
export const workerGone: Rule = (f) => {
  const { firstClose, exchangeAtClose, benign } = f.c.outcome
  if (firstClose?.by !== 'upstream' || firstClose.kind !== 'fin' || benign) return null
  if (exchangeAtClose !== 'response-owed' || !othersWentOn(f)) return null
  return workerEnded(f, 'a connection')
}

function workerEnded(f: Facts, what: string): CauseText {
  return {
    id: 'worker-recycled',
    confidence: 'unclear',
    why: `${what} of ${f.upstreamKey} ended in the middle of a request, while others went on or were accepted afterwards: one worker of the server ended, not the server`,
    next: [
      'the log of the application server: WORKER TIMEOUT, max_requests, a child that was killed (dmesg -T | grep -i oom)',
    ],
  }
}

/** Connections of the endpoint that outlived the end of this one. */
function survivorsOf(f: Facts): number {
  const { client, upstream } = f.view.endpoints
  // Behind its sidecar: at the same address others are the sidecar's, which outlives the application.
  if (client.address.startsWith('127.') && !upstream.address.startsWith('127.')) return 0
  return f.around.survivors(f.c, closeTime(f.c) + AFTER_BURST_NS)
}

function survivalEvidence(f: Facts, survivors: number): Observation[] {
  if (survivors === 0) return []
  const closed = closeTime(f.c)
  const e = f.around.endpointTimes(f.c)
  const isLongest = e.longestFrom < closed && e.longestUntil > closed + AFTER_BURST_NS
  const after = isLongest ? ` for ${secondsText(e.longestUntil - closed)} after` : ' afterwards'
  const who = survivors === 1 ? 'another connection' : `${survivors} other connections`
  return [closeObservation(f, `${who} of ${f.upstreamKey} began before and went on${after}`)]
}

/** Refusals this soon after an end come of the same. */
const SOON_REFUSED_NS = 10e9

/** Connections of one endpoint cut short at once, or cut and nobody listening any more: the process died. */
export const crashed: Rule = (f) => {
  const close = f.c.outcome.firstClose
  if (close?.by !== 'upstream' || close.segment === null || f.c.outcome.detail === 'refused')
    return null
  const burst = f.around.burst(f.c)
  // An idle connection that ends among others that are cut ends by the same; alone it is a timer's.
  if (!cutByUpstream(f) && burst.abrupt < 2) return null
  const closed = closeTime(f.c)
  const firstRefused = f.around.firstRefused(f.c)
  const gone = firstRefused > closed && firstRefused - closed < SOON_REFUSED_NS
  const many = burst.ends >= 3 && burst.abrupt >= 2
  if (!many && !(gone && burst.abrupt >= 1)) return null
  const survivors = survivorsOf(f)
  const survived = survivors > 0
  const sure = burst.abrupt >= (gone ? 2 : 3) && !survived
  const ends =
    burst.ends === 1
      ? `a connection of ${f.upstreamKey} ended in the middle of something`
      : `${burst.ends} connections of ${f.upstreamKey} ended within 50 ms, ${burst.abrupt} of them in the middle of something`
  const refused = gone
    ? `, and from ${secondsText(firstRefused - closed)} later on new ones were refused`
    : ''
  return {
    id: 'upstream-crash',
    confidence: sure ? 'probable' : 'unclear',
    why: `${ends}${refused}: its process died (crash, OOM kill, SIGKILL)`,
    against: () => survivalEvidence(f, survivors),
    next: [...ENDED, 'on the node: dmesg -T | grep -i oom'],
  }
}

/** A request was cut after a time that looks like a limit, or by a status that says so. */
export const applicationTimeout: Rule = (f) => {
  const { outcome } = f.c
  const close = outcome.firstClose
  if (close?.by !== 'upstream' || close.segment === null) return null
  const http = outcome.application.http
  if (http?.lastStatus === 408) return answeredTimeout(f, http)
  const waited = f.measures.request
  if (!(waited >= PATIENCE_NS)) return null
  const repeated = repeatedApart(f, 'request')
  const timer = timerText(waited, 'server', 'request')
  const known = timer !== '' && waited >= LONG_PATIENCE_NS
  // An abort after a short wait is anything's; an orderly close without an answer is not.
  const enough = known ? 1 : close.kind === 'fin' && !outcome.benign ? 1 : ENOUGH_REPEATED
  if (repeated < enough) return null
  return {
    id: 'application-timeout',
    confidence: repeated >= ENOUGH_REPEATED ? 'probable' : 'unclear',
    why: `${f.upstreamKey} had the whole request${requestText(f)} and closed ${secondsText(waited)} later${timer} without an answer${alikeText(repeated)}: a timeout of the application or of its server`,
    next: [
      'the log of the application at the start of the request: what did it wait for?',
      'request and worker timeouts of the server against the time that this request takes',
    ],
  }
}

/** 408 (RFC 9110 §15.5.9): the server did not get the whole request in the time that it waits. */
function answeredTimeout(f: Facts, http: HttpSummary): CauseText | null {
  const isCut = http.clientState === 'in-head' || http.clientState === 'in-body'
  // Of idle connections some servers take leave with a 408 that nobody asked for.
  if (!isCut && http.responses > http.requests) return null
  return {
    id: 'application-timeout',
    confidence: 'probable',
    why: isCut
      ? `${f.upstreamKey} answered 408 and closed: the request${requestText(f)} did not arrive in full in the time that it waits for one`
      : `${f.upstreamKey} answered 408 to a request${requestText(f)} that had been sent in full, and closed: it gave up on it`,
    next: [
      'what held the request back: the client, a proxy that starved, a loss on the way?',
      'requestTimeout, headersTimeout, client_header_timeout, client_body_timeout of the server',
    ],
  }
}

/** The request was acknowledged, and no answer came until the client had enough. */
export const applicationHang: Rule = (f) => {
  const { outcome } = f.c
  const close = outcome.firstClose
  if (close?.by !== 'client' || outcome.application.protocol === 'none') return null
  const waited = f.measures.request
  if (!(waited >= PATIENCE_NS) || !isRequestAcknowledged(f)) return null
  const repeated = repeatedApart(f, 'request')
  return {
    id: 'application-hang',
    confidence: repeated >= ENOUGH_REPEATED ? 'probable' : 'unclear',
    why: `${f.upstreamKey} acknowledged the request${requestText(f)} and sent nothing for ${secondsText(waited)}; then the client gave up${timerText(waited, 'client', 'request')}${repeated > 1 ? `, as in ${repeated - 1} more of its connections` : ''}: the kernel lives, the application does not answer`,
    against: () =>
      f.around.survivors(f.c, closeTime(f.c) - waited) > 0
        ? [closeObservation(f, `${f.upstreamKey} sent on another connection after this request`)]
        : [],
    next: [
      `on the upstream: ss -ltn 'sport = :${f.upstreamPort}': does Recv-Q grow? thread dump, CPU throttling, locks`,
      'kubectl describe pod POD: Unhealthy … context deadline exceeded',
    ],
  }
}

function isRequestAcknowledged(f: Facts): boolean {
  const { client, upstream } = f.view
  return client.next !== null && upstream.acked !== null && client.bytes > 0
    ? (upstream.acked - client.next) >> 0 >= -1
    : false
}

/** Closed at the same age in connection after connection, however busy they were. */
export const ageLimit: Rule = (f) => {
  const close = f.c.outcome.firstClose
  const { age, idle } = f.measures
  if (close?.by !== 'upstream' || close.segment === null || !(age >= PATIENCE_NS)) return null
  const owed = ['response-owed', 'mid-response', 'mid-request'].includes(
    f.c.outcome.exchangeAtClose,
  )
  if (close.kind === 'fin' && !owed) return null
  // Silent all its life, its age says nothing of its own.
  if (idle >= 0.8 * age || f.measures.request >= 0.8 * age) return null
  const repeated = repeatedApart(f, 'age')
  if (repeated < ENOUGH_REPEATED || repeated <= repeatedApart(f, 'idle')) return null
  return {
    id: 'connection-age-limit',
    confidence: 'probable',
    why: `${f.upstreamKey} closed ${repeated} connections ${secondsText(age)} after their SYN${timerText(age, 'server', 'age')}, busy or not: a greatest age of connections`,
    next: [
      'max_connection_duration (Envoy), MAX_CONNECTION_AGE (gRPC), keepalive_requests or a drain of the server',
      'a client that retries on a connection closed before its answer, or a server that announces the end (GOAWAY, Connection: close)',
    ],
  }
}

export function requestText(f: Facts): string {
  const line = f.c.outcome.application.http?.lastRequestLine
  return line == null ? '' : ` (${line})`
}
