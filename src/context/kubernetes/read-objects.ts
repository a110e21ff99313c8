import { type ClusterEvent, readEvent } from './events.ts'
import { Fields, isObject } from './fields.ts'
import {
  type DestinationRule,
  type OutboundPolicy,
  type PeerAuthentication,
  ROOT_NAMESPACE,
  readDestinationRule,
  readMeshConfig,
  readPeerAuthentication,
  readServiceEntry,
  readSidecar,
  type ServiceEntry,
} from './mesh-policy.ts'
import { type NetworkPolicy, readNetworkPolicy } from './network-policy.ts'
import { type ClusterNode, readNode } from './nodes.ts'
import { mergedPod, type Pod, readPod } from './pods.ts'
import type { Problems } from './problems.ts'
import {
  readEndpointSlice,
  readEndpoints,
  readService,
  type Service,
  type ServiceEndpoint,
} from './services.ts'

/** Everything that the lists say and that is used. */
export interface ClusterObjects {
  pods: Pod[]
  services: Service[]
  endpoints: ServiceEndpoint[]
  nodes: ClusterNode[]
  events: ClusterEvent[]
  /** Labels by name. */
  namespaces: Map<string, ReadonlyMap<string, string>>
  networkPolicies: NetworkPolicy[]
  peerAuthentications: PeerAuthentication[]
  destinationRules: DestinationRule[]
  serviceEntries: ServiceEntry[]
  outboundPolicies: OutboundPolicy[]
  /** Objects by kind, those that are not used too. */
  counts: Map<string, number>
}

type Reader = (object: Fields, namespace: string, name: string, into: ObjectCollector) => void

/** By `group/kind`; the version within a group does not change these fields. */
const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['/Pod', (o, ns, name, into) => into.addPod(readPod(o, ns, name))],
  ['/Service', (o, ns, name, into) => into.services.set(`${ns}/${name}`, readService(o, ns, name))],
  [
    '/Endpoints',
    (o, ns, name, into) => into.legacy.set(`${ns}/${name}`, readEndpoints(o, ns, name)),
  ],
  [
    'discovery.k8s.io/EndpointSlice',
    (o, ns, name, into) => into.slices.set(`${ns}/${name}`, readEndpointSlice(o, ns)),
  ],
  ['/Node', (o, _, name, into) => into.nodes.set(name, readNode(o, name))],
  [
    '/Namespace',
    (o, _, name, into) => into.namespaces.set(name, o.object('metadata').labels('labels')),
  ],
  ['/Event', (o, ns, name, into) => into.addEvent(o, ns, name)],
  ['events.k8s.io/Event', (o, ns, name, into) => into.addEvent(o, ns, name)],
  [
    'networking.k8s.io/NetworkPolicy',
    (o, ns, name, into) => into.policies.set(`${ns}/${name}`, readNetworkPolicy(o, ns, name)),
  ],
  [
    'security.istio.io/PeerAuthentication',
    (o, ns, name, into) => into.mtls.set(`${ns}/${name}`, readPeerAuthentication(o, ns, name)),
  ],
  [
    'networking.istio.io/DestinationRule',
    (o, ns, name, into) => {
      const rule = readDestinationRule(o, ns, name)
      if (rule !== null) into.rules.set(`${ns}/${name}`, rule)
    },
  ],
  [
    'networking.istio.io/Sidecar',
    (o, ns, name, into) => into.addOutbound(`${ns}/${name}`, readSidecar(o, ns, name)),
  ],
  [
    '/ConfigMap',
    (o, ns, name, into) => {
      if (ns === ROOT_NAMESPACE && name === 'istio') {
        into.addOutbound(`${ns}/${name}`, readMeshConfig(o, name))
      }
    },
  ],
  [
    'networking.istio.io/ServiceEntry',
    (o, ns, name, into) => into.entries.set(`${ns}/${name}`, readServiceEntry(o, ns, name)),
  ],
])

/** Lists in lists in lists are nobody's. */
const DEEPEST_LIST = 4

/** What the items of a list are, where the list says so. */
interface ListOf {
  kind: string | null
  version: string
  depth: number
}

const NO_LIST: ListOf = { kind: null, version: '', depth: 0 }

const MOST_KINDS = 200

