import type { Fields } from './fields.ts'
import type { Moment } from './moment.ts'

/** Where Istio keeps what holds for the whole mesh, unless it was installed otherwise. */
export const ROOT_NAMESPACE = 'istio-system'

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE'

/** security.istio.io: what a workload's proxy accepts. */
export interface PeerAuthentication {
  namespace: string
  name: string
  created: Moment | null
  /** Null: for the namespace, or for the mesh. */
  selector: ReadonlyMap<string, string> | null
  /** Null: UNSET, inherited. */
  mode: MtlsMode | null
  /** By container port; with a selector only. */
  ports: ReadonlyMap<number, MtlsMode>
}

export function readPeerAuthentication(
  object: Fields,
  namespace: string,
  name: string,
): PeerAuthentication {
  const spec = object.object('spec')
  const labels = spec.object('selector').labels('matchLabels')
  const selector = labels.size === 0 ? null : labels
  const levels = spec.object('portLevelMtls')
  const ports = new Map<number, MtlsMode>()
  for (const key of selector === null ? [] : levels.keys()) {
    const mode = modeOf(levels.object(key))
    if (/^\d{1,5}$/.test(key) && mode !== null) ports.set(Number(key), mode)
  }
  return {
    namespace,
    name,
    created: object.object('metadata').time('creationTimestamp'),
    selector,
    mode: modeOf(spec.object('mtls')),
    ports,
  }
}

function modeOf(fields: Fields): MtlsMode | null {
  const mode = fields.text('mode')
  return mode === 'STRICT' || mode === 'PERMISSIVE' || mode === 'DISABLE' ? mode : null
}

export interface EffectiveMtls {
  mode: MtlsMode
  /** What says so; null: Istio's own default. */
  policy: PeerAuthentication | null
}

/** Port before workload before namespace before mesh; of several at one level the oldest holds. */
export function effectiveMtls(
  policies: readonly PeerAuthentication[],
  pod: { namespace: string; labels: ReadonlyMap<string, string> },
  port: number,
): EffectiveMtls {
  const oldest = (fits: (policy: PeerAuthentication) => boolean) =>
    policies
      .filter(fits)
      .sort((a, b) => (a.created?.ns ?? 0) - (b.created?.ns ?? 0) || (a.name < b.name ? -1 : 1))[0]
  const workload = oldest(
    ({ namespace, selector }) =>
      selector !== null &&
      namespace === pod.namespace &&
      [...selector].every(([key, value]) => pod.labels.get(key) === value),
  )
  const atPort = workload?.ports.get(port)
  if (atPort !== undefined) return { mode: atPort, policy: workload! }
  const levels = [
    workload,
    oldest(({ namespace, selector }) => selector === null && namespace === pod.namespace),
    oldest(({ namespace, selector }) => selector === null && namespace === ROOT_NAMESPACE),
  ]
  const said = levels.find((policy) => policy?.mode != null)
  return { mode: said?.mode ?? 'PERMISSIVE', policy: said ?? null }
}

export type TlsMode = 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'

/** networking.istio.io: how a client's proxy opens connections to a host. */
export interface DestinationRule {
  namespace: string
  name: string
  /** `cart.shop.svc.cluster.local`, a short name, or one with `*`. */
  host: string
  tls: TlsMode | null
  ports: ReadonlyMap<number, TlsMode>
  subsets: ReadonlyMap<string, TlsMode>
}

export function readDestinationRule(
  object: Fields,
  namespace: string,
  name: string,
): DestinationRule | null {
  const spec = object.object('spec')
  const host = spec.text('host')
  if (host === null || !/^[a-z0-9*][-a-z0-9.*]{0,252}$/.test(host)) return null
  const policy = spec.object('trafficPolicy')
  const ports = new Map<number, TlsMode>()
  for (const level of policy.objects('portLevelSettings')) {
    const port = level.object('port').integer('number')
    const mode = tlsModeOf(level)
    if (port !== null && mode !== null) ports.set(port, mode)
  }
  const subsets = new Map<string, TlsMode>()
  for (const subset of spec.objects('subsets')) {
    const subsetName = subset.text('name')
    const mode = tlsModeOf(subset.object('trafficPolicy'))
    if (subsetName !== null && mode !== null) subsets.set(subsetName, mode)
  }
  return { namespace, name, host, tls: tlsModeOf(policy), ports, subsets }
}

