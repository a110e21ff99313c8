import type { Workload } from '../../model/report.ts'
import { normalAddress } from './address.ts'
import { listenerOf, podName, sidecarOf, targetPortIn } from './listeners.ts'
import { clockText, type Moment, reportTime } from './moment.ts'
import { endOf, type Pod } from './pods.ts'
import type { ClusterObjects } from './read-objects.ts'
import type { Service, ServiceEndpoint, ServicePort } from './services.ts'

/** A pod's hold of its address, from its start until its last container ended or another pod has it. */
export interface Holder {
  pod: Pod
  from: Moment | null
  /** Null: still its own. */
  until: Moment | null
}

/** A Service by one of its own addresses or node ports. */
export interface ServiceHit {
  service: Service
  /** Null: it has no such port. */
  port: ServicePort | null
  by: 'cluster IP' | 'external IP' | 'node port'
}

/** A pod that had the address at some moment, or why none of those that have had it did. */
export interface HolderHit {
  holder: Holder | null
  /** Started only afterwards. */
  later: Holder | null
  /** Finished before. */
  earlier: Holder | null
}

/** Clocks of a cluster's hosts agree to this; list times are in whole seconds. */
export const CLOCK_SLACK_NS = 1e9

/** Finds what an address meant. */
export class AddressBook {
  private readonly holders = new Map<string, Holder[]>()
  private readonly onHost = new Map<string, Pod[]>()
  private readonly nodeNames = new Map<string, string>()
  private readonly services = new Map<string, Service[]>()
  private readonly byNodePort = new Map<number, { service: Service; port: ServicePort }>()
  private readonly endpoints = new Map<string, ServiceEndpoint[]>()
  private readonly podsIn = new Map<string, Pod[]>()
  private readonly servicesIn = new Map<string, Service[]>()
  /** Found once: every connection of a pod asks again. */
  private readonly servicesOf = new Map<Pod, Map<number, Service>>()
  private readonly selectedBy = new Map<Service, Pod[]>()

  constructor(objects: ClusterObjects) {
    for (const pod of objects.pods) this.addPod(pod)
    for (const service of objects.services) push(this.servicesIn, service.namespace, service)
    for (const { name, addresses } of objects.nodes) {
      for (const address of addresses) this.nodeNames.set(address, name)
    }
    for (const service of objects.services) {
      for (const address of [...service.clusterAddresses, ...service.outerAddresses]) {
        push(this.services, address, service)
      }
      for (const port of service.ports) {
        if (port.nodePort) this.byNodePort.set(port.nodePort, { service, port })
      }
    }
    for (const list of this.holders.values()) endAtSuccessor(list)
    for (const endpoint of objects.endpoints) push(this.endpoints, endpoint.address, endpoint)
  }

  private addPod(pod: Pod): void {
    push(this.podsIn, pod.namespace, pod)
    for (const address of pod.hostAddresses) {
      push(this.onHost, address, pod)
      if (pod.node !== null) this.nodeNames.set(address, pod.node)
    }
    if (pod.hostNetwork) return
    const holder = { pod, from: pod.startTime, until: endOf(pod) }
    for (const address of pod.addresses) push(this.holders, address, holder)
  }

  /** The pod whose own address it was at that moment. */
  holderAt(address: string, timeNs: number): HolderHit {
    const all = this.holders.get(normalAddress(address) ?? '') ?? []
    const hit: HolderHit = { holder: null, later: null, earlier: null }
    for (const holder of all) {
      if (holder.from !== null && holder.from.ns - CLOCK_SLACK_NS > timeNs) hit.later ??= holder
      else if (holder.until !== null && ended(holder.until) < timeNs) hit.earlier = holder
      // Where one takes over from another within a second, the later one.
      else hit.holder = holder
    }
    return hit
  }

  /** A pod in its node's network, or behind one of the node's ports. */
  podOnHost(address: string, port: number, timeNs: number): Pod | null {
    const pods = this.onHost.get(normalAddress(address) ?? '') ?? []
    return (
      pods.find((pod) => {
        const has = pod.containers.some(({ ports }) =>
          ports.some((one) => (pod.hostNetwork ? one.port : one.hostPort) === port),
        )
        return has && isAlive(pod, timeNs)
      }) ?? null
    )
  }

