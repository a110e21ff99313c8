import { SYN } from '../../native-free-decoders/decoded-packet.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches, SequenceShift } from '../model/pair.ts'
import type { MatchMethod } from '../model/report.ts'
import type { Segment } from '../model/segment.ts'

/**
 * Finds the connections that both captures show, whatever NAT did to their addresses (VERDICTS §6): by ISNs, then by
 * sequence numbers, by timestamps where a middlebox rewrites sequence numbers, and by payload. Linear in connections.
 */
export function matchConnections(client: ConnectionSet, upstream: ConnectionSet): Matches {
  const matches: Matches = {
    upstreamOf: new Int32Array(client.count).fill(-1),
    clientOf: new Int32Array(upstream.count).fill(-1),
    methods: new Array(client.count).fill(null),
    shifts: new Map(),
  }
  matchByIsn(client, upstream, matches)
  matchBySegments(client, upstream, matches)
  return matches
}

function join(matches: Matches, c: number, u: number, method: MatchMethod): void {
  matches.upstreamOf[c] = u
  matches.clientOf[u] = c
  matches.methods[c] = method
}

function matchByIsn(client: ConnectionSet, upstream: ConnectionSet, matches: Matches): void {
  const first = new Map<number, number>()
  const next = new Int32Array(upstream.count).fill(-1)
  for (let u = upstream.count - 1; u >= 0; u--) {
    const isn = upstream.impliedIsn(u, 'client')
    if (isn < 0) continue
    next[u] = first.get(isn) ?? -1
    first.set(isn, u)
  }
  for (let c = 0; c < client.count; c++) {
    const isn = client.impliedIsn(c, 'client')
    if (isn < 0) continue
    const answer = client.impliedIsn(c, 'upstream')
    let found = -1
    for (let u = first.get(isn) ?? -1; u >= 0; u = next[u]!) {
      if (matches.clientOf[u]! >= 0) continue
      const other = upstream.impliedIsn(u, 'upstream')
      const both = answer >= 0 && other >= 0
      if (both ? answer === other : isSameSyn(client, c, upstream, u)) {
        // Two candidates that fit equally prove nothing, except where both numbers agree.
        found = found >= 0 && !both ? -2 : u
        if (both) break
      }
    }
    if (found >= 0) join(matches, c, found, 'isn')
  }
}

/** One ISN alone is 32 bits: something else of the SYN must agree too. */
function isSameSyn(client: ConnectionSet, c: number, upstream: ConnectionSet, u: number): boolean {
  const a = client.synTimestamp(c)
  const b = upstream.synTimestamp(u)
  const id = client.synIpId(c)
  return (
    (a >= 0 && a === b) ||
    (id > 0 && id === upstream.synIpId(u)) ||
    client.clientPort(c) === upstream.clientPort(u) ||
    client.upstreamPort(c) === upstream.upstreamPort(u)
  )
}

interface Vote {
  same: number
  swapped: number
}

/** What is left: by numbers that segments of both captures share. */
function matchBySegments(client: ConnectionSet, upstream: ConnectionSet, matches: Matches): void {
  const leftClient = unmatched(matches.upstreamOf)
  const leftUpstream = unmatched(matches.clientOf)
  if (leftClient.length === 0 || leftUpstream.length === 0) return
  const anyMidstream =
    leftClient.some((c) => client.isMidstream(c)) ||
    leftUpstream.some((u) => upstream.isMidstream(u))
  if (anyMidstream) {
    byKeys(client, upstream, matches, 'sequence', sequenceKey, (a, b) => a.midstream || b.midstream)
  }
  byKeys(client, upstream, matches, 'timestamps', timestampKey, () => true)
  byKeys(client, upstream, matches, 'payload', payloadKey, () => true)
}

function unmatched(column: Int32Array): number[] {
  const left: number[] = []
  for (let i = 0; i < column.length; i++) if (column[i]! < 0) left.push(i)
  return left
}

/** Sequence and acknowledgement number together are 64 bits that NAT leaves alone. */
function sequenceKey(s: Segment): string | null {
  if ((s.flags & SYN) !== 0 || s.ack === 0) return null
  return `${s.seq} ${s.ack} ${s.length} ${s.hasTimestamps ? s.tsVal : ''}`
}

/** Linux starts its timestamps anew for each connection: the pair is close to a 64-bit key. */
function timestampKey(s: Segment): string | null {
  return s.hasTimestamps && s.tsEcr !== 0 ? `${s.tsVal} ${s.tsEcr} ${s.length}` : null
}

/** Equal payload alone would also join the two legs of a proxy: the IP ID must agree as well. */
function payloadKey(s: Segment): string | null {
  return s.digest !== 0 && s.ipId > 0 ? `${s.digest} ${s.length} ${s.ipId}` : null
}

