import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import type { SharedClock } from '../model/sighting.ts'
import { newSegmentNumbers } from './segment-rows.ts'

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
  /** Time of the first request byte. */
  asked: number
  /** Time of its last packet. */
  ended: number
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
    if (clock === null) linkInOrder(clientLegs, upstreamLegs, links)
    else linkByTime(clientLegs, upstreamLegs, clock, links)
  }
  return links.sort((a, b) => a.client - b.client)
}

/** Without a common clock the k-th request of one side is the k-th of the other, if there are as many. */
function linkInOrder(client: readonly Leg[], upstream: readonly Leg[], links: ProxiedLink[]): void {
  if (client.length !== upstream.length) return
  client.forEach((leg, order) => {
    links.push(linkOf(leg, upstream[order]!, client.length === 1))
  })
}

/** The first upstream leg that carries its request while the client leg lives, and has no other. */
function linkByTime(
  client: readonly Leg[],
  upstream: readonly Leg[],
  clock: SharedClock,
  links: ProxiedLink[],
): void {
  const asked = upstream.map((leg) => clock.translate(1, leg.asked, 0))
  const taken = new Uint8Array(upstream.length)
  let open = 0
  for (const leg of client) {
    while (taken[open] === 1) open++
    let chosen = -1
    let alone = true
    for (let k = open; k < upstream.length && alone; k++) {
      const { low, high } = asked[k]!
      const fits = high >= leg.asked - SLACK_NS && low <= leg.ended + SLACK_NS
      if (!fits || taken[k] === 1) continue
      if (chosen < 0) chosen = k
      else alone = false
    }
    if (chosen < 0) continue
    taken[chosen] = 1
    links.push(linkOf(leg, upstream[chosen]!, alone))
  }
}

function linkOf(client: Leg, upstream: Leg, alone: boolean): ProxiedLink {
  const same = client.digest === upstream.digest ? 'same first bytes' : 'same request line'
  return {
    client: client.index,
    upstream: upstream.index,
    basis: `${same} and time`,
    confidence: alone ? 'probable' : 'unclear',
  }
}

const rows = newSegmentNumbers()

/** Unmatched connections by what their client asked for. Without a request there is nothing to pass on. */
function legsByKey(set: ConnectionSet, partner: Int32Array): Map<string, Leg[]> {
  const byKey = new Map<string, Leg[]>()
  let seen = 0
  for (let index = 0; index < partner.length && seen < MOST_UNMATCHED; index++) {
    if (partner[index]! >= 0) continue
    seen++
    set.readSegments(index, rows)
    const first = firstRequest()
    if (first < 0) continue
    const asked = rows.time[first]!
    const digest = rows.digest[first]!
    const length = rows.length[first]!
    const line = set.view(index).application.http?.lastRequestLine ?? null
    if (line === null && digest === 0) continue
    const key = line !== null ? `line ${line}` : `bytes ${digest} ${length}`
    const leg = { index, asked, ended: set.lastTime(index), digest }
    const list = byKey.get(key)
    if (list === undefined) byKey.set(key, [leg])
    else list.push(leg)
  }
  return byKey
}

/** Of the connection in `rows`: the client's first segment with payload; -1 for none. */
function firstRequest(): number {
  for (let i = 0; i < rows.count; i++) if (rows.from[i] === 0 && rows.length[i]! > 0) return i
  return -1
}
