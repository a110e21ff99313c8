import type { ClusterStatement } from '../../model/cluster.ts'
import { type ClusterEvent, quoted } from './events.ts'
import { podName } from './listeners.ts'
import { apartNs, apartText, clockText, type Moment } from './moment.ts'
import { aboutPod, endNoun, hasEndedIt, isNear, type PodEnd } from './question.ts'
import { CLOCK_SLACK_NS } from './resolve.ts'

/** Events of a pod that say something of its connections, beside those that tell it to stop. */
const OF_PODS: ReadonlySet<string> = new Set([
  'Unhealthy',
  'BackOff',
  'Failed',
  'FailedPostStartHook',
  'FailedPreStopHook',
  'NetworkNotReady',
  'FailedCreatePodSandBox',
  'SandboxChanged',
  'NodeNotReady',
])

/** Events of a node that say something of its pods. */
const OF_NODES: ReadonlySet<string> = new Set([
  'NodeNotReady',
  'NodeNotSchedulable',
  'Rebooted',
  'Shutdown',
  'NodeShutdown',
  'OOMKilling',
  'SystemOOM',
  'EvictionThresholdMet',
])

/** A node counts as lost only when it has said nothing for this long (node-monitor-grace-period). */
const NODE_GRACE_NS = 60e9

/** What was heard of a pod and its node around the end of the connection. */
export function eventStatements(at: PodEnd): ClusterStatement[] {
  const own = at.events.own.filter(({ reason }) => OF_PODS.has(reason))
  const node = at.events.node.filter(({ reason }) => OF_NODES.has(reason))
  return [
    ...own.flatMap((event) => eventStatement(at, event) ?? []),
    ...node.flatMap((event) => eventStatement(at, event) ?? []),
    ...nodeStatement(at),
  ]
}

/** The node's own condition outlives the event about it. */
function nodeStatement(at: PodEnd): ClusterStatement[] {
  const { end, question, pod, events } = at
  const since = events.nodeLostAt
  if (since === null || !(isNear(since, end) || isNodeLoss('NodeNotReady', since, at))) return []
  const lost = isNodeLoss('NodeNotReady', since, at)
  return [
    {
      ...aboutPod(at, {
        fact: 'node-lost',
        text: `node ${pod.node} is not Ready since ${clockText(since, end.end.from)}, ${apartText(since, end.end, endNoun(question))}`,
        relation: lost ? 'explains' : 'coincident',
        confidence: lost ? 'probable' : 'unclear',
      }),
      object: `Node ${pod.node}`,
    },
  ]
}

function eventStatement(at: PodEnd, event: ClusterEvent): ClusterStatement | null {
  const { end, question } = at
  const moment = nearest(event, at)
  const spans = event.count > 2 && spansEnd(event, at)
  const lost = isNodeLoss(event.reason, event.last, at)
  if (!isNear(moment, end) && !spans && !lost) return null
  const said = quoted(event)
  const when =
    isNear(moment, end) || lost
      ? `at ${clockText(moment, end.end.from)}, ${apartText(moment, end.end, endNoun(question))}`
      : ''
  const statement = aboutPod(at, {
    fact: factOf(event),
    text: `event ${event.reason} of ${subjectOf(event, at)}${said}${when === '' ? '' : `, ${when}`}${countText(event, at)}`,
    ...weight(at, event, lost),
  })
  return event.kind === 'Node' ? { ...statement, object: `Node ${event.name}` } : statement
}

function subjectOf(event: ClusterEvent, { pod }: PodEnd): string {
  if (event.kind === 'Node') return `node ${event.name}`
  return event.container === null ? podName(pod) : `container ${event.container} of ${podName(pod)}`
}

/** Of an event that stands for many, the one of its two known occurrences that is nearer. */
function nearest({ first, last }: ClusterEvent, { end }: PodEnd): Moment {
  const before = Math.abs(apartNs(first, end.end))
  return before < Math.abs(apartNs(last, end.end)) ? first : last
}

function spansEnd({ first, last }: ClusterEvent, { end }: PodEnd): boolean {
  return first.ns < end.end.from && last.ns > end.end.to
}

/** Silence begins up to a minute before anybody calls the node lost. */
function isNodeLoss(reason: string, last: Moment, { end, question }: PodEnd): boolean {
  const isSilent = question.how === 'silent' || question.how === 'no-answer'
  if (reason !== 'NodeNotReady' || !isSilent) return false
  const apart = apartNs(last, end.end)
  return apart >= -NODE_GRACE_NS && apart <= NODE_GRACE_NS + CLOCK_SLACK_NS
}

function factOf({ reason }: ClusterEvent): ClusterStatement['fact'] {
  if (reason === 'Unhealthy') return 'probe-failed'
  return reason === 'NodeNotReady' || reason === 'Rebooted' ? 'node-lost' : 'other-event'
}

function weight(
  at: PodEnd,
  { reason, container }: ClusterEvent,
  lost: boolean,
): Pick<ClusterStatement, 'relation' | 'confidence'> {
  if (lost) return { relation: 'explains', confidence: 'probable' }
  // A probe that fails says that the process answers nobody, not that it ended this connection.
  const concerned = container === null || container === at.application?.name
  const { how } = at.question
  const isUpstream = at.side === 'upstream' && concerned
  const fits = how === 'refused' || how === 'no-answer' || how === 'silent' || hasEndedIt(at)
  return reason === 'Unhealthy' && isUpstream && fits
    ? { relation: 'explains', confidence: 'unclear' }
    : { relation: 'coincident', confidence: 'unclear' }
}

/** What stands for many says when it happened first and last, and not when in between. */
function countText({ first, last, count }: ClusterEvent, { end }: PodEnd): string {
  if (count < 2) return ''
  const near = end.end.from
  return ` (one of ${count} from ${clockText(first, near)} to ${clockText(last, near)}${count > 2 ? ': when the others were is not in the list' : ''})`
}
