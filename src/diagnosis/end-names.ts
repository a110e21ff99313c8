import { type Case, shownTap } from '../model/case.ts'
import type { Cluster } from '../model/cluster.ts'
import type { Side } from '../model/connection.ts'
import type { Connection, Workload } from '../model/report.ts'
import { tapNear, wallTime } from './tap-time.ts'

export interface EndNames {
  client: string | null
  upstream: string | null
  workload: NonNullable<Connection['workload']>
}

/** What the lists call the two ends, as of the connection's first packet. */
export function endNames(c: Case, cluster: Cluster): EndNames {
  const shown = shownTap(c.sighting)
  const client = ends(c, cluster, 'client', shown)
  const upstream = ends(c, cluster, 'upstream', shown)
  return {
    client: client.name,
    upstream: upstream.name,
    workload: { client: client.workload, upstream: upstream.workload },
  }
}

/** The name is of the address that is shown, the workload of the one that the side itself has. */
function ends(c: Case, cluster: Cluster, side: Side, shown: number) {
  const called = workloadAt(c, cluster, side, shown)
  const own = workloadAt(c, cluster, side, tapNear(c, side))
  const workload = own ?? called
  const service = called?.kind === 'service' ? called.service : null
  return {
    name: called === null ? null : shortName(called),
    workload: workload === null ? null : { ...workload, service: service ?? workload.service },
  }
}

function workloadAt(c: Case, cluster: Cluster, side: Side, tap: number): Workload | null {
  const { endpoints, firstTime } = c.sighting.taps[tap]!.view!
  const { address, port } = endpoints[side]
  return cluster.resolve(address, port, wallTime(c, { tap, time: firstTime }, tap))
}

/** `shop/cart-7d9f:http`, `svc/shop/cart:http`, `node/n1`; null for nobody of whom the lists know. */
export function shortName({ kind, namespace, name, port }: Workload): string | null {
  if (name === null) return null
  const suffix = port === null ? '' : `:${port}`
  switch (kind) {
    case 'pod':
      return `${namespace}/${name}${suffix}`
    case 'service':
      return `svc/${namespace}/${name}${suffix}`
    case 'node':
      return `node/${name}`
    default:
      return null
  }
}
