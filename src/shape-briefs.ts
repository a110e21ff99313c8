import type { Brief, Cases } from './compare-cases.ts'
import { WordTable } from './connections/word-table.ts'
import type { Pairing } from './correlation/pairing.ts'
import { newSegmentNumbers } from './correlation/segment-rows.ts'
import { onFirstClock } from './diagnosis/on-client-clock.ts'
import type { NsInterval } from './model/clock.ts'
import type { ConnectionSet } from './model/connection-set.ts'

/** A SYN that nothing answered may still be answered within this time (VERDICTS §4). */
const SYN_WAIT_NS = 3e9
/** Timestamps of one host may be this much off each other; no packet travels longer than that. */
const SLACK_NS = 1e6
const LONGEST_TRAVEL_NS = 10e9

type Briefs = Required<Pick<Cases, 'brief' | 'closedAt'>>

/**
 * Briefs of one capture's connections. Beside its own shape, an outcome depends on the TTLs that a RST's sender has in
 * other connections, and on whether the capture ended before a SYN could be answered.
 */
export function singleBriefs(set: ConnectionSet): Briefs {
  const shapes = new WordTable(3)
  return {
    brief(index, out) {
      if (!shapeAt(set, index, shapes.key, 0)) return false
      out.shape = shapes.intern()
      out.closed = set.closeTime(index)
      out.aliveUntil = set.aliveTime(index)
      return true
    },
    closedAt: (index) => set.closeTime(index),
  }
}

/**
 * Briefs of two captures' connections: of those that both saw in the same segments, and of SYNs that the client's capture
 * alone shows. What one tap saw and the other did not, segment by segment, is for those who look at each.
 */
export function pairedBriefs(
  pairing: Pairing,
  indexAt: (tap: number, index: number) => number,
  hasLinks: (index: number) => boolean,
): Briefs {
  const { client, upstream, clock } = pairing
  const bases = [client.facts.baseNs, upstream.facts.baseNs]
  const both = new WordTable(6)
  const oneSided = new WordTable(4)
  const isCovered = coverage(pairing)
  const closedAt = (index: number) => {
    const u = indexAt(1, index)
    return u < 0 ? Number.NaN : onFirstClock(bases, clock, 1, upstream.closeTime(u))
  }
  const pairOf = (c: number, u: number, out: Brief): boolean => {
    if (!shapeAt(client, c, both.key, 0) || !shapeAt(upstream, u, both.key, 3)) return false
    if (!isSameSequence(client, c, upstream, u) || !isPossible(pairing, c, u)) return false
    out.shape = 2 * both.intern() + 1
    out.aliveUntil = client.aliveTime(c)
    return true
  }
  const unanswered = (c: number, out: Brief): boolean => {
    if (!shapeAt(client, c, oneSided.key, 0) || !client.isUnansweredSyn(c)) return false
    oneSided.key[3] = isCovered(c)
    out.shape = 2 * oneSided.intern()
    out.aliveUntil = Number.NaN
    return true
  }
  return {
    brief(index, out) {
      const c = indexAt(0, index)
      if (c < 0 || hasLinks(index)) return false
      const u = indexAt(1, index)
      if (!(u < 0 ? unanswered(c, out) : pairOf(c, u, out))) return false
      out.closed = closedAt(index)
      return true
    },
    closedAt,
  }
}

/** What a tap's part of an outcome depends on, as three words; false without a shape. */
function shapeAt(set: ConnectionSet, index: number, key: Uint32Array, at: number): boolean {
  const shape = set.shape(index)
  if (shape < 0) return false
  const reset = set.resetBy(index)
  const recent = set.totals.lastPacketTime - set.firstTime(index) < SYN_WAIT_NS
  key[at] = shape
  key[at + 1] = reset === null ? 0 : 1 + set.usualTtlRange(index, reset)
  key[at + 2] = recent ? 1 : 0
  return true
}

/** Did both taps see the same segments of each side, in the same order? */
function isSameSequence(
  client: ConnectionSet,
  c: number,
  upstream: ConnectionSet,
  u: number,
): boolean {
  const near = client.sequence(c, 'client')
  const far = client.sequence(c, 'upstream')
  if (near === 0 && far === 0) return false
  return near === upstream.sequence(u, 'client') && far === upstream.sequence(u, 'upstream')
}

const near = newSegmentNumbers()
const far = newSegmentNumbers()

/**
 * Can every segment have travelled between the taps, in its own direction, by the clocks? A RST that arrives before its
 * like leaves is another one, however equal they are.
 */
function isPossible({ client, upstream, clock }: Pairing, c: number, u: number): boolean {
  client.readMoments(c, near)
  upstream.readMoments(u, far)
  if (near.count !== far.count) return false
  for (let from = 0; from < 2; from++) {
    for (let i = 0, k = 0; i < near.count; i++, k++) {
      while (i < near.count && near.from[i] !== from) i++
      while (k < far.count && far.from[k] !== from) k++
      if (i === near.count || k === far.count) {
        if (i < near.count || k < far.count) return false
        break
      }
      if (near.flags[i] !== far.flags[k] || near.length[i] !== far.length[k]) return false
      if (clock === null) continue
      const there = clock.translate(1, far.time[k]!, 0)
      const time = near.time[i]!
      if (!(from === 0 ? isLater(there, time) : isEarlier(there, time))) return false
    }
  }
  return true
}

/** Can what passed the client's tap at `time` have passed the upstream's then? */
function isLater({ low, high }: NsInterval, time: number): boolean {
  return high - time >= -SLACK_NS && low - time <= LONGEST_TRAVEL_NS
}

/** The same the other way round. */
function isEarlier({ low, high }: NsInterval, time: number): boolean {
  return time - low >= -SLACK_NS && time - high <= LONGEST_TRAVEL_NS
}

/** Was the other capture running: 0 unknown, 1 yes, 2 no (as `unmatchedReason` asks). */
function coverage({ client, upstream, clock }: Pairing): (c: number) => number {
  if (clock === null) return () => 0
  const end = upstream.totals.lastPacketTime
  return (c) => {
    const first = clock.translate(0, client.firstTime(c), 1)
    const last = clock.translate(0, client.lastTime(c), 1)
    return last.high < 0 || first.low > end ? 2 : 1
  }
}
