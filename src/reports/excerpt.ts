import type { Ending } from '../model/ending.ts'
import type { Connection, Report, ReportStream } from '../model/report.ts'
import { foldPeers, MANY_PEERS, OTHER_PEERS, type PeerCount } from './endings.ts'
import { writeJson } from './json.ts'

/** Rows that count endings by peer, and of one ending; further peers of it share one row. */
const MOST_ROWS = 1000
const MOST_PEERS = 16
/** Connections like the leading one before examples of other endings by peer. */
const MOST_ALIKE = 50
/** Combinations of ending and peer that are counted apart before that. */
const MOST_HELD = 20_000
/** Connections that do not fit before no more are tried: smaller ones may. */
const MOST_MISSED = 20

type Row = NonNullable<Report['excerpt']>['endings'][number]

/**
 * The report with as many of its connections as fit into `most` characters of JSON: those that the answer and the
 * findings name and one for each kind of ending first. Counts, verdict and findings are of all of them, and a limit
 * says that it was cut. Null where not even these fit.
 */
export function excerptOf(
  stream: ReportStream,
  most: number,
  lengthOf: (json: string) => number,
): Report | null {
  const { head } = stream
  const endings = countedEndings(stream)
  const cut = (connections: Connection[]): Report => ({
    ...head,
    connections,
    limits: [...head.limits, cutLimit(connections.length, head.summary.connections)],
    excerpt: { endings },
  })
  const connections: Connection[] = []
  let left = most - lengthIn(cut(connections), lengthOf) - ROOM_FOR_NUMBERS
  if (left < 0) return null
  let missed = 0
  for (const id of byImportance(stream, endings)) {
    const connection = stream.at(id)
    if (connection === null) continue
    const length = lengthOf(JSON.stringify(connection)) + 2
    if (length > left) {
      if (++missed === MOST_MISSED) break
      continue
    }
    left -= length
    connections.push(connection)
  }
  return cut(connections.sort((a, b) => a.id - b.id))
}

const ROOM_FOR_NUMBERS = 100

function cutLimit(held: number, all: number): Report['limits'][number] {
  return {
    code: 'excerpt',
    message: `this report was cut to fit into an HTML page: it holds ${held} of its ${all} connections; verdict, findings and counts are of all ${all}`,
  }
}

function lengthIn(report: Report, lengthOf: (json: string) => number): number {
  let length = 0
  const { connections, ...head } = report
  for (const piece of writeJson({ head, connections: () => connections })) length += lengthOf(piece)
  return length
}

/** All endings with their counts, in order of their first connections: the largest peers of each, the others in one row. */
function countedEndings(stream: ReportStream): Row[] {
  const { counts, peerText } = stream.endings()
  const peersOf = new Map<Ending, Map<number, PeerCount>>()
  let held = 0
  for (const { ending, peer, count, first } of counts) {
    const peers = peersOf.get(ending) ?? new Map<number, PeerCount>()
    peersOf.set(ending, peers)
    const own = peers.has(peer) || held < MOST_HELD ? peer : MANY_PEERS
    const known = peers.get(own)
    if (known !== undefined) known.count += count
    else {
      peers.set(own, { peer: own, count, first })
      held++
    }
  }
  const most = Math.min(MOST_PEERS, Math.max(1, Math.floor(MOST_ROWS / (peersOf.size || 1))))
  const rows = [...peersOf].flatMap(([ending, peers]) =>
    foldPeers([...peers.values()], most).map(({ peer, count, first }) => ({
      ...ending,
      peer: peer === MANY_PEERS ? OTHER_PEERS : peerText(peer),
      count,
      first,
    })),
  )
  return rows.sort((a, b) => a.first - b.first)
}

/** The first connection of every ending, whatever its peer. */
function firstOfEach(endings: readonly Row[]): number[] {
  const firsts = new Map<string, number>()
  for (const { peer: _, count: __, first, ...ending } of endings) {
    const key = JSON.stringify(ending)
    if (!firsts.has(key)) firsts.set(key, first)
  }
  return [...firsts.values()]
}

/** Ids, each once: the connection that the answer is about and its other legs, an example of each ending, the rest. */
function* byImportance(stream: ReportStream, endings: readonly Row[]): Iterable<number> {
  const { verdict, findings } = stream.head
  const [leading] = verdict.connections
  const links = leading === undefined ? [] : (stream.at(leading)?.links ?? [])
  const known = new Set<number>()
  const named = [
    ...(leading === undefined ? [] : [leading]),
    ...links.map(({ connection }) => connection),
    // Their names are in sentences of the head: who redacts the excerpt must find them.
    ...findings.flatMap(({ connections }) => connections.slice(0, 1)),
    ...firstOfEach(endings),
    ...verdict.connections.slice(0, MOST_ALIKE),
    ...endings.filter(({ benign }) => !benign).map(({ first }) => first),
    ...verdict.connections,
    ...findings.flatMap(({ connections }) => connections),
  ]
  for (const id of named) {
    if (known.has(id)) continue
    known.add(id)
    yield id
  }
  for (const { id } of stream.connections()) if (!known.has(id)) yield id
}
