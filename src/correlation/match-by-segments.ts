import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import { constantShift } from './constant-shift.ts'
import {
  HashBits,
  hashOfKey,
  KeyIndex,
  type KeyOf,
  payloadKey,
  type SegmentKey,
  sequenceKey,
  timestampKey,
} from './segment-keys.ts'
import { newSegmentNumbers } from './segment-rows.ts'

export interface SegmentMethod {
  keyOf: KeyOf
  /** Segments that must be shared. */
  votes: number
  /** Must the difference of the sequence numbers be the same for all of them? */
  shifted: boolean
  allowed(c: number, u: number): boolean
}

/** What the ISNs did not match: the connections of both captures that have segments with keys, by index. */
export interface Unmatched {
  client: ConnectionSet
  near: Int32Array
  upstream: ConnectionSet
  far: Int32Array
  matches: Matches
}

/** More connections than this with one key say nothing by it. */
const MOST_EQUAL = 8

// Scratch of the one connection that is looked at, and of the one that it is compared with.
const rows = newSegmentNumbers()
const otherRows = newSegmentNumbers()
const key: SegmentKey = { a: 0, b: 0, length: 0, stamp: 0 }

/** Unmatched connections with a segment that any key fits: an unanswered SYN has none, and there may be millions. */
export function withKeys(set: ConnectionSet, partner: Int32Array): Int32Array {
  const found = new Int32Array(partner.length)
  let n = 0
  for (let index = 0; index < partner.length; index++) {
    if (partner[index]! >= 0) continue
    set.readSegments(index, rows)
    if (hasKey()) found[n++] = index
  }
  return found.slice(0, n)
}

function hasKey(): boolean {
  for (let i = 0; i < rows.count; i++) {
    if (sequenceKey(rows, i, key) || timestampKey(rows, i, key) || payloadKey(rows, i, key))
      return true
  }
  return false
}

/** Pairs unmatched connections by keys that their segments share at both taps. */
export function matchByKeys(
  left: Unmatched,
  how: SegmentMethod,
  join: (c: number, u: number) => void,
): void {
  const { client, upstream, matches } = left
  const index = sharedKeys(left, how.keyOf)
  if (index.count === 0) return
  const votes = new Votes(upstream.count)
  for (const c of left.near) {
    if (matches.upstreamOf[c]! >= 0) continue
    votes.clear()
    client.readSegments(c, rows)
    for (let i = 0; i < rows.count; i++) {
      if (!how.keyOf(rows, i, key)) continue
      for (let item = index.first(key); item >= 0; item = index.after(item, key)) {
        const value = index.value(item)
        votes.add(value >>> 1, (value & 1) !== rows.from[i])
      }
    }
    const u = votes.leader(how.votes)
    if (u < 0 || matches.clientOf[u]! >= 0 || !how.allowed(c, u)) continue
    if (votes.isSwapped(u)) reconcileSwap(client, c, upstream, u)
    if (how.shifted) {
      client.readSegments(c, rows)
      upstream.readSegments(u, otherRows)
      const shift = constantShift(rows, otherRows, how.keyOf)
      if (shift === null) continue
      if (shift.client !== 0 || shift.upstream !== 0) matches.shifts.set(c, shift)
    }
    join(c, u)
  }
}

/**
 * The upstream capture's segments by key (connection × 2 + sender), but for those whose key no segment of the client's
 * can have: captures of different traffic cost no memory.
 */
function sharedKeys({ client, near, upstream, far, matches }: Unmatched, keyOf: KeyOf): KeyIndex {
  const { upstreamOf, clientOf } = matches
  const index = new KeyIndex()
  let keys = 0
  eachKey(client, near, upstreamOf, keyOf, () => keys++)
  if (keys === 0) return index
  const asked = new HashBits(keys)
  eachKey(client, near, upstreamOf, keyOf, () => asked.add(hashOfKey(key)))
  let shared = 0
  eachKey(upstream, far, clientOf, keyOf, () => {
    if (asked.has(hashOfKey(key))) shared++
  })
  index.reset(shared)
  eachKey(upstream, far, clientOf, keyOf, (u, from) => {
    if (asked.has(hashOfKey(key)) && !isCommon(index)) index.add(key, u * 2 + from)
  })
  return index
}

/** Calls `visit` for each segment of unmatched connections that has a key, which then is in `key`. */
function eachKey(
  set: ConnectionSet,
  connections: Int32Array,
  partner: Int32Array,
  keyOf: KeyOf,
  visit: (index: number, from: number) => void,
): void {
  for (const index of connections) {
    if (partner[index]! >= 0) continue
    set.readSegments(index, rows)
    for (let i = 0; i < rows.count; i++) if (keyOf(rows, i, key)) visit(index, rows.from[i]!)
  }
}

function isCommon(index: KeyIndex): boolean {
  let count = 0
  for (let item = index.first(key); item >= 0; item = index.after(item, key)) count++
  return count >= MOST_EQUAL
}

/** How many segments of one connection each of the other capture's shares. */
class Votes {
  /** Two for each: with the same client, with the roles exchanged. */
  private readonly counts: Uint32Array
  private readonly named: number[] = []

  constructor(connections: number) {
    this.counts = new Uint32Array(connections * 2)
  }

  clear(): void {
    for (const u of this.named) this.counts.fill(0, u * 2, u * 2 + 2)
    this.named.length = 0
  }

  add(u: number, swapped: boolean): void {
    if (this.of(u) === 0) this.named.push(u)
    this.counts[u * 2 + (swapped ? 1 : 0)]!++
  }

  isSwapped(u: number): boolean {
    return this.counts[u * 2 + 1]! > this.counts[u * 2]!
  }

  /** The connection with the most votes, if it has enough of them and twice as many as the next; else -1. */
  leader(enough: number): number {
    let best = -1
    let most = 0
    let second = 0
    for (const u of this.named) {
      const count = this.of(u)
      if (count > most) {
        second = most
        most = count
        best = u
      } else if (count > second) second = count
    }
    return most >= enough && most >= second * 2 ? best : -1
  }

  private of(u: number): number {
    return Math.max(this.counts[u * 2]!, this.counts[u * 2 + 1]!)
  }
}

/** Reasons for who is the client, strongest first. */
const REASONS = [
  'syn',
  'syn-ack',
  'application',
  'server-option',
  'several-peers',
  'tap-direction',
  'first-packet',
]

/** The two views name opposite ends as the client: the stronger reason of either decides for both. */
function reconcileSwap(client: ConnectionSet, c: number, upstream: ConnectionSet, u: number): void {
  const mine = REASONS.indexOf(client.roleReason(c))
  const theirs = REASONS.indexOf(upstream.roleReason(u))
  if (mine <= theirs) upstream.setRoles(u, true, client.roleReason(c))
  else client.setRoles(c, true, upstream.roleReason(u))
}