  nodeAt(address: string): string | null {
    return this.nodeNames.get(normalAddress(address) ?? '') ?? null
  }

  serviceAt(address: string, port: number): ServiceHit | null {
    const normal = normalAddress(address) ?? ''
    const services = this.services.get(normal) ?? []
    // Several Services may share an external address, each with ports of its own.
    for (const service of services) {
      const found = service.ports.find((one) => one.port === port && one.protocol === 'TCP')
      if (found) return { service, port: found, by: kindOf(service, normal) }
    }
    const first = services[0]
    if (first !== undefined) return { service: first, port: null, by: kindOf(first, normal) }
    const byNode = this.nodeNames.has(normal) ? this.byNodePort.get(port) : undefined
    return byNode === undefined ? null : { ...byNode, by: 'node port' }
  }

  /** The Service that sends to this port of a pod, by its endpoints, else by its selector. */
  serviceOf(pod: Pod, port: number): Service | null {
    let byPort = this.servicesOf.get(pod)
    if (byPort === undefined) {
      byPort = this.servicesByPort(pod)
      this.servicesOf.set(pod, byPort)
    }
    return byPort.get(port) ?? null
  }

  private servicesByPort(pod: Pod): Map<number, Service> {
    const services = this.servicesIn.get(pod.namespace) ?? []
    const byPort = new Map<number, Service>()
    const note = (port: number | null, service: Service) => {
      if (port !== null && !byPort.has(port)) byPort.set(port, service)
    }
    for (const endpoint of pod.addresses.flatMap((address) => this.endpoints.get(address) ?? [])) {
      const service =
        endpoint.namespace === pod.namespace
          ? services.find(({ name }) => name === endpoint.service)
          : undefined
      if (service !== undefined) for (const { port } of endpoint.ports) note(port, service)
    }
    for (const service of services) {
      if (!isSelected(service, pod)) continue
      for (const port of service.ports) note(targetPortIn(pod, port), service)
    }
    return byPort
  }

  /** Pods that a Service sends to at that moment. */
  podsBehind(service: Service, timeNs: number): Pod[] {
    let selected = this.selectedBy.get(service)
    if (selected === undefined) {
      const pods = this.podsIn.get(service.namespace) ?? []
      selected = pods.filter((pod) => isSelected(service, pod))
      this.selectedBy.set(service, selected)
    }
    return selected.filter((pod) => isAlive(pod, timeNs))
  }

  resolve(address: string, port: number, timeNs: number): Workload | null {
    const hit = this.holderAt(address, timeNs)
    if (hit.holder !== null) return this.podWorkload(hit.holder, port, timeNs)
    const service = this.serviceAt(address, port)
    if (service !== null) return this.serviceWorkload(service, timeNs)
    const pod = this.podOnHost(address, port, timeNs)
    if (pod !== null) return this.hostWorkload(pod, port, timeNs)
    const node = this.nodeAt(address)
    if (node !== null) {
      return { ...NOTHING, kind: 'node', name: node, node, basis: 'address of the node' }
    }
    return strangerOf(hit, timeNs) ?? this.endpointWorkload(normalAddress(address) ?? '', port)
  }

  private podWorkload(holder: Holder, port: number, timeNs: number): Workload {
    const { pod, from, until } = holder
    const since = from === null ? '' : ` since ${clockText(from, timeNs)}`
    const to = until === null ? '' : ` until ${clockText(until, timeNs)}`
    return {
      ...this.podFields(pod, port),
      since: from === null ? null : reportTime(from.ns),
      until: until === null ? null : reportTime(until.ns),
      basis: `pod IP${since}${to}`,
    }
  }

  /** A pod that only an EndpointSlice names. */
  private endpointWorkload(address: string, port: number): Workload | null {
    const known = this.endpoints.get(address) ?? []
    const endpoint = known.find((one) => sendsTo(one, port)) ?? known[0]
    if (endpoint === undefined) return null
    const service = `${endpoint.namespace}/${endpoint.service}`
    return {
      ...NOTHING,
      kind: endpoint.pod === null ? 'unknown' : 'pod',
      namespace: endpoint.namespace,
      name: endpoint.pod,
      podName: endpoint.pod,
      service,
      basis: 'endpoint of the Service; since when is not in the lists',
    }
  }

