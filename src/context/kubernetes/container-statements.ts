import type { ClusterFact, ClusterStatement } from '../../model/cluster.ts'
import { isProxy, podName } from './listeners.ts'
import { apartText, clockText } from './moment.ts'
import type { Container, Termination } from './pods.ts'
import { aboutPod, endNoun, hasEndedIt, isNear, isSameMoment, type PodEnd } from './question.ts'
import { CLOCK_SLACK_NS } from './resolve.ts'
import { stopBefore } from './stop-requests.ts'

/** What the containers of a pod say: ends, starts, and that there was none. */
export function containerStatements(at: PodEnd): ClusterStatement[] {
  const isRefused = at.question.how === 'refused' || at.question.how === 'icmp-refused'
  const ends = at.pod.containers
    // Whether the one that listens there was up is told below.
    .filter((container) => !isRefused || at.side === 'client' || container !== at.owner)
    .flatMap((container) =>
      container.terminations
        .filter(({ finishedAt }) => isNear(finishedAt, at.end))
        .map((termination) => endStatement(at, container, termination)),
    )
  const rest = isRefused ? downStatements(at) : runningStatements(at)
  return [...ends, ...rest]
}

function endStatement(
  at: PodEnd,
  container: Container,
  termination: Termination,
): ClusterStatement {
  const { owner, application, question } = at
  const { finishedAt } = termination
  const isOwner = container === owner
  const isBehind = !isOwner && container === application
  // A process that ends closes its sockets: it does not fall silent, and it refuses only afterwards.
  const fits = hasEndedIt(at) && question.how === 'closed' && isSameMoment(finishedAt, at.end)
  const explains = fits && (isOwner || isBehind)
  const proxied =
    isBehind && owner !== null ? `, behind ${owner.name}, which ends the connections` : ''
  const doubts = doubtsOf(at, isOwner || isBehind, fits)
  return aboutPod(at, {
    fact: factOf(at, container, termination, isOwner || isBehind),
    text: `container ${container.name} of ${podName(at.pod)} ${endText(termination)} at ${clockText(finishedAt, at.end.end.from)}, ${apartText(finishedAt, at.end.end, endNoun(question))}${proxied}${explains ? '' : doubts}`,
    relation: explains ? 'explains' : 'coincident',
    confidence:
      !explains || isBehind ? 'unclear' : isDeclared(at, container) ? 'certain' : 'probable',
    next: `kubectl logs ${at.pod.name} -n ${at.pod.namespace} -c ${container.name} --previous --tail=200`,
  })
}

/** Why an end of a container that was near is not what ended the connection, as far as the lists show. */
function doubtsOf(at: PodEnd, isOwner: boolean, fits: boolean): string {
  if (!isOwner)
    return at.owner === null
      ? '; which container the connection belongs to is not known'
      : '; another container holds the connection'
  if (fits) return ''
  if (!hasEndedIt(at)) return `; but the ${at.side} did not end this connection`
  return ''
}

function factOf(
  at: PodEnd,
  container: Container,
  termination: Termination,
  isConcerned: boolean,
): ClusterFact {
  if (!isConcerned) return 'container-ended-otherwise'
  const { reason, finishedAt } = termination
  if (reason !== 'OOMKilled' && stopBefore(at, container.name, finishedAt) !== null)
    return 'shutdown'
  return isProxy(container) ? 'sidecar-ended' : 'container-ended'
}

/** By its ports, not only because nothing else could it be. */
function isDeclared({ end, side }: PodEnd, container: Container): boolean {
  return (
    isProxy(container) ||
    (side === 'upstream' && container.ports.some(({ port }) => port === end.port))
  )
}

const SIGNALS: Record<number, string> = {
  129: 'SIGHUP',
  130: 'SIGINT',
  134: 'SIGABRT',
  135: 'SIGBUS',
  136: 'SIGFPE',
  137: 'SIGKILL',
  139: 'SIGSEGV',
  143: 'SIGTERM',
}

/** `was OOMKilled (exit 137)`, `ended with exit 139 (SIGSEGV)`. */
export function endText({ reason, exitCode }: Termination): string {
  if (reason === 'OOMKilled') return `was OOMKilled (exit ${exitCode ?? '?'})`
  if (exitCode === null) return `ended (${reason ?? 'no exit code'})`
  const signal = SIGNALS[exitCode]
  return `ended with exit ${exitCode}${signal === undefined ? '' : ` (${signal})`}`
}

