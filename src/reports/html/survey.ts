import { endingOf } from '../../model/ending.ts'
import type { Connection, ReportStream } from '../../model/report.ts'
import { fieldsOf } from '../endings.ts'
import { parseTime, secondsBetween } from '../time-format.ts'

/** Connections that are listed one by one; the groups count all of them. */
export const MOST_LISTED = 1000
const LEAST_OF_GROUP = 10
/** Kinds of ending with a list of their own. */
const MOST_KINDS = 60
const TIME_BINS = 60

/** Lower edges of the histogram of silence, in seconds: 1, 2, 5 of each power of ten up to an hour, then open. */
export const IDLE_EDGES = [
  0, 0.01, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600,
]

/** Connections that ended alike. */
export interface ListedGroup {
  how: string
  who: string
  cause: string
  benign: boolean
  rank: number
  count: number
  /** The first of them, at most as many as the page lists. */
  listed: Connection[]
}

/** All connections in numbers, and the first of each kind. */
export interface Survey {
  groups: ListedGroup[]
  /** Kinds of ending that have no list. */
  otherKinds: { kinds: number; count: number }
  connections: number
  resets: { from: string; seconds: number; bins: { bad: number; ordinary: number }[] } | null
  /** Connections by silence before their first reset, and how many resets have no such time. */
  idle: { bins: number[]; unknown: number }
}

/** One pass over all connections, in memory that does not grow with them. */
export function survey(stream: ReportStream): Survey {
  const groups = new Map<string, ListedGroup>()
  const otherKinds = { kinds: new Set<string>(), count: 0 }
  const resets = resetBins(stream)
  const idle = { bins: IDLE_EDGES.map(() => 0), unknown: 0 }
  let connections = 0
  for (const connection of stream.connections()) {
    connections++
    const fields = fieldsOf(endingOf(connection))
    const key = JSON.stringify(fields)
    const group = groups.get(key)
    if (group) {
      group.count++
      if (group.listed.length < MOST_LISTED) group.listed.push(slim(connection))
    } else if (groups.size < MOST_KINDS) {
      groups.set(key, { ...fields, count: 1, listed: [slim(connection)] })
    } else {
      // A kind's rank is known only from its connections: the rare ones that come late are counted together.
      if (otherKinds.kinds.size < 10_000) otherKinds.kinds.add(key)
      otherKinds.count++
    }
    countReset(connection, resets, idle)
  }
  if (stream.head.excerpt) {
    connections = stream.head.summary.connections
    countAll(groups, stream)
  }
  const sorted = [...groups.values()].sort((a, b) => a.rank - b.rank || b.count - a.count)
  share(sorted)
  const others = { kinds: otherKinds.kinds.size, count: otherKinds.count }
  return { groups: sorted, otherKinds: others, connections, resets, idle }
}

/** Of a report that was cut the groups' counts are told; a kind of which it holds no connection has no list. */
function countAll(groups: Map<string, ListedGroup>, stream: ReportStream): void {
  for (const group of groups.values()) group.count = 0
  for (const { ending, count } of stream.endings().counts) {
    const fields = fieldsOf(ending)
    const key = JSON.stringify(fields)
    const group = groups.get(key) ?? { ...fields, count: 0, listed: [] }
    group.count += count
    groups.set(key, group)
  }
}

/** Without what the list does not show, so that little is held of each. */
function slim(connection: Connection): Connection {
  return { ...connection, fates: [], accessLog: [], ignoredResets: [], links: [], workload: null }
}

/** Every group gets some rows, and the worst ones the rest. */
function share(groups: ListedGroup[]): void {
  let left = MOST_LISTED
  const least = groups.map(({ listed }) => Math.min(LEAST_OF_GROUP, listed.length))
  for (const count of least) left -= count
  groups.forEach((group, i) => {
    const count = Math.min(group.listed.length, least[i]! + left)
    left -= count - least[i]!
    group.listed.length = count
  })
}

/** Bins over the time of the first capture, in whose clock the report's times are. */
function resetBins({ head }: ReportStream): Survey['resets'] {
  const capture = head.captures.find(({ firstPacketAt }) => firstPacketAt !== null)
  const seconds = secondsBetween(capture?.firstPacketAt ?? null, capture?.lastPacketAt ?? null)
  if (!capture?.firstPacketAt || seconds === null || seconds <= 0) return null
  const bins = Array.from({ length: TIME_BINS }, () => ({ bad: 0, ordinary: 0 }))
  return { from: capture.firstPacketAt, seconds, bins }
}

function countReset(
  { firstReset, benign }: Connection,
  resets: Survey['resets'],
  idle: Survey['idle'],
): void {
  if (firstReset === null) return
  if (resets && parseTime(firstReset.at) !== null) {
    const after = secondsBetween(resets.from, firstReset.at)!
    const bin = Math.floor((after / resets.seconds) * TIME_BINS)
    resets.bins[Math.min(TIME_BINS - 1, Math.max(0, bin))]![benign ? 'ordinary' : 'bad']++
  }
  const { idleSeconds } = firstReset
  if (idleSeconds === null) idle.unknown++
  else idle.bins[IDLE_EDGES.findLastIndex((edge) => Math.max(0, idleSeconds) >= edge)]!++
}
