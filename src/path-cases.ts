import { type CapturePath, onFirstTap } from './capture-path.ts'
import { caseLinks } from './case-links.ts'
import type { Cases } from './compare-cases.ts'
import { outcomeAt, startOf, unmatchedReason } from './compare-cases.ts'
import { EndpointIds } from './connections/endpoint-ids.ts'
import { singleSighting } from './correlation/pairing.ts'
import { singleClock } from './correlation/shared-clock.ts'
import { endpointText } from './model/case.ts'
import type { Side } from './model/connection.ts'
import type { Outcome } from './model/outcome.ts'
import type { UnmatchedReason } from './model/report.ts'
import type { Sighting } from './model/sighting.ts'
import { outcomeOf } from './terminations/outcome.ts'

/** Which taps look at a connection: the outermost that saw it, or one that did and one that should have. */
interface Looking {
  sighting: Sighting
  taps: number[]
  unmatchedReason: UnmatchedReason | null
}

/**
 * The connections of captures along a path. Each is looked at by the two outermost taps that saw it; what one tap alone
 * saw, together with the next one if other connections of its endpoint passed both.
 */
export function pathCases(path: CapturePath): Cases {
  const { taps, rows, clocks } = path
  const sets = taps.map(({ set }) => set)
  const bases = sets.map((set) => set.facts.baseNs)
  const ids = new EndpointIds()
  const indexAt = (tap: number, row: number) => rows[row]![tap]!
  const shown = (tap: number, time: number) => onFirstTap(taps, clocks, tap, time)
  const links = caseLinks({
    count: rows.length,
    sets,
    indexAt,
    translate: clocks.translate,
    shown,
    isOnPath: (near, far) => taps[near]!.place < taps[far]!.place,
  })
  const shouldSee = expectations(path)
  const first = (row: number) => rows[row]!.findIndex((index) => index >= 0)
  const last = (row: number) => rows[row]!.findLastIndex((index) => index >= 0)
  const upstreamId = (tap: number, row: number) =>
    sets[tap]!.endpointId(indexAt(tap, row), 'upstream', ids)
  const look = (row: number): Looking => {
    const near = first(row)
    const far = last(row)
    const index = indexAt(near, row)
    if (near !== far) {
      const sighting = path.pairing(near, far).sighting(index, indexAt(far, row))
      return { sighting, taps: [near, far], unmatchedReason: null }
    }
    const missing = shouldSee(near, index)
    if (missing >= 0) {
      const [a, b] = missing < near ? [missing, near] : [near, missing]
      const pair: [number, number] = missing < near ? [-1, index] : [index, -1]
      const sighting = path.pairing(a, b).sighting(...pair)
      return { sighting, taps: [a, b], unmatchedReason: unmatchedReason(sighting) }
    }
    const isDownstream = links.isLikely(row, 'proxied-to')
    const isUpstream = links.isLikely(row, 'proxied-from')
    const side = sideOf(path, near, isDownstream, isUpstream)
    const sighting = alone(path, near, index, side)
    const { place } = taps[near]!
    // At a hop both legs may be seen: what the captures beside it lack went somewhere else.
    const isProxied =
      (place === 0 && isDownstream) || (place === taps[taps.length - 1]!.place && isUpstream)
    return {
      sighting,
      taps: [near],
      unmatchedReason: isProxied ? 'terminated-by-proxy' : 'not-on-path',
    }
  }
  return {
    count: rows.length,
    sets,
    bases,
    indexAt,
    isMatched: (row) => first(row) !== last(row),
    startTime: (row) => shown(first(row), startOf(sets[first(row)]!, indexAt(first(row), row))),
    endTime: (row) => shown(first(row), sets[first(row)]!.lastTime(indexAt(first(row), row))),
    upstreamIds(row, out) {
      out.shown = upstreamId(first(row), row)
      out.own = upstreamId(last(row), row)
    },
    endpointText: (id) => ids.text(id),
    links,
    at(row) {
      const { sighting, taps: own, unmatchedReason: reason } = look(row)
      const near = first(row)
      const outcome = placed(path, row, outcomeOf(sighting))
      return {
        id: row + 1,
        sighting,
        outcome,
        viewOutcomes: () => sighting.taps.map((_, tap) => outcomeAt(sighting, tap)),
        upstreamId: upstreamId(last(row), row),
        bases: own.map((tap) => bases[tap]!),
        zero: bases[0]!,
        captures: sets.map((set) => set.capture),
        between: middle(rows[row]!).map((tap) => {
          const alone = singleSighting(sets[tap]!, indexAt(tap, row), null, [])
          return {
            capture: sets[tap]!.capture,
            view: alone.taps[0]!.view!,
            outcome: outcomeOf(alone),
          }
        }),
        match:
          near === last(row)
            ? null
            : (path.pairing(near, last(row)).matches.methods[indexAt(near, row)] ?? 'isn'),
        unmatchedReason: reason,
        links: links.of(row),
        onReportClock: (tap, time) => clocks.translate(own[tap]!, time, 0) ?? ANY_TIME,
        shownTime: (tap, time) => shown(own[tap]!, time),
      }
    },
  }
}

