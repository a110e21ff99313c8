import type { ConnectionView } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import type { SharedClock } from '../model/sighting.ts'

/** The two connections around a proxy: never one connection, so never matched (VERDICTS §6). */
export interface ProxiedLink {
  client: number
  upstream: number
  basis: string
  confidence: 'probable' | 'unclear'
}

/** Connections that are looked at on each side; more unmatched ones are not linked. */
const MOST_UNMATCHED = 5000
/** A proxy opens or uses its upstream leg within this time of the request, by the clocks. */
const SLACK_NS = 50e6

interface Leg {
  index: number
  view: ConnectionView
  /** Time of the first request byte. */
  asked: number
  key: string
  /** The client's first bytes are the same on both legs: passed through untouched. */
  digest: number
}

/**
 * Links unmatched connections of both captures that carry the same requests, one after the other: what a proxy
 * between the taps makes of one client connection. Order decides where the clocks cannot be related.
 */
export function linkProxied(
  client: ConnectionSet,
  upstream: ConnectionSet,
  matches: Matches,
  clock: SharedClock | null,
): ProxiedLink[] {
  const near = legsByKey(client, matches.upstreamOf)
  const far = legsByKey(upstream, matches.clientOf)
  const links: ProxiedLink[] = []
  for (const [key, clientLegs] of near) {
    const upstreamLegs = far.get(key)
    if (upstreamLegs === undefined) continue
    const taken = new Set<Leg>()
    clientLegs.forEach((leg, order) => {
      const fitting = upstreamLegs.filter(
        (other) => !taken.has(other) && followsInTime(leg, other, clock),
      )
      // Without a common clock the k-th request of one side is the k-th of the other, if there are as many.
      const inOrder = clientLegs.length === upstreamLegs.length ? upstreamLegs[order] : undefined
      const other = clock !== null ? fitting[0] : inOrder
      if (other === undefined) return
      taken.add(other)
      const alone = clock !== null ? fitting.length === 1 : clientLegs.length === 1
      links.push({
        client: leg.index,
        upstream: other.index,
        basis:
          leg.digest === other.digest ? 'same first bytes and time' : 'same request line and time',
        confidence: alone ? 'probable' : 'unclear',
      })
    })
  }
  return links.sort((a, b) => a.client - b.client)
}

function legsByKey(set: ConnectionSet, partner: Int32Array): Map<string, Leg[]> {
  const byKey = new Map<string, Leg[]>()
  let seen = 0
  for (let index = 0; index < partner.length && seen < MOST_UNMATCHED; index++) {
    if (partner[index]! >= 0) continue
    seen++
    const view = set.view(index)
    const first = view.segments.find((s) => s.from === 'client' && s.length > 0)
    if (first === undefined) continue
    const line = view.application.http?.lastRequestLine ?? null
    const key =
      line !== null
        ? `line ${line}`
        : first.digest !== 0
          ? `bytes ${first.digest} ${first.length}`
          : null
    if (key === null) continue
    const leg = { index, view, asked: first.time, key, digest: first.digest }
    const list = byKey.get(key)
    if (list === undefined) byKey.set(key, [leg])
    else list.push(leg)
  }
  return byKey
}

/** The upstream leg carries its request while the client leg lives. */
function followsInTime(leg: Leg, other: Leg, clock: SharedClock | null): boolean {
  if (clock === null) return true
  const { low, high } = clock.translate(1, other.asked, 0)
  return high >= leg.asked - SLACK_NS && low <= leg.view.lastTime + SLACK_NS
}