/** The SYN was refused: was the container that listens there running at all, and ready? */
function downStatements(at: PodEnd): ClusterStatement[] {
  const { pod, side, end } = at
  const container = at.owner
  if (side !== 'upstream' || container === null) return []
  const syn = end.end.from
  const who = `container ${container.name} of ${podName(pod)}`
  const sure = isDeclared(at, container) ? 'certain' : 'probable'
  const { terminations, restarts, runningSince: started } = container
  const wasRunning = terminations.some(
    ({ startedAt, finishedAt }) =>
      startedAt !== null && startedAt.ns <= syn && finishedAt.ns - CLOCK_SLACK_NS > syn,
  )
  if (wasRunning) return readiness(at)
  const last = lastEndBefore(container, syn)
  if (started !== null && started.ns - CLOCK_SLACK_NS > syn) {
    // Of a container that was started several times the lists know the last end only.
    const isDown = last !== null || restarts === terminations.length
    const before =
      last === null ? '' : `; before that it ${endText(last)} at ${clockText(last.finishedAt, syn)}`
    return [
      aboutPod(at, {
        fact: 'not-started',
        text: `${who} was started at ${clockText(started, syn)}, ${apartText(started, end.end, 'the SYN')}${isDown ? ': nothing could listen before' : ''}${before}`,
        relation: 'explains',
        confidence: isDown ? sure : 'unclear',
      }),
    ]
  }
  if (started === null && last !== null) {
    const waits = container.waiting === null ? '' : ` (${container.waiting})`
    return [
      aboutPod(at, {
        fact: 'not-started',
        text: `${who} ${endText(last)} at ${clockText(last.finishedAt, syn)}, ${apartText(last.finishedAt, end.end, 'the SYN')}, and was not started again${waits}`,
        relation: 'explains',
        confidence: sure,
        next: `kubectl logs ${pod.name} -n ${pod.namespace} -c ${container.name} --previous --tail=200`,
      }),
    ]
  }
  return readiness(at)
}

function lastEndBefore({ terminations }: Container, timeNs: number): Termination | null {
  const before = terminations.filter(({ finishedAt }) => finishedAt.ns - CLOCK_SLACK_NS <= timeNs)
  return before.sort((a, b) => b.finishedAt.ns - a.finishedAt.ns)[0] ?? null
}

/** A pod that became ready so much later may have been ready before. */
const LONGEST_START_NS = 600e9

function readiness(at: PodEnd): ClusterStatement[] {
  const { pod, end } = at
  if (pod.ready === null) return []
  const { isReady, since } = pod.ready
  const syn = end.end.from
  const when = `at ${clockText(since, syn)}, ${apartText(since, end.end, 'the SYN')}`
  const isLater = since.ns - CLOCK_SLACK_NS > syn
  if (isReady === isLater) {
    const near = !isLater || since.ns - syn <= LONGEST_START_NS
    return [
      aboutPod(at, {
        fact: 'not-ready',
        text: `${podName(pod)} ${isReady ? 'became Ready' : 'stopped being Ready'} ${when}`,
        relation: 'explains',
        confidence: near ? 'probable' : 'unclear',
        next: `kubectl -n ${pod.namespace} describe pod ${pod.name}`,
      }),
    ]
  }
  return []
}

/** The container has been running all the time, or was started in between. */
function runningStatements(at: PodEnd): ClusterStatement[] {
  const { owner, end, pod } = at
  const started = owner?.runningSince ?? null
  if (owner === null || started === null || !hasEndedIt(at)) return []
  const who = `container ${owner.name} of ${podName(pod)}`
  const wasThere = pod.startTime === null || pod.startTime.ns - CLOCK_SLACK_NS <= end.first
  if (wasThere && started.ns + started.resolutionNs + CLOCK_SLACK_NS < end.first) {
    return [
      aboutPod(at, {
        fact: 'never-restarted',
        text: `${who} runs since ${clockText(started, end.first)}, before this connection began: it did not end with it (a process in it may have)`,
        relation: 'against',
        confidence: 'probable',
      }),
    ]
  }
  const isBetween = started.ns - CLOCK_SLACK_NS > end.first && started.ns < end.end.to
  if (!isBetween || owner.terminations.length === 0) return []
  return [
    aboutPod(at, {
      fact: 'restarted-since',
      text: `${who} was started again at ${clockText(started, end.first)}, after this connection had begun`,
      relation: 'explains',
      confidence: 'probable',
    }),
  ]
}
