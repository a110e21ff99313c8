import { type AddressBlock, addressBlock, isInBlock } from './address.ts'
import type { Fields } from './fields.ts'
import { allOf, anyOf, type Known, type LabelSelector, readSelector, selects } from './selector.ts'

/** networking.k8s.io/v1. */
export interface NetworkPolicy {
  namespace: string
  name: string
  podSelector: LabelSelector
  /** Null: this policy says nothing about that direction. */
  ingress: PolicyRule[] | null
  egress: PolicyRule[] | null
}

interface PolicyRule {
  /** Null: everybody. */
  peers: PolicyPeer[] | null
  /** Null: every port. */
  ports: PolicyPort[] | null
}

type PolicyPeer =
  | { block: AddressBlock; except: AddressBlock[] }
  | { podSelector: LabelSelector | null; namespaceSelector: LabelSelector | null }

interface PolicyPort {
  protocol: string
  port: number | string | null
  endPort: number | null
}

export function readNetworkPolicy(object: Fields, namespace: string, name: string): NetworkPolicy {
  const spec = object.object('spec')
  const types = spec.texts('policyTypes')
  // Without types a policy is about ingress, and about egress where it has such rules.
  const isIngress = types.length === 0 || types.includes('Ingress')
  const isEgress = types.length === 0 ? spec.has('egress') : types.includes('Egress')
  return {
    namespace,
    name,
    podSelector: readSelector(spec.object('podSelector')),
    ingress: isIngress ? spec.objects('ingress').map((rule) => readRule(rule, 'from')) : null,
    egress: isEgress ? spec.objects('egress').map((rule) => readRule(rule, 'to')) : null,
  }
}

function readRule(rule: Fields, key: 'from' | 'to'): PolicyRule {
  const peers = rule.objects(key).flatMap(readPeer)
  const ports = rule.objects('ports').map((port) => ({
    protocol: port.word('protocol') ?? 'TCP',
    port: port.port('port'),
    endPort: port.integer('endPort'),
  }))
  const saysPeers = rule.has(key) && rule.objects(key).length > 0
  return { peers: saysPeers ? peers : null, ports: ports.length > 0 ? ports : null }
}

function readPeer(peer: Fields): PolicyPeer[] {
  if (!peer.has('ipBlock')) {
    const selector = (key: string) => (peer.has(key) ? readSelector(peer.object(key)) : null)
    return [
      { podSelector: selector('podSelector'), namespaceSelector: selector('namespaceSelector') },
    ]
  }
  const fields = peer.object('ipBlock')
  const block = addressBlock(fields.text('cidr') ?? '')
  const except = fields.texts('except').flatMap((text) => addressBlock(text) ?? [])
  return block === null ? [] : [{ block, except }]
}

/** One end of a connection, as policies know it. */
export interface PolicyEnd {
  /** Null: no pod of the lists. */
  pod: { namespace: string; name: string; labels: ReadonlyMap<string, string> } | null
  /** All of its addresses that are known. */
  addresses: readonly string[]
}

export interface PolicyQuestion {
  source: PolicyEnd
  target: PolicyEnd
  /** Of the target pod, and the name it gives it. */
  port: number
  portName: string | null
  /** Labels by namespace; of one that is not there only its name is known. */
  namespaces: ReadonlyMap<string, ReadonlyMap<string, string>>
}

export interface PolicyAnswer {
  direction: 'ingress' | 'egress'
  /** `none`: no policy selects the pod, so all is allowed. */
  verdict: 'allowed' | 'denied' | 'none' | 'unknown'
  /** Those that allow it, or all that select the pod and do not; by name. */
  policies: NetworkPolicy[]
}

/** What all policies together say of one direction: at the target about ingress, at the source about egress. */
export function policyAnswer(
  policies: readonly NetworkPolicy[],
  direction: 'ingress' | 'egress',
  question: PolicyQuestion,
): PolicyAnswer | null {
  const subject = direction === 'ingress' ? question.target : question.source
  const peer = direction === 'ingress' ? question.source : question.target
  const { pod } = subject
  if (pod === null) return null
  const own = policies.filter(
    (policy) => policy.namespace === pod.namespace && policy[direction] !== null,
  )
  const selected = own.filter((policy) => selects(policy.podSelector, pod.labels) === 'yes')
  const doubtful = own.filter((policy) => selects(policy.podSelector, pod.labels) === 'unknown')
  const said = selected.map((policy) => ({
    policy,
    allows: anyOf(policy[direction]!.map((rule) => allows(rule, policy.namespace, peer, question))),
  }))
  const allowing = said.filter(({ allows }) => allows === 'yes')
  if (allowing.length > 0) {
    return { direction, verdict: 'allowed', policies: allowing.map(({ policy }) => policy) }
  }
  if (doubtful.length > 0 || said.some(({ allows }) => allows === 'unknown')) {
    return { direction, verdict: 'unknown', policies: [...selected, ...doubtful] }
  }
  return { direction, verdict: selected.length > 0 ? 'denied' : 'none', policies: selected }
}

function allows(
  rule: PolicyRule,
  namespace: string,
  peer: PolicyEnd,
  question: PolicyQuestion,
): Known {
  const ports = rule.ports === null ? 'yes' : anyOf(rule.ports.map((port) => fits(port, question)))
  const peers =
    rule.peers === null
      ? 'yes'
      : anyOf(rule.peers.map((one) => isPeer(one, namespace, peer, question)))
  return allOf([ports, peers])
}

function fits({ protocol, port, endPort }: PolicyPort, question: PolicyQuestion): Known {
  if (protocol !== 'TCP') return 'no'
  if (port === null) return 'yes'
  if (typeof port === 'string') {
    if (question.target.pod === null) return 'unknown'
    return port === question.portName ? 'yes' : 'no'
  }
  return question.port >= port && question.port <= (endPort ?? port) ? 'yes' : 'no'
}

function isPeer(
  one: PolicyPeer,
  namespace: string,
  peer: PolicyEnd,
  { namespaces }: PolicyQuestion,
): Known {
  if ('block' in one) {
    const inside = peer.addresses.some(
      (address) =>
        isInBlock(one.block, address) && !one.except.some((block) => isInBlock(block, address)),
    )
    return inside ? 'yes' : 'no'
  }
  // An address that no pod of the lists has may still be a pod's.
  if (peer.pod === null) return 'unknown'
  const inNamespace =
    one.namespaceSelector === null
      ? peer.pod.namespace === namespace
        ? 'yes'
        : 'no'
      : selectsNamespace(one.namespaceSelector, peer.pod.namespace, namespaces)
  const isPod = one.podSelector === null ? 'yes' : selects(one.podSelector, peer.pod.labels)
  return allOf([inNamespace, isPod])
}

/** Every namespace carries its own name as a label. */
const NAME_LABEL = 'kubernetes.io/metadata.name'

function selectsNamespace(
  selector: LabelSelector,
  name: string,
  namespaces: PolicyQuestion['namespaces'],
): Known {
  const labels = namespaces.get(name)
  if (labels !== undefined) return selects(selector, labels)
  const byName = selector.requirements.filter(({ key }) => key === NAME_LABEL)
  const known = selects({ requirements: byName }, new Map([[NAME_LABEL, name]]))
  if (known === 'no' || byName.length === selector.requirements.length) return known
  return 'unknown'
}
