import type { Fields } from './fields.ts'

export interface ServicePort {
  name: string | null
  port: number
  /** By number, or by the name that a container gives it. */
  targetPort: number | string
  nodePort: number | null
  protocol: string
}

export interface Service {
  namespace: string
  name: string
  clusterAddresses: string[]
  /** External addresses and those of the load balancer. */
  outerAddresses: string[]
  ports: ServicePort[]
  /** Null: none, its endpoints are made by hand. */
  selector: ReadonlyMap<string, string> | null
}

/** One address that a Service sends to. */
export interface ServiceEndpoint {
  /** Of the Service. */
  namespace: string
  service: string
  address: string
  ports: { name: string | null; port: number | null }[]
  isReady: boolean
  isTerminating: boolean
  pod: string | null
}

export function readService(object: Fields, namespace: string, name: string): Service {
  const spec = object.object('spec')
  const selector = spec.labels('selector')
  const balancer = object.object('status').object('loadBalancer').objects('ingress')
  const first = spec.address('clusterIP')
  return {
    namespace,
    name,
    clusterAddresses: [
      ...new Set([...(first === null ? [] : [first]), ...spec.addresses('clusterIPs')]),
    ],
    outerAddresses: [
      ...spec.addresses('externalIPs'),
      ...balancer.flatMap((ingress) => ingress.address('ip') ?? []),
    ],
    ports: spec.objects('ports').flatMap(servicePort),
    selector: selector.size === 0 ? null : selector,
  }
}

function servicePort(fields: Fields): ServicePort[] {
  const port = fields.integer('port')
  if (port === null) return []
  const name = fields.port('name')
  return [
    {
      name: typeof name === 'string' ? name : null,
      port,
      targetPort: fields.port('targetPort') ?? port,
      nodePort: fields.integer('nodePort'),
      protocol: fields.word('protocol') ?? 'TCP',
    },
  ]
}

/** The endpoints of a `discovery.k8s.io` EndpointSlice. */
export function readEndpointSlice(object: Fields, namespace: string): ServiceEndpoint[] {
  const service = object.object('metadata').object('labels').name('kubernetes.io/service-name')
  if (service === null) return []
  const ports = object.objects('ports').map(endpointPort)
  return object.objects('endpoints').flatMap((endpoint) => {
    const conditions = endpoint.object('conditions')
    const about = {
      namespace,
      service,
      ports,
      // Absent means ready (discovery.k8s.io/v1).
      isReady: conditions.flag('ready') ?? true,
      isTerminating: conditions.flag('terminating') ?? false,
      pod: targetPod(endpoint),
    }
    return endpoint.addresses('addresses').map((address) => ({ ...about, address }))
  })
}

/** The endpoints of a core/v1 Endpoints object, which has the name of its Service. */
export function readEndpoints(object: Fields, namespace: string, name: string): ServiceEndpoint[] {
  return object.objects('subsets').flatMap((subset) => {
    const ports = subset.objects('ports').map(endpointPort)
    const of = (key: string, isReady: boolean) =>
      subset.objects(key).flatMap((entry) => {
        const address = entry.address('ip')
        if (address === null) return []
        const pod = targetPod(entry)
        return [{ namespace, service: name, address, ports, isReady, isTerminating: false, pod }]
      })
    return [...of('addresses', true), ...of('notReadyAddresses', false)]
  })
}

function endpointPort(fields: Fields): { name: string | null; port: number | null } {
  const name = fields.port('name')
  return { name: typeof name === 'string' ? name : null, port: fields.integer('port') }
}

function targetPod(endpoint: Fields): string | null {
  const target = endpoint.object('targetRef')
  return target.word('kind') === 'Pod' ? target.name('name') : null
}