/** Votes that make a match: one exact (seq, ack) is enough, the weaker keys need three in a row with one shift. */
const VOTES: Record<string, number> = { sequence: 1, timestamps: 3, payload: 3 }

function byKeys(
  client: ConnectionSet,
  upstream: ConnectionSet,
  matches: Matches,
  method: MatchMethod,
  keyOf: (s: Segment) => string | null,
  allowed: (a: ConnectionView, b: ConnectionView) => boolean,
): void {
  const index = new Map<string, { u: number; from: Side }[]>()
  for (const u of unmatched(matches.clientOf)) {
    for (const s of upstream.view(u).segments) {
      const key = keyOf(s)
      if (key === null) continue
      const list = index.get(key)
      if (list === undefined) index.set(key, [{ u, from: s.from }])
      else if (list.length < 8) list.push({ u, from: s.from })
    }
  }
  if (index.size === 0) return
  for (const c of unmatched(matches.upstreamOf)) {
    const view = client.view(c)
    const votes = new Map<number, Vote>()
    for (const s of view.segments) {
      const key = keyOf(s)
      for (const { u, from } of (key === null ? undefined : index.get(key)) ?? []) {
        const vote = votes.get(u) ?? { same: 0, swapped: 0 }
        if (from === s.from) vote.same++
        else vote.swapped++
        votes.set(u, vote)
      }
    }
    const best = leader(votes, VOTES[method]!)
    if (best === null || matches.clientOf[best.u]! >= 0) continue
    const other = upstream.view(best.u)
    if (!allowed(view, other)) continue
    if (best.swapped) reconcileSwap(client, c, upstream, best.u)
    if (method === 'sequence') {
      join(matches, c, best.u, method)
      continue
    }
    const shift = constantShift(client.view(c), upstream.view(best.u), keyOf)
    if (shift === null) continue
    if (shift.client !== 0 || shift.upstream !== 0) matches.shifts.set(c, shift)
    join(matches, c, best.u, method)
  }
}

/** The connection with the most votes, if it has enough of them and twice as many as the next. */
function leader(
  votes: ReadonlyMap<number, Vote>,
  enough: number,
): { u: number; swapped: boolean } | null {
  let best: { u: number; swapped: boolean; count: number } | null = null
  let second = 0
  for (const [u, vote] of votes) {
    const count = Math.max(vote.same, vote.swapped)
    if (best === null || count > best.count) {
      second = best?.count ?? second
      best = { u, swapped: vote.swapped > vote.same, count }
    } else if (count > second) second = count
  }
  return best !== null && best.count >= enough && best.count >= second * 2 ? best : null
}

/** The two views name opposite ends as the client: the stronger reason of either decides for both. */
function reconcileSwap(client: ConnectionSet, c: number, upstream: ConnectionSet, u: number): void {
  const order = [
    'syn',
    'syn-ack',
    'application',
    'server-option',
    'several-peers',
    'tap-direction',
    'first-packet',
  ]
  const mine = order.indexOf(client.roleReason(c))
  const theirs = order.indexOf(upstream.roleReason(u))
  if (mine <= theirs) upstream.setRoles(u, true, client.roleReason(c))
  else client.setRoles(c, true, upstream.roleReason(u))
}

/** The difference of sequence numbers per direction, if it is the same for all segments that share a key. */
function constantShift(
  a: ConnectionView,
  b: ConnectionView,
  keyOf: (s: Segment) => string | null,
): SequenceShift | null {
  const shifts: Record<Side, Map<number, number>> = { client: new Map(), upstream: new Map() }
  const byKey = new Map<string, Segment>()
  for (const s of b.segments) {
    const key = keyOf(s)
    if (key !== null && !byKey.has(`${s.from} ${key}`)) byKey.set(`${s.from} ${key}`, s)
  }
  for (const s of a.segments) {
    const key = keyOf(s)
    const other = key === null ? undefined : byKey.get(`${s.from} ${key}`)
    if (other === undefined) continue
    const shift = (other.seq - s.seq) >>> 0
    shifts[s.from].set(shift, (shifts[s.from].get(shift) ?? 0) + 1)
  }
  const client = dominant(shifts.client)
  const upstream = dominant(shifts.upstream)
  if (client === null && upstream === null) return null
  if ((client?.count ?? 0) + (upstream?.count ?? 0) < 3) return null
  return { client: client?.shift ?? 0, upstream: upstream?.shift ?? 0 }
}

function dominant(counts: ReadonlyMap<number, number>): { shift: number; count: number } | null {
  let total = 0
  let best: { shift: number; count: number } | null = null
  for (const [shift, count] of counts) {
    total += count
    if (best === null || count > best.count) best = { shift, count }
  }
  return best !== null && best.count * 4 >= total * 3 ? best : null
}
