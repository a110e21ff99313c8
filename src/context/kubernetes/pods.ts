import type { Fields } from './fields.ts'
import { laterOf, type Moment } from './moment.ts'

export interface ContainerPort {
  name: string | null
  port: number
  hostPort: number | null
  protocol: string
}

/** One end of a container's process. */
export interface Termination {
  reason: string | null
  exitCode: number | null
  startedAt: Moment | null
  finishedAt: Moment
}

export interface Container {
  name: string
  /** A native sidecar is an init container that is restarted always (KEP-753). */
  isInit: boolean
  isSidecar: boolean
  ports: ContainerPort[]
  /** Null where it does not run. */
  runningSince: Moment | null
  isReady: boolean | null
  restarts: number
  /** What it waits for: CrashLoopBackOff. */
  waiting: string | null
  terminations: Termination[]
}

export interface Deletion {
  requested: Moment
  /** When grace ends; what `deletionTimestamp` holds. */
  expires: Moment
  graceSeconds: number
}

export interface Pod {
  namespace: string
  name: string
  uid: string | null
  /** Of a static pod: what its kubelet calls it in events. */
  mirrorOf: string | null
  /** To choose between two snapshots of one pod. */
  version: number
  labels: ReadonlyMap<string, string>
  addresses: string[]
  hostAddresses: string[]
  node: string | null
  hostNetwork: boolean
  owner: string | null
  /** When the kubelet took it over; its address is its own from then on. */
  startTime: Moment | null
  phase: string | null
  /** `Evicted`. */
  reason: string | null
  ready: { isReady: boolean; since: Moment } | null
  disruption: { reason: string; at: Moment } | null
  deletion: Deletion | null
  graceSeconds: number
  containers: Container[]
  /** What `istio-proxy` beside it takes over: ports, or all but some. */
  interception: Interception
  isAmbient: boolean
}

export interface Interception {
  inbound: PortSet
  outboundExcluded: ReadonlySet<number>
}

export type PortSet = { only: ReadonlySet<number> } | { allBut: ReadonlySet<number> }

/** What an object without these fields would have (core/v1). */
const DEFAULT_GRACE_SECONDS = 30

export function readPod(object: Fields, namespace: string, name: string): Pod {
  const metadata = object.object('metadata')
  const spec = object.object('spec')
  const status = object.object('status')
  const annotations = metadata.object('annotations')
  const labels = metadata.labels('labels')
  const primary = status.address('podIP')
  const primaryHost = status.address('hostIP')
  return {
    namespace,
    name,
    uid: metadata.text('uid'),
    mirrorOf: annotations.text('kubernetes.io/config.mirror'),
    version: Number(metadata.text('resourceVersion') ?? 0) || 0,
    labels,
    addresses: unique(primary, addressList(status, 'podIPs')),
    hostAddresses: unique(primaryHost, addressList(status, 'hostIPs')),
    node: spec.name('nodeName'),
    hostNetwork: spec.flag('hostNetwork') ?? false,
    owner: ownerOf(metadata, labels),
    startTime: status.time('startTime') ?? metadata.time('creationTimestamp'),
    phase: status.word('phase'),
    reason: status.word('reason'),
    ready: readyCondition(status),
    disruption: disruptionOf(status),
    deletion: deletionOf(metadata),
    graceSeconds: spec.integer('terminationGracePeriodSeconds') ?? DEFAULT_GRACE_SECONDS,
    containers: [
      ...containersOf(spec.objects('containers'), status.objects('containerStatuses'), false),
      ...containersOf(
        spec.objects('initContainers'),
        status.objects('initContainerStatuses'),
        true,
      ),
    ],
    interception: interceptionOf(annotations),
    isAmbient:
      annotations.text('ambient.istio.io/redirection') === 'enabled' ||
      labels.get('istio.io/dataplane-mode') === 'ambient',
  }
}

function addressList(status: Fields, key: string): string[] {
  return status.objects(key).flatMap((entry) => entry.address('ip') ?? [])
}

function unique(first: string | null, rest: string[]): string[] {
  return [...new Set(first === null ? rest : [first, ...rest])]
}

function readyCondition(status: Fields): Pod['ready'] {
  for (const condition of status.objects('conditions')) {
    const since = condition.time('lastTransitionTime')
    if (condition.word('type') === 'Ready' && since !== null) {
      return { isReady: condition.word('status') === 'True', since }
    }
  }
  return null
}

/** Evicted, preempted, or deleted by the taint manager: what the API server knows before the kubelet acts. */
function disruptionOf(status: Fields): Pod['disruption'] {
  for (const condition of status.objects('conditions')) {
    const at = condition.time('lastTransitionTime')
    if (condition.word('type') !== 'DisruptionTarget' || condition.word('status') !== 'True')
      continue
    if (at !== null) return { reason: condition.word('reason') ?? 'DisruptionTarget', at }
  }
  return null
}

