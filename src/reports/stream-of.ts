import { type Ending, type EndingCount, type Endings, endingOf } from '../model/ending.ts'
import type { Connection, Report, ReportStream } from '../model/report.ts'
import { endpointText, MANY_PEERS, OTHER_PEERS } from './endings.ts'

/** The stream of a whole report, for example one that was read from JSON. */
export function streamOf(report: Report): ReportStream {
  const { connections, ...head } = report
  let byId: Map<number, Connection> | null = null
  return {
    head,
    connections: () => connections,
    at: (id) => {
      byId ??= new Map(connections.map((connection) => [connection.id, connection]))
      return byId.get(id) ?? null
    },
    endings: () => (report.excerpt ? toldEndings(report.excerpt) : countEndings(connections)),
    ends: (capture) => connections.flatMap(({ views }) => views[capture] ?? []),
  }
}

/** Of a report that was cut the endings were counted before. */
function toldEndings({ endings }: NonNullable<Report['excerpt']>): Endings {
  const peers = [...new Set(endings.map(({ peer }) => peer))]
  const numbers = new Map(peers.map((peer, i) => [peer, i]))
  numbers.set(OTHER_PEERS, MANY_PEERS)
  return {
    counts: endings.map(({ peer, count, first, ...ending }) => ({
      ending,
      peer: numbers.get(peer)!,
      count,
      first,
    })),
    peerText: (peer) => peers[peer] ?? OTHER_PEERS,
  }
}

function countEndings(connections: readonly Connection[]): Endings {
  const endings = new Map<string, Ending>()
  const peers = new Map<string, number>()
  const counts = new Map<string, EndingCount>()
  for (const connection of connections) {
    const ending = endingOf(connection)
    const name = JSON.stringify(ending)
    if (!endings.has(name)) endings.set(name, ending)
    const text = endpointText(connection.upstream)
    const peer = peers.get(text) ?? peers.size
    peers.set(text, peer)
    const key = `${name} ${peer}`
    const known = counts.get(key)
    if (known !== undefined) known.count++
    else counts.set(key, { ending: endings.get(name)!, peer, count: 1, first: connection.id })
  }
  const texts = [...peers.keys()]
  return { counts: counts.values(), peerText: (peer) => texts[peer]! }
}
