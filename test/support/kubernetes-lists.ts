/** Objects as `kubectl get … -o json` writes them: the fields that say something, in their own words. */

type Json = Record<string, unknown>

export interface PodOptions {
  namespace?: string
  name?: string
  uid?: string
  ip?: string
  ips?: string[]
  hostIp?: string
  node?: string
  hostNetwork?: boolean
  labels?: Record<string, string>
  annotations?: Record<string, string>
  owner?: [kind: string, name: string]
  started?: string
  phase?: string
  reason?: string
  grace?: number
  /** `deletionTimestamp`: when grace expires. */
  deleted?: { expires: string; grace: number }
  ready?: [status: boolean, since: string]
  containers?: ContainerOptions[]
  version?: number
}

export interface ContainerOptions {
  name?: string
  ports?: { port: number; name?: string; hostPort?: number; protocol?: string }[]
  /** A native sidecar: an init container that is restarted always. */
  nativeSidecar?: boolean
  init?: boolean
  runningSince?: string
  waiting?: string
  restarts?: number
  /** State or last state, whichever is free. */
  ended?: { reason?: string; exit?: number; started?: string; at: string; now?: boolean }
}

export function pod(options: PodOptions = {}): Json {
  const containers = options.containers ?? [{}]
  const isInit = (one: ContainerOptions) => one.nativeSidecar === true || one.init === true
  const specs = (some: ContainerOptions[]) => some.map(containerSpec)
  const statuses = (some: ContainerOptions[]) => some.map(containerStatus)
  const name = options.name ?? 'cart-7d9f6b8c5d-x2x7q'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: options.namespace ?? 'shop',
      name,
      uid: options.uid ?? `uid-of-${options.namespace ?? 'shop'}-${name}`,
      resourceVersion: String(options.version ?? 1),
      labels: options.labels ?? { app: 'cart' },
      annotations: options.annotations ?? {},
      creationTimestamp: options.started ?? '2026-03-17T08:00:00Z',
      ...(options.owner === undefined
        ? {}
        : {
            ownerReferences: [{ kind: options.owner[0], name: options.owner[1], controller: true }],
          }),
      ...(options.deleted === undefined
        ? {}
        : {
            deletionTimestamp: options.deleted.expires,
            deletionGracePeriodSeconds: options.deleted.grace,
          }),
    },
    spec: {
      nodeName: options.node ?? 'n1',
      hostNetwork: options.hostNetwork ?? false,
      terminationGracePeriodSeconds: options.grace ?? 30,
      containers: specs(containers.filter((one) => !isInit(one))),
      initContainers: specs(containers.filter(isInit)),
    },
    status: {
      phase: options.phase ?? 'Running',
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      podIP: options.ip ?? '10.42.7.5',
      podIPs: [options.ip ?? '10.42.7.5', ...(options.ips ?? [])].map((ip) => ({ ip })),
      hostIP: options.hostIp ?? '10.0.0.1',
      hostIPs: [{ ip: options.hostIp ?? '10.0.0.1' }],
      startTime: options.started ?? '2026-03-17T08:00:00Z',
      conditions: [
        {
          type: 'Ready',
          status: (options.ready?.[0] ?? true) ? 'True' : 'False',
          lastTransitionTime: options.ready?.[1] ?? '2026-03-17T08:00:05Z',
        },
      ],
      containerStatuses: statuses(containers.filter((one) => !isInit(one))),
      initContainerStatuses: statuses(containers.filter(isInit)),
    },
  }
}

function containerSpec({ name = 'app', ports, nativeSidecar }: ContainerOptions): Json {
  return {
    name,
    ...(nativeSidecar ? { restartPolicy: 'Always' } : {}),
    ports: (ports ?? []).map(({ port, name: portName, hostPort, protocol }) => ({
      containerPort: port,
      protocol: protocol ?? 'TCP',
      ...(portName === undefined ? {} : { name: portName }),
      ...(hostPort === undefined ? {} : { hostPort }),
    })),
  }
}