/** `deletionTimestamp` is when grace expires, not when deletion was asked for. */
function deletionOf(metadata: Fields): Deletion | null {
  const expires = metadata.time('deletionTimestamp')
  if (expires === null) return null
  const graceSeconds = Math.max(0, metadata.integer('deletionGracePeriodSeconds') ?? 0)
  return { expires, graceSeconds, requested: { ...expires, ns: expires.ns - graceSeconds * 1e9 } }
}

/** The Deployment behind a ReplicaSet by its name, `DEPLOYMENT-HASH`; any other owner as it is. */
function ownerOf(metadata: Fields, labels: ReadonlyMap<string, string>): string | null {
  const owners = metadata.objects('ownerReferences')
  const owner = owners.find((one) => one.flag('controller') === true) ?? owners[0]
  const kind = owner?.word('kind') ?? null
  const name = owner?.name('name') ?? null
  if (kind === null || name === null) return null
  const hash =
    labels.get('pod-template-hash') ?? /-([bcdfghjklmnpqrstvwxz2456789]{6,10})$/.exec(name)?.[1]
  const isDeployed = kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)
  const deployment = isDeployed ? name.slice(0, -hash.length - 1) : ''
  return deployment === '' ? `${kind}/${name}` : `Deployment/${deployment}`
}

function containersOf(specs: Fields[], statuses: Fields[], isInit: boolean): Container[] {
  const byName = new Map(statuses.map((status) => [status.name('name'), status]))
  return specs.flatMap((spec) => {
    const name = spec.name('name')
    if (name === null) return []
    const status = byName.get(name)
    const state = status?.object('state')
    return [
      {
        name,
        isInit,
        isSidecar: isInit && spec.word('restartPolicy') === 'Always',
        ports: spec.objects('ports').flatMap(containerPort),
        runningSince: state?.object('running').time('startedAt') ?? null,
        isReady: status?.flag('ready') ?? null,
        restarts: status?.integer('restartCount') ?? 0,
        waiting: state?.object('waiting').word('reason') ?? null,
        terminations: [state, status?.object('lastState')].flatMap(
          (one) => terminationOf(one) ?? [],
        ),
      },
    ]
  })
}

function containerPort(port: Fields): ContainerPort[] {
  const number = port.integer('containerPort')
  if (number === null) return []
  const name = port.port('name')
  return [
    {
      name: typeof name === 'string' ? name : null,
      port: number,
      hostPort: port.integer('hostPort'),
      protocol: port.word('protocol') ?? 'TCP',
    },
  ]
}

function terminationOf(state: Fields | undefined): Termination | null {
  const terminated = state?.object('terminated')
  const finishedAt = terminated?.time('finishedAt') ?? null
  if (terminated === undefined || finishedAt === null) return null
  return {
    reason: terminated.word('reason'),
    exitCode: terminated.integer('exitCode'),
    startedAt: terminated.time('startedAt'),
    finishedAt,
  }
}

function interceptionOf(annotations: Fields): Interception {
  const ports = (name: string): ReadonlySet<number> =>
    new Set(
      (annotations.text(`traffic.sidecar.istio.io/${name}`) ?? '')
        .split(',')
        .filter((part) => /^\d{1,5}$/.test(part.trim()))
        .map(Number),
    )
  const included = annotations.text('traffic.sidecar.istio.io/includeInboundPorts')
  return {
    inbound:
      included === null || included.includes('*')
        ? { allBut: ports('excludeInboundPorts') }
        : { only: ports('includeInboundPorts') },
    outboundExcluded: ports('excludeOutboundPorts'),
  }
}

/** One pod out of two snapshots of it: the later one, with the ends of containers that either knows. */
export function mergedPod(a: Pod, b: Pod): Pod {
  const [older, newer] = a.version > b.version ? [b, a] : [a, b]
  const containers = newer.containers.map((container) => {
    const before = older.containers.find(({ name }) => name === container.name)
    const known = [...container.terminations, ...(before?.terminations ?? [])]
    const terminations = known.filter(
      (one, i) => known.findIndex(({ finishedAt }) => finishedAt.ns === one.finishedAt.ns) === i,
    )
    return { ...container, terminations }
  })
  return { ...newer, containers }
}

/** When the last of its containers ended; null while one may run. */
export function endOf(pod: Pod): Moment | null {
  if (pod.phase !== 'Succeeded' && pod.phase !== 'Failed') return null
  const ends = pod.containers.flatMap(({ terminations }) => terminations.map((t) => t.finishedAt))
  const known = ends.reduce<Moment | null>(laterOf, null)
  return known ?? pod.disruption?.at ?? pod.ready?.since ?? pod.startTime
}
