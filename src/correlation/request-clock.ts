import type { NsInterval } from '../model/clock.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import { type Asked, groupsBy } from './asked.ts'
import { MOST_LEGS } from './leg-candidates.ts'
import { type Leg, legOf } from './legs.ts'

/** No proxy holds a request for so long before it passes it on; a wider interval would order nothing. */
const WIDEST_NS = 60e9
/** Fewer requests in the same order are chance, unless the captures say that they were taken at the same time. */
const FEWEST_IN_ORDER = 3
const NEAR_NS = 60e9
const SLACK_NS = 50e3

/** How far the second capture's clock is ahead of the first's, both counted from their bases, and by how many requests. */
export interface RequestClock extends NsInterval {
  requests: number
}

/**
 * Relates two clocks where no packet was seen at both: a proxy passes on a request after it came, and answers after its
 * answer came (VERDICTS §7 with requests in place of packets). Where requests have ids, by those; else the n-th of one
 * line is taken for the n-th, which holds if all of them agree. Null where they do not, or nothing is known.
 */
export function requestClock(
  client: ConnectionSet,
  upstream: ConnectionSet,
  matches: Matches,
): RequestClock | null {
  const near = unmatchedLegs(client, matches.upstreamOf)
  const far = unmatchedLegs(upstream, matches.clientOf)
  const byId = offset(pairsBy(near, far, (mark) => mark.requestId))
  if (byId !== null) return byId
  const byLine = offset(pairsBy(near, far, (mark) => mark.line))
  if (byLine === null || byLine.requests >= FEWEST_IN_ORDER) return byLine
  const baseDelta = Number(upstream.facts.baseNs - client.facts.baseNs)
  return Math.abs(byLine.low + baseDelta) <= NEAR_NS ? byLine : null
}

function unmatchedLegs(set: ConnectionSet, partner: Int32Array): Leg[] {
  const legs: Leg[] = []
  for (let index = 0; index < partner.length && legs.length < MOST_LEGS; index++) {
    const leg = partner[index]! < 0 && set.asks(index) ? legOf(set, index, index) : null
    if (leg !== null && leg.requests.length > 0) legs.push(leg)
  }
  return legs
}

type Pair = readonly [Asked, Asked]

/** Requests in the same order on both sides, where there are as many. */
function pairsBy(
  downstream: readonly Leg[],
  upstream: readonly Leg[],
  keyOf: (mark: Asked['mark']) => number,
): Pair[] {
  const near = groupsBy(downstream, keyOf, NONE)
  const pairs: Pair[] = []
  for (const [key, asked] of groupsBy(upstream, keyOf, NONE)) {
    const from = near.get(key)
    if (from?.length !== asked.length) continue
    asked.forEach((u, i) => {
      pairs.push([from[i]!, u])
    })
  }
  return pairs
}

const NONE: ReadonlySet<Asked['mark']> = new Set()

function offset(pairs: readonly Pair[]): RequestClock | null {
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  for (const [d, u] of pairs) {
    high = Math.min(high, u.mark.time - d.mark.time)
    if (d.mark.answered === null || u.mark.answered === null) continue
    if (d.mark.status !== u.mark.status) continue
    low = Math.max(low, u.mark.answered - d.mark.answered)
  }
  if (!Number.isFinite(low) || low > high + SLACK_NS || high - low > WIDEST_NS) return null
  return { low: Math.min(low, high), high, requests: pairs.length }
}
