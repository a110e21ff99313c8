import type { ClusterStatement, ConnectionQuestion } from '../../model/cluster.ts'
import { podName } from './listeners.ts'
import {
  type NetworkPolicy,
  type PolicyAnswer,
  type PolicyEnd,
  policyAnswer,
} from './network-policy.ts'
import type { Pod } from './pods.ts'
import type { ClusterObjects } from './read-objects.ts'
import { portNameOf } from './service-statements.ts'

/** What else filters packets and is not evaluated here. */
const OTHER_POLICIES = [
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'GlobalNetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
]

/** What NetworkPolicies say of a SYN that vanished or was rejected: egress of the caller, ingress of the called. */
export function policyStatements(
  objects: ClusterObjects,
  question: ConnectionQuestion,
  client: Pod | null,
  targets: readonly { pod: Pod; port: number }[],
): ClusterStatement[] {
  const { how } = question
  const isStopped = how === 'no-answer' || how === 'rejected' || how === 'silent'
  if (!isStopped || objects.networkPolicies.length === 0) return []
  const [target] = targets
  const about = {
    source: endOf(client, question.client.address),
    target: endOf(target?.pod ?? null, question.upstream.address),
    port: target?.port ?? question.upstream.port,
    portName: target === undefined ? null : portNameOf(target.pod, target.port),
    namespaces: objects.namespaces,
  }
  const { networkPolicies } = objects
  const answers = (['egress', 'ingress'] as const).flatMap((direction) => {
    // What a policy does to pods in their node's network is not defined.
    const subject = direction === 'ingress' ? target?.pod : client
    if (subject == null || subject.hostNetwork) return []
    const fromNode =
      direction === 'ingress' && subject.hostAddresses.includes(question.client.address)
    // A pod's own node always gets through: kubelet probes.
    if (fromNode) return []
    return policyAnswer(networkPolicies, direction, about) ?? []
  })
  // What one direction allows does not help where the other does not.
  const denied = answers.filter(({ verdict }) => verdict === 'denied')
  const telling = denied.length > 0 ? denied : answers
  const others = OTHER_POLICIES.filter((kind) => objects.counts.has(kind))
  return telling.map((answer) =>
    statementOf(answer, question, client, target?.pod ?? null, about.port, others),
  )
}

function endOf(pod: Pod | null, address: string): PolicyEnd {
  return { pod, addresses: pod === null ? [address] : [...new Set([address, ...pod.addresses])] }
}

function statementOf(
  answer: PolicyAnswer,
  question: ConnectionQuestion,
  client: Pod | null,
  target: Pod | null,
  port: number,
  others: string[],
): ClusterStatement {
  const isIngress = answer.direction === 'ingress'
  const subject = podName((isIngress ? target : client)!)
  const peer = isIngress ? client : target
  const peerName =
    peer === null ? (isIngress ? question.client : question.upstream).address : podName(peer)
  const what = isIngress ? `TCP ${port} from ${peerName}` : `TCP ${port} to ${peerName}`
  const names = namesOf(answer.policies)
  const many = answer.policies.length > 1
  const side = isIngress ? 'upstream' : 'client'
  const first = answer.policies[0]
  const object =
    first === undefined ? `Pod ${subject}` : `NetworkPolicy ${first.namespace}/${first.name}`
  const next =
    first === undefined
      ? null
      : `kubectl -n ${first.namespace} describe networkpolicy ${first.name}`
  const base = { side, object, next } as const
  switch (answer.verdict) {
    case 'denied':
      return {
        ...base,
        fact: 'policy-denies',
        text: `${names} ${many ? 'select' : 'selects'} ${subject} and ${many ? 'do' : 'does'} not allow ${what} (${answer.direction})`,
        relation: 'explains',
        confidence: question.how === 'silent' ? 'unclear' : 'probable',
      }
    case 'allowed':
      return {
        ...base,
        fact: 'policy-allows',
        text: `${names} ${many ? 'select' : 'selects'} ${subject} and ${many ? 'allow' : 'allows'} ${what} (${answer.direction})`,
        relation: 'against',
        confidence: 'probable',
      }
    case 'unknown':
      return {
        ...base,
        fact: 'policy-unknown',
        text: `${names} may concern ${subject}: whether ${what} is allowed depends on labels that the lists do not hold (namespaces, or a peer that is no pod of the lists)`,
        relation: 'coincident',
        confidence: 'unclear',
      }
    case 'none': {
      const also = others.length === 0 ? '' : `; ${others.join(', ')} were not evaluated`
      return {
        ...base,
        fact: 'policy-silent',
        text: `no NetworkPolicy of the lists selects ${subject} for ${answer.direction}${also}`,
        relation: 'against',
        confidence: others.length === 0 ? 'probable' : 'unclear',
      }
    }
  }
}

const MOST_NAMED = 4

function namesOf(policies: readonly NetworkPolicy[]): string {
  const named = policies
    .map(({ namespace, name }) => `${namespace}/${name}`)
    .sort()
    .slice(0, MOST_NAMED)
  const more = policies.length - named.length
  const noun = policies.length === 1 ? 'NetworkPolicy' : 'NetworkPolicies'
  return `${noun} ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
