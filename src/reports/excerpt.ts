import type { Ending } from '../model/ending.ts'
import type { Connection, Report, ReportStream } from '../model/report.ts'
import { OTHER_PEERS } from './endings.ts'
import { writeJson } from './json.ts'

/** Rows that count endings by peer; further peers of an ending share one row. */
const MOST_ROWS = 300
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

/** All endings with their counts; in order of their first connections, folded rows last. */
function countedEndings(stream: ReportStream): Row[] {
  const { counts, peerText } = stream.endings()
  const rows: Row[] = []
  const folded = new Map<Ending, Row>()
  for (const { ending, peer, count, first } of counts) {
    if (rows.length < MOST_ROWS) rows.push({ ...ending, peer: peerText(peer), count, first })
    else {
      const row = folded.get(ending)
      if (row === undefined) folded.set(ending, { ...ending, peer: OTHER_PEERS, count, first })
      else row.count += count
    }
  }
  return [...rows, ...folded.values()]
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
    ...endings.map(({ first }) => first),
    ...findings.flatMap(({ connections }) => connections.slice(0, 1)),
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