const ANY_TIME = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/** Taps between the outermost that saw a connection, and saw it too. */
function middle(row: Int32Array): number[] {
  const seen = [...row].flatMap((index, tap) => (index >= 0 ? [tap] : []))
  return seen.slice(1, -1)
}

/** At a hop a downstream leg has its upstream end, and an upstream leg its client end. */
function sideOf(
  { taps, isOneFile }: CapturePath,
  tap: number,
  isDownstream: boolean,
  isUpstream: boolean,
): Side | null {
  // What passed one place of a file only may have ended in that very host.
  if (isOneFile) return null
  const { place } = taps[tap]!
  if (place === 0) return 'client'
  if (place === taps[taps.length - 1]!.place) return 'upstream'
  return isDownstream === isUpstream ? null : isDownstream ? 'upstream' : 'client'
}

function alone(path: CapturePath, tap: number, index: number, side: Side | null): Sighting {
  const { set } = path.taps[tap]!
  const { loss, inHost } = tapFacts(path, tap, side ?? 'upstream')
  const position = inHost?.host === side ? inHost : null
  const sighting = singleSighting(set, index, position, loss)
  return {
    ...sighting,
    taps: [{ ...sighting.taps[0]!, side }],
    clock: singleClock(),
    isPlaced: side !== null,
  }
}

/** What pairing it with a neighbour found out about a tap; a hop has one on either side, and `side` says which is meant. */
export function tapFacts({ taps, pairing }: CapturePath, tap: number, side: Side = 'upstream') {
  const { place } = taps[tap]!
  const far = taps.findIndex((other) => other.place > place)
  const near = taps.findLastIndex((other) => other.place < place)
  const isNear = near < 0 || (side === 'client' && far >= 0)
  const found = isNear ? pairing(tap, far) : pairing(near, tap)
  const own: Side = isNear ? 'client' : 'upstream'
  return { loss: found.loss[own], inHost: found.positions[own] }
}

/**
 * For a connection that one tap alone saw: the tap beside it that saw others to the same endpoint, or from the same
 * address, and so should have seen this one; -1 for none.
 */
function expectations(path: CapturePath): (tap: number, index: number) => number {
  const { taps, rows, pairing } = path
  const known = new Map<string, number>()
  taps.forEach(({ place }, tap) => {
    taps.forEach((other, far) => {
      if (other.place !== place + 1) return
      const { upstreamOf } = pairing(tap, far).matches
      for (const row of rows) {
        const c = row[tap]!
        const u = row[far]!
        if (c < 0 || u < 0 || upstreamOf[c] !== u) continue
        const near = taps[tap]!.set.endpoints(c)
        known.set(`${tap} to ${endpointText(near.upstream)}`, far)
        known.set(`${far} from ${other.set.endpoints(u).client.address}`, tap)
      }
    })
  })
  return (tap, index) => {
    const { client, upstream } = taps[tap]!.set.endpoints(index)
    const there = known.get(`${tap} to ${endpointText(upstream)}`)
    return there ?? known.get(`${tap} from ${client.address}`) ?? -1
  }
}

/** A RST from between two taps came from between two neighbours of them: which, where the taps in the middle tell. */
function placed(path: CapturePath, row: number, outcome: Outcome): Outcome {
  const { firstReset } = outcome
  const indices = path.rows[row]!
  if (firstReset?.by !== 'between' || middle(indices).length === 0) return outcome
  const seen = [...indices].flatMap((index, tap) => (index >= 0 ? [tap] : []))
  const stretch = seen.slice(1).find((far, i) => {
    const near = seen[i]!
    const sighting = path.pairing(near, far).sighting(indices[near]!, indices[far]!)
    return outcomeOf(sighting).firstReset?.by === 'between'
  })
  if (stretch === undefined) return outcome
  const near = seen[seen.indexOf(stretch) - 1]!
  const name = (tap: number) => path.taps[tap]!.set.capture
  const { hops = null, text = '' } = firstReset.where ?? {}
  const stretchText = `between the captures ${name(near)} and ${name(stretch)}`
  const where = { near: null, hops, text: hops === null ? stretchText : `${text}, ${stretchText}` }
  return { ...outcome, firstReset: { ...firstReset, where } }
}
