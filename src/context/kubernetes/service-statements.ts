import type { ClusterStatement, ConnectionQuestion } from '../../model/cluster.ts'
import { listenerOf, podName, targetPortIn } from './listeners.ts'
import type { Pod } from './pods.ts'
import type { ClusterObjects } from './read-objects.ts'
import type { AddressBook } from './resolve.ts'
import type { Service, ServicePort } from './services.ts'

/** What the Service that was called says: its ports, its endpoints, where it sends to. */
export function serviceStatements(
  objects: ClusterObjects,
  book: AddressBook,
  question: ConnectionQuestion,
  target: Pod | null,
): ClusterStatement[] {
  const { how, called, upstream } = question
  if (how === 'closed' || how === 'silent') return []
  const hit = book.serviceAt(called.address, called.port)
  const service = hit?.service ?? (target === null ? null : book.serviceOf(target, upstream.port))
  if (service === null) return []
  if (hit !== null && hit.port === null) return [noSuchPort(service, called.port)]
  const statements: ClusterStatement[] = []
  if (how === 'refused' && target !== null) {
    const port =
      hit?.port ?? service.ports.find((one) => targetPortIn(target, one) === upstream.port)
    if (port) statements.push(...targetPort(service, port, target, upstream.port))
  }
  if (hit !== null && (how !== 'refused' || target === null)) {
    statements.push(...endpointCount(objects, book, service, question))
  }
  return statements
}

function about(
  service: Service,
  statement: Pick<ClusterStatement, 'fact' | 'text' | 'relation' | 'confidence'>,
): ClusterStatement {
  return {
    side: 'upstream',
    object: `Service ${service.namespace}/${service.name}`,
    next: `kubectl -n ${service.namespace} get service ${service.name} -o yaml; kubectl -n ${service.namespace} get endpointslices -l kubernetes.io/service-name=${service.name}`,
    ...statement,
  }
}

function noSuchPort(service: Service, port: number): ClusterStatement {
  const ports = service.ports.map((one) => one.port).join(', ')
  return about(service, {
    fact: 'no-such-port',
    text: `Service ${service.namespace}/${service.name} has no port ${port}${ports === '' ? '' : ` (it has ${ports})`}`,
    relation: 'explains',
    confidence: 'probable',
  })
}

/** The packets show that nothing listens there; the containers say where they do. */
function targetPort(
  service: Service,
  port: ServicePort,
  pod: Pod,
  refused: number,
): ClusterStatement[] {
  const to = `Service ${service.namespace}/${service.name} sends port ${port.port} to port ${port.targetPort} of its pods`
  const declared = pod.containers.flatMap((container) =>
    container.ports
      .filter(({ protocol }) => protocol === 'TCP')
      .map((one) => ({ container, ...one })),
  )
  if (declared.some((one) => one.port === refused)) return []
  const list = declared.map((one) => `${one.port} (${one.container.name})`).join(', ')
  const said =
    list === ''
      ? `${podName(pod)} refuses it, and its containers declare no port`
      : `${podName(pod)} refuses it, and its containers declare ${list}`
  const explains = list !== '' && targetPortIn(pod, port) === refused
  return [
    about(service, {
      fact: 'target-port',
      text: `${to}; ${said}`,
      relation: explains ? 'explains' : 'coincident',
      confidence: explains ? 'probable' : 'unclear',
    }),
  ]
}

function endpointCount(
  objects: ClusterObjects,
  book: AddressBook,
  service: Service,
  question: ConnectionQuestion,
): ClusterStatement[] {
  const name = `Service ${service.namespace}/${service.name}`
  const endpoints = objects.endpoints.filter(
    (one) => one.namespace === service.namespace && one.service === service.name,
  )
  const pods = book.podsBehind(service, question.upstream.end.from)
  const ready =
    endpoints.length > 0
      ? endpoints.filter(({ isReady }) => isReady).length
      : pods.filter((pod) => pod.ready?.isReady === true).length
  const known = endpoints.length > 0 ? endpoints.length : pods.length
  if (ready > 0) {
    return [
      about(service, {
        fact: 'has-endpoints',
        text: `${name} has ${ready} ready ${ready === 1 ? 'endpoint' : 'endpoints'} in the lists, which were taken later`,
        relation: 'against',
        confidence: 'unclear',
      }),
    ]
  }
  const selector = service.selector === null ? '' : selectorText(service.selector)
  const why =
    known > 0
      ? `: none of its ${known} is ready`
      : selector === ''
        ? ''
        : `: no running pod of the lists has the labels ${selector}`
  return [
    about(service, {
      fact: 'no-endpoints',
      text: `${name} has no ready endpoint${why}`,
      relation: 'explains',
      confidence: 'probable',
    }),
  ]
}

function selectorText(selector: ReadonlyMap<string, string>): string {
  return [...selector].map(([key, value]) => `${key}=${value}`).join(',')
}

/** For the policies: the pods that a call may have been meant for. */
export function targetsOf(
  book: AddressBook,
  question: ConnectionQuestion,
): { pod: Pod; port: number }[] {
  const { called, upstream } = question
  const hit = book.serviceAt(called.address, called.port)
  if (hit === null || hit.port === null) return []
  const { service, port } = hit
  return book.podsBehind(service, upstream.end.from).flatMap((pod) => {
    const target = targetPortIn(pod, port)
    return target === null ? [] : [{ pod, port: target }]
  })
}

/** The name that the listening container gives the port. */
export function portNameOf(pod: Pod, port: number): string | null {
  return listenerOf(pod, port)?.ports.find((one) => one.port === port)?.name ?? null
}