function containerStatus(options: ContainerOptions): Json {
  const { name = 'app', ended, waiting } = options
  const terminated =
    ended === undefined
      ? {}
      : {
          terminated: {
            reason: ended.reason ?? 'Error',
            exitCode: ended.exit ?? 1,
            startedAt: ended.started ?? '2026-03-17T08:00:02Z',
            finishedAt: ended.at,
          },
        }
  const running = { running: { startedAt: options.runningSince ?? '2026-03-17T08:00:02Z' } }
  const state = ended?.now ? terminated : waiting ? { waiting: { reason: waiting } } : running
  return {
    name,
    ready: true,
    restartCount: options.restarts ?? (ended === undefined || ended.now ? 0 : 1),
    state,
    lastState: ended?.now ? {} : terminated,
  }
}

export interface ServiceOptions {
  namespace?: string
  name?: string
  ip?: string
  ips?: string[]
  externalIps?: string[]
  balancer?: string[]
  ports?: { port: number; target?: number | string; name?: string; nodePort?: number }[]
  selector?: Record<string, string>
}

export function service(options: ServiceOptions = {}): Json {
  const ip = options.ip ?? '10.96.88.12'
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: options.namespace ?? 'shop', name: options.name ?? 'cart' },
    spec: {
      clusterIP: ip,
      clusterIPs: [ip, ...(options.ips ?? [])],
      externalIPs: options.externalIps ?? [],
      selector: options.selector ?? { app: 'cart' },
      ports: (options.ports ?? [{ port: 8000, target: 9000 }]).map(
        ({ port, target, name, nodePort }) => ({
          port,
          targetPort: target ?? port,
          protocol: 'TCP',
          ...(name === undefined ? {} : { name }),
          ...(nodePort === undefined ? {} : { nodePort }),
        }),
      ),
    },
    status: { loadBalancer: { ingress: (options.balancer ?? []).map((one) => ({ ip: one })) } },
  }
}

export function endpointSlice(
  of: { namespace?: string; service?: string; port?: number },
  endpoints: { ip: string; pod?: string; ready?: boolean }[],
): Json {
  const name = of.service ?? 'cart'
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: of.namespace ?? 'shop',
      name: `${name}-abcde`,
      labels: { 'kubernetes.io/service-name': name },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: of.port ?? 9000, protocol: 'TCP' }],
    endpoints: endpoints.map(({ ip, pod: podName, ready }) => ({
      addresses: [ip],
      conditions: { ready: ready ?? true, serving: ready ?? true, terminating: false },
      ...(podName === undefined
        ? {}
        : { targetRef: { kind: 'Pod', name: podName, namespace: of.namespace ?? 'shop' } }),
    })),
  }
}

export interface EventOptions {
  namespace?: string
  kind?: string
  object?: string
  uid?: string
  container?: string
  reason?: string
  message?: string
  at: string
  first?: string
  count?: number
}

let events = 0

export function event(options: EventOptions): Json {
  const object = options.object ?? 'cart-7d9f6b8c5d-x2x7q'
  events++
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      namespace: options.namespace ?? 'shop',
      name: `${object}.${events.toString(16)}`,
    },
    involvedObject: {
      kind: options.kind ?? 'Pod',
      namespace: options.namespace ?? 'shop',
      name: object,
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.container === undefined
        ? {}
        : { fieldPath: `spec.containers{${options.container}}` }),
    },
    reason: options.reason ?? 'Killing',
    message: options.message ?? 'Stopping container app',
    firstTimestamp: options.first ?? options.at,
    lastTimestamp: options.at,
    count: options.count ?? 1,
    type: 'Normal',
  }
}

export function networkPolicy(name: string, spec: Json, namespace = 'shop'): Json {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name },
    spec,
  }
}

export function peerAuthentication(namespace: string, spec: Json, name = 'default'): Json {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { namespace, name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
  }
}

export function destinationRule(namespace: string, spec: Json, name = 'cart'): Json {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { namespace, name },
    spec,
  }
}

export function list(...items: unknown[]): Json {
  return { apiVersion: 'v1', kind: 'List', items }
}
