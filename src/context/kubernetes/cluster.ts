import type {
  Cluster,
  ClusterFacts,
  ClusterStatement,
  ConnectionQuestion,
} from '../../model/cluster.ts'
import type { Side } from '../../model/connection.ts'
import { addressStatements } from './address-statements.ts'
import { containerStatements } from './container-statements.ts'
import { eventStatements } from './event-statements.ts'
import type { ClusterEvent } from './events.ts'
import { meshStatements } from './mesh-statements.ts'
import type { Pod } from './pods.ts'
import { policyStatements } from './policy-statements.ts'
import type { Problem } from './problems.ts'
import { isLoopback, type PodEvents, podEnd } from './question.ts'
import type { ClusterObjects } from './read-objects.ts'
import { AddressBook } from './resolve.ts'
import { serviceStatements, targetsOf } from './service-statements.ts'
import { stopStatements } from './stop-requests.ts'

/** A cluster over time, from everything that its lists hold. */
export function makeCluster(objects: ClusterObjects, problems: readonly Problem[]): Cluster {
  const book = new AddressBook(objects)
  const eventsOf = eventIndex(objects)
  return {
    resolve: (address, port, timeNs) => book.resolve(address, port, timeNs),
    statements: (question) => statementsOf(objects, book, eventsOf, question),
    facts: factsOf(objects, problems),
  }
}

/** Statements about one connection that are shown; hundreds of events say no more than these. */
const MOST_STATEMENTS = 20

function statementsOf(
  objects: ClusterObjects,
  book: AddressBook,
  eventsOf: (pod: Pod) => PodEvents,
  question: ConnectionQuestion,
): ClusterStatement[] {
  const pods = {
    client: podAt(book, 'client', question),
    upstream: podAt(book, 'upstream', question),
  }
  const ofEnds = (['upstream', 'client'] as const).flatMap((side) => {
    const pod = pods[side]
    const own = addressStatements(book, side, question)
    if (pod === null) return own
    const at = podEnd(side, question, pod, eventsOf(pod))
    return [...own, ...containerStatements(at), ...stopStatements(at), ...eventStatements(at)]
  })
  // On the leg to its own sidecar a client does not meet whom it calls.
  const called = isLoopback(question.upstream.address) ? null : pods.upstream
  const targets =
    called === null ? targetsOf(book, question) : [{ pod: called, port: question.upstream.port }]
  const target = targets[0]?.pod ?? null
  const statements = [
    ...ofEnds,
    ...serviceStatements(objects, book, question, called),
    ...policyStatements(objects, question, pods.client, targets),
    ...meshStatements(objects, book, question, { client: pods.client, target }),
  ]
  return statements.sort((a, b) => weight(a) - weight(b)).slice(0, MOST_STATEMENTS)
}

const RELATIONS = { explains: 0, against: 1, coincident: 2 } as const
const CONFIDENCES = { certain: 0, probable: 1, unclear: 2 } as const

function weight({ relation, confidence }: ClusterStatement): number {
  return RELATIONS[relation] * 3 + CONFIDENCES[confidence]
}

function podAt(book: AddressBook, side: Side, question: ConnectionQuestion): Pod | null {
  const other = side === 'client' ? 'upstream' : 'client'
  const isSelf = isLoopback(question[side].address) && !isLoopback(question[other].address)
  const { address, port, end } = question[isSelf ? other : side]
  return book.holderAt(address, end.from).holder?.pod ?? book.podOnHost(address, port, end.from)
}

function eventIndex({ events, nodes }: ClusterObjects): (pod: Pod) => PodEvents {
  const lost = new Map(
    nodes.map(({ name, ready }) => [name, ready?.isReady === false ? ready.since : null]),
  )
  const byObject = new Map<string, ClusterEvent[]>()
  for (const event of events) {
    const key = `${event.kind} ${event.kind === 'Node' ? '' : (event.namespace ?? '')}/${event.name}`
    const known = byObject.get(key)
    if (known === undefined) byObject.set(key, [event])
    else known.push(event)
  }
  return (pod) => {
    const own = byObject.get(`Pod ${pod.namespace}/${pod.name}`) ?? []
    return {
      // A StatefulSet gives a new pod the name of the old one.
      own: own.filter(
        ({ uid }) => uid === null || pod.uid === null || uid === pod.uid || uid === pod.mirrorOf,
      ),
      node: pod.node === null ? [] : (byObject.get(`Node /${pod.node}`) ?? []),
      nodeLostAt: lost.get(pod.node ?? '') ?? null,
    }
  }
}

function factsOf(objects: ClusterObjects, problems: readonly Problem[]): ClusterFacts {
  let oldest: number | null = null
  let newest: number | null = null
  for (const { first, last } of objects.events) {
    if (oldest === null || first.ns < oldest) oldest = first.ns
    if (newest === null || last.ns > newest) newest = last.ns
  }
  const byName = [...objects.counts].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    objects: Object.fromEntries(byName),
    events: { count: objects.events.length, oldest, newest },
    warnings: [...problems],
  }
}