/** Takes documents as they come and keeps one object of each name, the latest; of a pod what all its snapshots know. */
export class ObjectCollector {
  readonly services = new Map<string, Service>()
  readonly slices = new Map<string, ServiceEndpoint[]>()
  readonly legacy = new Map<string, ServiceEndpoint[]>()
  readonly nodes = new Map<string, ClusterNode>()
  readonly namespaces = new Map<string, ReadonlyMap<string, string>>()
  readonly policies = new Map<string, NetworkPolicy>()
  readonly mtls = new Map<string, PeerAuthentication>()
  readonly rules = new Map<string, DestinationRule>()
  readonly entries = new Map<string, ServiceEntry>()
  private readonly outbound = new Map<string, OutboundPolicy>()
  private readonly pods = new Map<string, Pod>()
  private readonly events = new Map<string, ClusterEvent>()
  private readonly counts = new Map<string, number>()
  private readonly problems: Problems

  constructor(problems: Problems) {
    this.problems = problems
  }

  /** An object, a list of objects (`List`, `PodList`), or an array of either. */
  add(document: unknown): void {
    this.addFrom(document, NO_LIST)
  }

  private addFrom(document: unknown, list: ListOf): void {
    if (Array.isArray(document) && list.depth < DEEPEST_LIST) {
      for (const item of document) this.addFrom(item, { ...list, depth: list.depth + 1 })
      return
    }
    if (!isObject(document)) {
      this.problems.note('not-kubernetes', 'a JSON value that is no object')
      return
    }
    const fields = new Fields(document, 'object', this.problems)
    // Items of a typed list (PodList) need not say again what they are.
    const kind = fields.word('kind') ?? list.kind
    const version = fields.text('apiVersion') ?? list.version
    const items = Object.hasOwn(document, 'items') ? document.items : undefined
    if (!Array.isArray(items) || list.depth >= DEEPEST_LIST || kind?.endsWith('List') === false) {
      this.addObject(document, kind, version)
      return
    }
    const each = kind === null || kind === 'List' ? null : kind.slice(0, -'List'.length)
    const inner = { kind: each, version: each === null ? '' : version, depth: list.depth + 1 }
    for (const item of items) this.addFrom(item, inner)
  }

  private addObject(document: Record<string, unknown>, kind: string | null, version: string): void {
    if (kind === null || !isObject(document.metadata)) {
      this.problems.note('not-kubernetes', 'a JSON object without kind or metadata')
      return
    }
    const group = version.includes('/') ? version.slice(0, version.indexOf('/')) : ''
    const read = READERS.get(`${group}/${kind}`)
    this.count(kind)
    if (read === undefined) return
    const object = new Fields(document, kind, this.problems)
    const metadata = object.object('metadata')
    const name = metadata.name('name')
    const namespace = metadata.name('namespace')
    if (name === null) {
      this.problems.note('bad-name', `${kind} without a name that Kubernetes accepts`)
      return
    }
    read(object, namespace ?? 'default', name, this)
  }

  addPod(pod: Pod): void {
    const key = pod.uid ?? `${pod.namespace}/${pod.name}`
    const known = this.pods.get(key)
    this.pods.set(key, known === undefined ? pod : mergedPod(known, pod))
  }

  addOutbound(key: string, policy: OutboundPolicy | null): void {
    if (policy !== null) this.outbound.set(key, policy)
  }

  addEvent(object: Fields, namespace: string, name: string): void {
    const event = readEvent(object)
    if (event === null) {
      this.problems.note('not-kubernetes', 'an Event without object, reason or time')
      return
    }
    // An older snapshot of an event knows less of it.
    const key = `${namespace}/${name}`
    const known = this.events.get(key)
    if (known === undefined || known.last.ns <= event.last.ns) this.events.set(key, event)
  }

  result(): ClusterObjects {
    // Endpoints mirror what EndpointSlices say, as of their own moment.
    const sliced = [...this.slices.values()].flat()
    const known = new Set(sliced.map(({ namespace, service }) => `${namespace}/${service}`))
    const legacy = [...this.legacy].filter(([key]) => !known.has(key)).flatMap(([, all]) => all)
    return {
      pods: [...this.pods.values()],
      services: [...this.services.values()],
      endpoints: [...sliced, ...legacy],
      nodes: [...this.nodes.values()],
      events: [...this.events.values()],
      namespaces: this.namespaces,
      networkPolicies: [...this.policies.values()],
      peerAuthentications: [...this.mtls.values()],
      destinationRules: [...this.rules.values()],
      serviceEntries: [...this.entries.values()],
      outboundPolicies: [...this.outbound.values()],
      counts: this.counts,
    }
  }

  private count(kind: string): void {
    const key = this.counts.has(kind) || this.counts.size < MOST_KINDS ? kind : 'other'
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1)
  }
}
