import { makeCluster } from '../../../src/context/kubernetes/cluster.ts'
import { Problems } from '../../../src/context/kubernetes/problems.ts'
import { ObjectCollector } from '../../../src/context/kubernetes/read-objects.ts'
import type { Cluster, ConnectionQuestion, EndQuestion } from '../../../src/model/cluster.ts'

/** The cluster that these documents describe. */
export function clusterOf(...documents: unknown[]): Cluster {
  const problems = new Problems()
  const objects = new ObjectCollector(problems)
  for (const document of documents) objects.add(document)
  return makeCluster(objects.result(), problems.all())
}

/** Ns since 1970 of `09:40:57.485` on 17 March 2026, or of a whole RFC 3339 time. */
export function at(time: string): number {
  return Date.parse(time.includes('T') ? time : `2026-03-17T${time}Z`) * 1e6
}

export type Asked = Partial<Omit<ConnectionQuestion, 'client' | 'upstream'>> & {
  client?: Partial<Pick<EndQuestion, 'address' | 'port'>>
  upstream?: Partial<Pick<EndQuestion, 'address' | 'port'>>
  first?: string
  end?: string
  until?: string
}

/** A connection from 10.42.2.31 to port 9000 of 10.42.7.5 that the upstream ended at 09:40:57.485. */
export function question(asked: Asked = {}): ConnectionQuestion {
  const { client, upstream, first = '09:40:50', end = '09:40:57.485', until, ...rest } = asked
  const time = { first: at(first), end: { from: at(end), to: at(until ?? end) } }
  const upstreamEnd = { address: '10.42.7.5', port: 9000, ...upstream, ...time }
  return {
    client: { address: '10.42.2.31', port: 40000, ...client, ...time },
    upstream: upstreamEnd,
    called: { address: upstreamEnd.address, port: upstreamEnd.port },
    endedBy: 'upstream',
    how: 'closed',
    spoke: 'nothing',
    subset: null,
    ...rest,
  }
}