  private hostWorkload(pod: Pod, port: number, timeNs: number): Workload {
    const since = pod.startTime === null ? '' : `, pod since ${clockText(pod.startTime, timeNs)}`
    const by = pod.hostNetwork ? 'port in the network of its node' : 'host port of the pod'
    return {
      ...this.podFields(pod, port),
      since: pod.startTime === null ? null : reportTime(pod.startTime.ns),
      basis: `${by}${since}`,
    }
  }

  private podFields(pod: Pod, port: number): Workload {
    const container = listenerOf(pod, port)
    const service = this.serviceOf(pod, port)
    return {
      ...NOTHING,
      kind: 'pod',
      namespace: pod.namespace,
      name: pod.name,
      podName: pod.name,
      container: container?.name ?? null,
      port: container?.ports.find((one) => one.port === port)?.name ?? null,
      node: pod.node,
      service: service === null ? null : `${service.namespace}/${service.name}`,
      owner: pod.owner,
      sidecar: sidecarOf(pod),
    }
  }

  private serviceWorkload({ service, port, by }: ServiceHit, timeNs: number): Workload {
    const pods = this.podsBehind(service, timeNs)
    const [pod] = pods
    const only = pods.length === 1 && pod !== undefined && port !== null
    const target = only ? targetPortIn(pod, port) : null
    const missing = port === null ? ', which has no such port' : ''
    return {
      ...NOTHING,
      ...(only ? this.podFields(pod, target ?? -1) : {}),
      kind: 'service',
      namespace: service.namespace,
      name: service.name,
      port: port?.name ?? null,
      service: `${service.namespace}/${service.name}`,
      basis: `${by} of the Service${missing}${only ? ', its only pod' : ''}`,
    }
  }
}

const NOTHING: Workload = {
  kind: 'unknown',
  namespace: null,
  name: null,
  podName: null,
  container: null,
  port: null,
  node: null,
  service: null,
  owner: null,
  sidecar: 'unknown',
  since: null,
  until: null,
  basis: '',
}

/** A pod has the address in the lists, but had not at that moment. */
function strangerOf({ later, earlier }: HolderHit, timeNs: number): Workload | null {
  if (later !== null) {
    const basis = `${podName(later.pod)} has this address, and started only at ${clockText(later.from!, timeNs)}: not this pod`
    return { ...NOTHING, basis }
  }
  if (earlier === null) return null
  const basis = `${podName(earlier.pod)} had this address, and had ended at ${clockText(earlier.until!, timeNs)}: not this pod`
  return { ...NOTHING, basis }
}

function isSelected({ selector }: Service, pod: Pod): boolean {
  return selector !== null && [...selector].every(([key, value]) => pod.labels.get(key) === value)
}

function sendsTo({ ports }: ServiceEndpoint, port: number): boolean {
  return ports.some((one) => one.port === port)
}

/** In order of their start. One that no list shows ending ended where the next one has its address. */
function endAtSuccessor(holders: Holder[]): void {
  holders.sort((a, b) => (a.from?.ns ?? 0) - (b.from?.ns ?? 0))
  for (const [i, holder] of holders.entries()) {
    const next = holders[i + 1]?.from ?? null
    if (next !== null && (holder.until === null || holder.until.ns > next.ns)) holder.until = next
  }
}

function isAlive(pod: Pod, timeNs: number): boolean {
  const until = endOf(pod)
  if (pod.startTime !== null && pod.startTime.ns - CLOCK_SLACK_NS > timeNs) return false
  return until === null || ended(until) >= timeNs
}

function ended({ ns, resolutionNs }: Moment): number {
  return ns + resolutionNs + CLOCK_SLACK_NS
}

function kindOf(service: Service, address: string): ServiceHit['by'] {
  return service.clusterAddresses.includes(address) ? 'cluster IP' : 'external IP'
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, [value])
  else known.push(value)
}
