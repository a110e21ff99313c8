import type { Connection, Report } from '../model/report.ts'

/** What a name is the name of; an earlier kind is taken where a name is several. */
const KINDS = [
  'file',
  'pod',
  'svc',
  'ns',
  'node',
  'workload',
  'container',
  'request',
  'port',
  'host',
  'name',
] as const
export type NameKind = (typeof KINDS)[number]

/** Names that every cluster has: they tell nothing of this one, and sentences need them. */
const COMMON = new Set(
  (
    'istio-proxy istio-system istio-init istio kube-system kube-proxy kubernetes default ambient none unknown envoy ' +
    'linkerd-proxy svc cluster local pod outbound inbound http https http1 http2 grpc tcp tls udp status-port ' +
    'kubernetes.io istio.io BlackHoleCluster PassthroughCluster InboundPassthroughCluster'
  )
    .toLowerCase()
    .split(' '),
)

/** Names found in a report, with what they are the names of. */
export class Names {
  readonly #kinds = new Map<string, NameKind>()

  add(kind: NameKind, name: string | null | undefined): void {
    if (!name) return
    const key = name.toLowerCase()
    if (COMMON.has(key) || /^[\d.:-]*$/.test(key)) return
    const before = this.#kinds.get(key)
    if (before === undefined || KINDS.indexOf(kind) < KINDS.indexOf(before))
      this.#kinds.set(key, kind)
  }

  kindOf(name: string): NameKind | undefined {
    return this.#kinds.get(name.toLowerCase())
  }

  /** A DNS name: of a cluster's own each label is a name, of any other the whole. */
  addHost(host: string | null | undefined): void {
    if (!host) return
    const bare = host.replace(/^\*\./, '').replace(/\.$/, '')
    const inside = /(?:^|[._])svc(?:\.|$)|\.(?:local|internal)$/i.test(bare)
    for (const label of inside ? bare.split(/[._]+/) : [bare]) this.add('host', label)
  }

  addHead(head: Omit<Report, 'connections'>): void {
    for (const { paths } of head.captures)
      for (const path of paths) this.add('file', baseName(path))
    for (const { source } of head.accessLogs ?? []) this.add('file', baseName(source))
    for (const finding of head.findings) for (const next of finding.next) this.#addCommand(next)
    for (const next of head.verdict.settles) this.#addCommand(next)
    for (const { title, why } of head.findings) this.#addSentence(`${title} ${why}`)
  }

  addConnection(connection: Connection): void {
    for (const { name } of [connection.client, connection.upstream]) {
      const [path, port] = (name ?? '').split(':')
      const parts = (path ?? '').split('/').filter((part) => part !== 'svc')
      if (parts.length > 1) this.add('ns', parts[0])
      this.add('pod', parts.at(-1))
      this.add('port', port)
    }
    for (const one of Object.values(connection.workload ?? {})) {
      if (one === null) continue
      this.add('ns', one.namespace)
      this.add(one.kind === 'service' ? 'svc' : one.kind === 'node' ? 'node' : 'pod', one.name)
      this.add('pod', one.podName)
      this.add('container', one.container)
      this.add('port', one.port)
      this.add('node', one.node)
      this.add('svc', one.service?.split('/').at(-1))
      this.add('ns', one.service?.includes('/') ? one.service.split('/')[0] : null)
      this.add('workload', one.owner?.split('/').at(-1))
    }
    this.addHost(connection.tls?.sni)
    for (const line of connection.accessLog) {
      this.add('request', line.requestId)
      for (const part of line.cluster?.split('|') ?? []) this.addHost(part)
      for (const text of [line.details, line.terminationDetails, line.transportFailure]) {
        for (const [, name] of (text ?? '').matchAll(/\[([a-z0-9][a-z0-9.-]*)\]/g))
          this.add('name', name)
      }
    }
    for (const cause of connection.causes) {
      for (const next of cause.next) this.#addCommand(next)
      for (const { source, object, text } of cause.context ?? []) {
        if (source === 'kubernetes') this.#addSentence(`${object} ${text}`)
      }
    }
    for (const next of connection.firstReset?.settles ?? []) this.#addCommand(next)
  }

  /** `Service shop/orders`, `container orders of shop/orders-1`, `8081 (orders)`, `app=orders`. */
  #addSentence(text: string): void {
    for (const [, namespace, name] of text.matchAll(
      /(?<![\w./-])([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})/g,
    )) {
      this.add('ns', namespace)
      this.add('name', name?.replace(/[.-]+$/, ''))
    }
    for (const [, kind, name] of text.matchAll(/\b(container|node|Node) ([a-z0-9][a-z0-9.-]*)/g)) {
      this.add(kind === 'container' ? 'container' : 'node', name)
    }
    for (const [, name] of text.matchAll(/\d \(([a-z0-9][a-z0-9.-]*)\)/g))
      this.add('container', name)
    for (const [, value] of text.matchAll(/[\w/]=([A-Za-z0-9][A-Za-z0-9._-]*)/g))
      this.add('name', value)
    for (const [, host] of text.matchAll(/ to ([a-z0-9-]+(?:\.[a-z0-9-]+)+)/g)) this.addHost(host)
  }

  /** The arguments of `kubectl -n shop logs orders-1 -c orders`, and `-servername` of openssl. */
  #addCommand(text: string): void {
    for (const [, flag, name] of text.matchAll(/ (-n|-c|-servername) ([a-z0-9_][\w.-]*)/g)) {
      if (flag === '-servername') this.addHost(name)
      else this.add(flag === '-n' ? 'ns' : 'container', name)
    }
    if (!/\b(?:kubectl|istioctl) /.test(text)) return
    for (const [, name] of text.matchAll(
      /\b(?:logs|exec|pod|service|networkpolicy|destinationrule|peerauthentication) ([a-z0-9][a-z0-9.-]*)/g,
    )) {
      this.add('name', name)
    }
    for (const [, name] of text.matchAll(/(?:\.name|service-name)=([a-z0-9][a-z0-9.-]*)/g))
      this.add('name', name)
  }
}

export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}
