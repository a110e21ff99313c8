import type { ClusterStatement } from '../../model/cluster.ts'
import { quoted } from './events.ts'
import { podName } from './listeners.ts'
import { apartNs, apartText, clockText, type Moment } from './moment.ts'
import { aboutPod, endNoun, hasEndedIt, isSameMoment, type PodEnd } from './question.ts'
import { CLOCK_SLACK_NS } from './resolve.ts'

/** When a pod, or one container of it, was told to stop: SIGTERM then, SIGKILL when its grace is over. */
export interface StopRequest {
  at: Moment
  graceSeconds: number
  /** Null: all of them. */
  container: string | null
  /** `its deletion was asked for`. */
  text: string
  fact: 'shutdown' | 'evicted'
}

/** A kubelet allows so much over the grace period (a preStop hook that overruns gets 2 s more). */
const OVERRUN_NS = 2e9

const EVICTIONS: ReadonlySet<string> = new Set([
  'Evicted',
  'Preempting',
  'Preempted',
  'TaintManagerEviction',
  'NodeShutdown',
  'Shutdown',
])

/** All that the lists know of: the pod's own deletion, Killing events, evictions. */
export function stopRequests({ pod, events }: Pick<PodEnd, 'pod' | 'events'>): StopRequest[] {
  const requests: StopRequest[] = []
  if (pod.deletion !== null) {
    const { requested, graceSeconds } = pod.deletion
    const text = `deletion of ${podName(pod)} was asked for`
    requests.push({ at: requested, graceSeconds, container: null, text, fact: 'shutdown' })
  }
  if (pod.disruption !== null) {
    const { at, reason } = pod.disruption
    const text = `${podName(pod)} was to be disrupted (${reason})`
    requests.push({ at, graceSeconds: pod.graceSeconds, container: null, text, fact: 'evicted' })
  }
  for (const event of events.own) {
    const isEviction = EVICTIONS.has(event.reason)
    if (event.reason !== 'Killing' && !isEviction) continue
    // The taint manager says under one reason that it will, and that it will not.
    if (event.message.startsWith('Cancelling deletion')) continue
    const said = quoted(event)
    const about = isEviction ? '' : (event.container ?? killedContainer(event.message))
    requests.push({
      at: event.last,
      graceSeconds: pod.graceSeconds,
      container: about === '' ? null : about,
      text: `event ${event.reason} of ${podName(pod)}${said}`,
      fact: isEviction ? 'evicted' : 'shutdown',
    })
  }
  return requests
}

/** `Stopping container app`, `Container app failed liveness probe, will be restarted`. */
function killedContainer(message: string): string | null {
  return /^(?:Stopping container|Container) ([a-z0-9][-a-z0-9]{0,62})\b/.exec(message)?.[1] ?? null
}

/** The request that the end of a container followed within its grace period; null for an end of its own. */
export function stopBefore(
  at: Pick<PodEnd, 'pod' | 'events'>,
  container: string,
  finishedAt: Moment,
): StopRequest | null {
  const fits = (request: StopRequest) =>
    (request.container === null || request.container === container) &&
    finishedAt.ns + finishedAt.resolutionNs + CLOCK_SLACK_NS >= request.at.ns &&
    finishedAt.ns <= expiry(request).ns + OVERRUN_NS + CLOCK_SLACK_NS
  return stopRequests(at).find(fits) ?? null
}

function expiry({ at, graceSeconds }: StopRequest): Moment {
  return { ns: at.ns + graceSeconds * 1e9, resolutionNs: at.resolutionNs }
}

/** How the end of a connection lies to what told its pod to stop; the request that fits best speaks for all. */
export function stopStatements(at: PodEnd): ClusterStatement[] {
  const fitting = stopRequests(at).flatMap((request) => statementOf(at, request) ?? [])
  const best = fitting.find(({ relation }) => relation === 'explains') ?? fitting[0]
  return best === undefined ? [] : [best]
}

function statementOf(at: PodEnd, request: StopRequest): ClusterStatement | null {
  const { end, question, owner, application } = at
  const expires = expiry(request)
  const sinceRequest = -apartNs(request.at, end.end)
  const untilExpiry = apartNs(expires, end.end)
  if (sinceRequest < -CLOCK_SLACK_NS) return null
  const isSilent = question.how === 'silent' || question.how === 'no-answer'
  const isOver = untilExpiry < -OVERRUN_NS - CLOCK_SLACK_NS
  // Afterwards there is nobody left who could end or refuse anything, and silence is what is heard.
  if (isOver && !(isSilent && request.container === null)) return null
  const concerns =
    request.container === null ||
    request.container === owner?.name ||
    request.container === application?.name
  const isAtExpiry = request.graceSeconds > 0 && isSameMoment(expires, end)
  const noun = endNoun(question)
  const when = `${request.text} at ${clockText(request.at, end.end.from)}`
  const text = isAtExpiry
    ? `${when}; its grace period of ${request.graceSeconds} s was over at ${clockText(expires, end.end.from)}, ${apartText(expires, end.end, noun)}: what still ran was killed`
    : `${when}, ${apartText(request.at, end.end, noun)} (grace period ${request.graceSeconds} s)`
  const fits = hasEndedIt(at) || isSilent || question.how === 'refused'
  const explains = concerns && fits && (isOver || !isSilent)
  const doubt = !concerns
    ? '; another container holds the connection'
    : fits
      ? ''
      : `; but the ${at.side} did not end this connection`
  return aboutPod(at, {
    fact: request.fact,
    text: `${text}${doubt}`,
    relation: explains ? 'explains' : 'coincident',
    confidence: explains ? 'probable' : 'unclear',
    next: `kubectl -n ${at.pod.namespace} get events --field-selector involvedObject.name=${at.pod.name}`,
  })
}
