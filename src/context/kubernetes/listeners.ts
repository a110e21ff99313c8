import type { Workload } from '../../model/report.ts'
import type { Container, Pod } from './pods.ts'
import type { ServicePort } from './services.ts'

export function podName(pod: Pod): string {
  return `${pod.namespace}/${pod.name}`
}

/** The mesh proxy beside a pod's application. */
export function sidecarOf(pod: Pod): Workload['sidecar'] {
  if (pod.containers.some(isProxy)) return 'istio-proxy'
  if (pod.isAmbient) return 'ambient'
  return pod.containers.length === 0 ? 'unknown' : 'none'
}

/** A container of its own, or a native sidecar; not the init container that only sets up iptables. */
export function isProxy({ name, isInit, isSidecar }: Container): boolean {
  return name === 'istio-proxy' && (!isInit || isSidecar)
}

/** The container that declares the port; else the only one that could listen. */
export function listenerOf(pod: Pod, port: number): Container | null {
  const running = pod.containers.filter(({ isInit, isSidecar }) => !isInit || isSidecar)
  const declared = running.find(({ ports }) =>
    ports.some((one) => one.port === port && one.protocol === 'TCP'),
  )
  if (declared !== undefined) return declared
  const proxy = running.find(isProxy)
  if (proxy !== undefined && PROXY_PORTS.has(port)) return proxy
  const others = running.filter((container) => !isProxy(container))
  return others.length === 1 ? others[0]! : null
}

/** Ports of Istio's own proxy (istio.io, "Ports used by Istio"). */
const PROXY_PORTS: ReadonlySet<number> = new Set([
  15000, 15001, 15004, 15006, 15008, 15020, 15021, 15053, 15090,
])

/** The port of this pod that a Service's port leads to; null where the pod has none of that name. */
export function targetPortIn(pod: Pod, { targetPort }: ServicePort): number | null {
  if (typeof targetPort === 'number') return targetPort
  for (const { ports } of pod.containers) {
    const port = ports.find(({ name }) => name === targetPort)
    if (port !== undefined) return port.port
  }
  return null
}