function tlsModeOf(policy: Fields): TlsMode | null {
  const mode = policy.object('tls').text('mode')
  return mode === 'DISABLE' || mode === 'SIMPLE' || mode === 'MUTUAL' || mode === 'ISTIO_MUTUAL'
    ? mode
    : null
}

/** The rule that a client's proxy uses for a Service, and the mode that it sets; null where none sets one. */
export function destinationTls(
  rules: readonly DestinationRule[],
  clientNamespace: string | null,
  service: { namespace: string; name: string },
  port: number | null,
  subset: string | null,
): { rule: DestinationRule; mode: TlsMode } | null {
  const full = `${service.namespace}/${service.name}`
  const host = `${service.name}.${service.namespace}.svc.cluster.local`
  // The client's namespace first, then the Service's, then the mesh's.
  for (const namespace of [clientNamespace, service.namespace, ROOT_NAMESPACE]) {
    const fitting = rules
      .filter((rule) => rule.namespace === namespace && isHost(rule, host, full))
      .sort((a, b) => specificity(b) - specificity(a))
    const rule = fitting[0]
    if (rule === undefined) continue
    const mode =
      (subset === null ? undefined : rule.subsets.get(subset)) ??
      (port === null ? undefined : rule.ports.get(port)) ??
      rule.tls
    return mode === null ? null : { rule, mode }
  }
  return null
}

/** A name without a dot is one of the rule's own namespace. */
function isHost(rule: DestinationRule, host: string, full: string): boolean {
  const { host: written, namespace } = rule
  if (written === '*') return true
  if (written.startsWith('*.')) return host.endsWith(written.slice(1))
  if (!written.includes('.')) return full === `${namespace}/${written}`
  return host === written || host.startsWith(`${written}.`)
}

function specificity({ host }: DestinationRule): number {
  return host.startsWith('*') ? host.length : 1000 + host.length
}

/** networking.istio.io: what the mesh knows of the world outside. */
export interface ServiceEntry {
  namespace: string
  name: string
  hosts: string[]
  addresses: string[]
}

export function readServiceEntry(object: Fields, namespace: string, name: string): ServiceEntry {
  const spec = object.object('spec')
  const endpoints = spec.objects('endpoints').flatMap((one) => one.text('address') ?? [])
  return {
    namespace,
    name,
    hosts: spec.texts('hosts'),
    addresses: [...spec.texts('addresses'), ...endpoints],
  }
}

/** Whether a proxy lets calls out to what the mesh does not know. */
export type OutboundMode = 'REGISTRY_ONLY' | 'ALLOW_ANY'

/** networking.istio.io Sidecar, as far as it says that; or the mesh's own configuration. */
export interface OutboundPolicy {
  /** Null: of the whole mesh. */
  namespace: string | null
  name: string
  selector: ReadonlyMap<string, string> | null
  mode: OutboundMode
}

export function readSidecar(
  object: Fields,
  namespace: string,
  name: string,
): OutboundPolicy | null {
  const spec = object.object('spec')
  const mode = spec.object('outboundTrafficPolicy').text('mode')
  if (mode !== 'REGISTRY_ONLY' && mode !== 'ALLOW_ANY') return null
  const labels = spec.object('workloadSelector').labels('labels')
  return {
    namespace: namespace === ROOT_NAMESPACE ? null : namespace,
    name,
    selector: labels.size === 0 ? null : labels,
    mode,
  }
}

/** The ConfigMap `istio` holds the mesh's configuration as YAML; one of its settings is looked for. */
export function readMeshConfig(object: Fields, name: string): OutboundPolicy | null {
  const yaml = object.object('data').longText('mesh') ?? ''
  const mode = /^outboundTrafficPolicy:\s{1,20}mode: {1,8}(REGISTRY_ONLY|ALLOW_ANY)\b/m.exec(
    yaml,
  )?.[1]
  if (mode !== 'REGISTRY_ONLY' && mode !== 'ALLOW_ANY') return null
  return { namespace: null, name, selector: null, mode }
}

/** The workload's own before the namespace's before the mesh's; null where the lists say nothing. */
export function outboundPolicy(
  policies: readonly OutboundPolicy[],
  pod: { namespace: string; labels: ReadonlyMap<string, string> },
): OutboundPolicy | null {
  const own = policies.filter(({ namespace }) => namespace === pod.namespace)
  const selected = own.find(
    ({ selector }) =>
      selector !== null && [...selector].every(([key, value]) => pod.labels.get(key) === value),
  )
  return (
    selected ??
    own.find(({ selector }) => selector === null) ??
    policies.find(({ namespace }) => namespace === null) ??
    null
  )
}
