import type { CaptureConnections } from './connections/connection-set.ts'
import type { Pairing } from './correlation/pairing.ts'
import { singleSighting } from './correlation/pairing.ts'
import { linkProxied } from './correlation/proxied.ts'
import type { Case, CaseLink } from './model/case.ts'
import type { UnmatchedReason } from './model/report.ts'
import type { Sighting, TapPosition } from './model/sighting.ts'
import { outcomeOf } from './terminations/outcome.ts'

/** All connections of a report, made on request and in a fixed order. */
export interface Cases {
  count: number
  at(index: number): Case
}

/** The connections of two captures: matched ones once, in order of their first packet on the client's clock. */
export function pairedCases(pairing: Pairing): Cases {
  const { client, upstream, matches } = pairing
  const order: { time: number; c: number; u: number }[] = []
  for (let c = 0; c < client.count; c++) {
    order.push({ time: client.firstTime(c), c, u: matches.upstreamOf[c]! })
  }
  const wall = Number(upstream.facts.baseNs - client.facts.baseNs)
  for (let u = 0; u < upstream.count; u++) {
    if (matches.clientOf[u]! >= 0) continue
    const time = upstream.firstTime(u)
    const interval = pairing.clock?.translate(1, time, 0)
    const known = interval && Number.isFinite(interval.low) && Number.isFinite(interval.high)
    order.push({ time: known ? (interval.low + interval.high) / 2 : wall + time, c: -1, u })
  }
  order.sort((a, b) => a.time - b.time || a.c - b.c || a.u - b.u)
  const bases = [client.facts.baseNs, upstream.facts.baseNs]
  const links = caseLinks(pairing, order)
  return {
    count: order.length,
    at(index) {
      const { c, u } = order[index]!
      const sighting = pairing.sighting(c, u)
      return {
        id: index + 1,
        sighting,
        outcome: outcomeOf(sighting),
        viewOutcomes: sighting.taps.map((_, tap) => outcomeAt(sighting, tap)),
        bases,
        match: c < 0 ? null : matches.methods[c]!,
        unmatchedReason:
          c >= 0 && u >= 0
            ? null
            : links.has(index)
              ? 'terminated-by-proxy'
              : unmatchedReason(sighting),
        links: links.get(index) ?? [],
      }
    },
  }
}

/** Links of proxied connections by index in the order of the report. */
function caseLinks(
  pairing: Pairing,
  order: readonly { c: number; u: number }[],
): Map<number, CaseLink[]> {
  const { client, upstream, matches, clock } = pairing
  const found = linkProxied(client, upstream, matches, clock)
  const links = new Map<number, CaseLink[]>()
  if (found.length === 0) return links
  const indexOfClient = new Map(order.map(({ c }, i) => [c, i]))
  const indexOfUpstream = new Map(order.map(({ u }, i) => [u, i]))
  const add = (index: number, link: CaseLink) =>
    links.set(index, [...(links.get(index) ?? []), link])
  for (const { client: c, upstream: u, basis, confidence } of found) {
    const near = indexOfClient.get(c)!
    const far = indexOfUpstream.get(u)!
    add(near, { connection: far + 1, relation: 'proxied-to', basis, confidence })
    add(far, { connection: near + 1, relation: 'proxied-from', basis, confidence })
  }
  return links
}

/** The connections of one capture. */
export function singleCases(
  set: CaptureConnections,
  position: TapPosition | null,
  loss: string[],
): Cases {
  return {
    count: set.count,
    at(index) {
      const sighting = singleSighting(set, index, position, loss)
      const outcome = outcomeOf(sighting)
      return {
        id: index + 1,
        sighting,
        outcome,
        viewOutcomes: [outcome],
        bases: [set.facts.baseNs],
        match: null,
        unmatchedReason: null,
        links: [],
      }
    },
  }
}

/** How the connection ended as one tap alone shows it. */
function outcomeAt(sighting: Sighting, tap: number) {
  const here = sighting.taps[tap]!
  if (here.view === null) return null
  if (sighting.taps.every((t, i) => i === tap || t.view === null)) return outcomeOf(sighting)
  return outcomeOf({
    taps: [here],
    segments: here.view.segments.map((s) => ({ from: s.from, seen: [s], covered: false })),
    clock: null,
    doubt: null,
  })
}

function unmatchedReason(sighting: Sighting): UnmatchedReason {
  const seenBy = sighting.taps.findIndex((tap) => tap.view !== null)
  const missing = 1 - seenBy
  const view = sighting.taps[seenBy]!.view!
  const other = sighting.taps[missing]!
  if (sighting.clock === null) return 'unknown'
  const first = sighting.clock.translate(seenBy, view.firstTime, missing)
  const last = sighting.clock.translate(seenBy, view.lastTime, missing)
  if (last.high < other.captureStart || first.low > other.captureEnd) return 'tap-not-covering'
  const onlySyns = view.upstream.packets === view.upstream.resets && view.client.isn !== null
  if (seenBy === 0 && onlySyns && other.loss.length === 0) return 'dropped-before-tap'
  return 'unknown'
}
