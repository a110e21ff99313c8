import type { ClusterStatement, ConnectionQuestion, EndQuestion } from '../../model/cluster.ts'
import type { Side } from '../../model/connection.ts'
import type { ClusterEvent } from './events.ts'
import { isProxy, listenerOf, podName, sidecarOf } from './listeners.ts'
import { apartNs, type Moment } from './moment.ts'
import type { Container, Pod } from './pods.ts'
import { CLOCK_SLACK_NS } from './resolve.ts'

/** One end of the connection asked about, and the pod that was there when it ended. */
export interface PodEnd {
  side: Side
  end: EndQuestion
  question: ConnectionQuestion
  pod: Pod
  /** Whose socket it is on the pod's address: the mesh proxy's where it takes the port over. */
  owner: Container | null
  /** What listens on that port, or the application that called. */
  application: Container | null
  /** Events about the pod, and about its node. */
  events: PodEvents
}

export interface PodEvents {
  own: readonly ClusterEvent[]
  node: readonly ClusterEvent[]
  /** Since when its node has not been Ready; null where it is, or is not listed. */
  nodeLostAt: Moment | null
}

export function podEnd(
  side: Side,
  question: ConnectionQuestion,
  pod: Pod,
  events: PodEvents,
): PodEnd {
  const end = question[side]
  const application = side === 'upstream' ? listenerOf(pod, end.port) : onlyApplication(pod)
  const proxy = pod.containers.find(isProxy)
  const isTaken = proxy !== undefined && takesOver(pod, side, question)
  const owner = isTaken ? proxy : application
  return { side, end, question, pod, application, owner, events }
}

/** Addresses that a pod calls itself by: 127.0.0.6 is the source of a sidecar's connections to its application. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address === '::6'
}

function onlyApplication(pod: Pod): Container | null {
  const others = pod.containers.filter((one) => !isProxy(one) && (!one.isInit || one.isSidecar))
  return others.length === 1 ? others[0]! : null
}

/** Does `istio-proxy` in this pod end such connections (its iptables rules, by their annotations)? */
export function takesOver(pod: Pod, side: Side, question: ConnectionQuestion): boolean {
  if (sidecarOf(pod) !== 'istio-proxy') return false
  // Between an application and its own sidecar, the one that has no address of its own is the sidecar.
  if (isLoopback(question.client.address) || isLoopback(question.upstream.address)) {
    return isLoopback(question[side].address)
  }
  const { inbound, outboundExcluded } = pod.interception
  if (side === 'client') return !outboundExcluded.has(question.called.port)
  const { port } = question.upstream
  return 'only' in inbound ? inbound.only.has(port) : !inbound.allBut.has(port)
}

/** Near enough to be worth a word. */
const BEFORE_NS = 60e9
const AFTER_NS = 5e9

export function isNear(moment: Moment, { end }: EndQuestion): boolean {
  const apart = apartNs(moment, end)
  return apart >= -BEFORE_NS - CLOCK_SLACK_NS && apart <= AFTER_NS + CLOCK_SLACK_NS
}

/** As close as whole seconds and two clocks can say. */
export function isSameMoment(moment: Moment, { end }: EndQuestion): boolean {
  return Math.abs(apartNs(moment, end)) <= CLOCK_SLACK_NS
}

/** What times in sentences are told from. */
export function endNoun({ how }: ConnectionQuestion): string {
  switch (how) {
    case 'refused':
    case 'icmp-refused':
    case 'rejected':
      return 'the SYN'
    case 'no-answer':
      return 'the SYNs'
    case 'silent':
      return 'the silence'
    case 'closed':
      return 'the end'
  }
}

export function hasEndedIt({ side, question }: PodEnd): boolean {
  return question.endedBy === side
}

/** A statement about a pod. */
export function aboutPod(
  { pod, side }: PodEnd,
  statement: Pick<ClusterStatement, 'fact' | 'text' | 'relation' | 'confidence'> & {
    next?: string
  },
): ClusterStatement {
  return { side, object: `Pod ${podName(pod)}`, next: null, ...statement }
}
