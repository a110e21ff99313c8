import type { NsInterval } from '../model/clock.ts'
import { type Asked, groupsBy } from './asked.ts'
import type { Leg } from './legs.ts'

/** No proxy holds a request for so long before it passes it on; a wider interval would order nothing. */
const WIDEST_NS = 60e9
const SLACK_NS = 1e6

/**
 * How far the clock of the upstream legs' tap is ahead, where no packet was seen at both: a request is passed on after it
 * came and answered after its answer came (VERDICTS §7 with requests in place of packets). Where requests have ids,
 * by those; else the n-th of one line is taken for the n-th, which holds if all of them agree. Null where nothing is
 * known or they contradict each other.
 */
export function requestClock(
  downstream: readonly Leg[],
  upstream: readonly Leg[],
): NsInterval | null {
  const byId = offset(pairsBy(downstream, upstream, (mark) => mark.requestId))
  return byId ?? offset(pairsBy(downstream, upstream, (mark) => mark.line))
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

function offset(pairs: readonly Pair[]): NsInterval | null {
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  for (const [d, u] of pairs) {
    high = Math.min(high, u.mark.time - d.mark.time)
    if (d.mark.answered === null || u.mark.answered === null) continue
    if (d.mark.status !== u.mark.status) continue
    low = Math.max(low, u.mark.answered - d.mark.answered)
  }
  if (!Number.isFinite(low) || low > high + SLACK_NS || high - low > WIDEST_NS) return null
  return { low: Math.min(low, high), high }
}
