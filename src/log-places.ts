import type { Cases } from './compare-cases.ts'
import type { Connections, Life } from './context/access-log/connection-index.ts'
import type { Leg } from './model/access-log.ts'

/**
 * Where and when the connections of a report were, for those who join log lines to them. Times of each capture are in
 * its own clock, ns after the zero of the first one.
 */
export function logPlaces(cases: Cases): Connections {
  const { sets, bases } = cases
  const shifts = bases.map((base) => Number(base - bases[0]!))
  const captures = sets.map(({ capture, totals }, tap) => ({
    capture,
    start: shifts[tap]!,
    end: shifts[tap]! + totals.lastPacketTime,
  }))

  function lifeAt(tap: number, at: number): Life {
    const set = sets[tap]!
    const first = set.hasFolds(at) ? set.view(at).firstTime : set.firstTime(at)
    const start = shifts[tap]! + first
    return { capture: set.capture, start, end: shifts[tap]! + set.lastTime(at) }
  }

  return {
    count: cases.count,
    origin: bases[0]!,
    captures,
    *pairs(index) {
      for (const [tap, set] of sets.entries()) {
        const at = cases.indexAt(tap, index)
        if (at < 0) continue
        yield { ...set.endpoints(at), tap }
        if (!set.hasFolds(at)) continue
        for (const pair of set.view(at).alsoSeenAs) yield { ...pair, tap }
      }
    },
    life(index, leg: Leg) {
      // The proxy is the client of its upstream leg, and the upstream of its downstream leg.
      const seen = [...sets.keys()].filter((tap) => cases.indexAt(tap, index) >= 0)
      const tap = leg === 'upstream' ? seen[0]! : seen.at(-1)!
      return lifeAt(tap, cases.indexAt(tap, index))
    },
    failed(index) {
      const { handshake, termination, exchangeAtClose, firstClose } = cases.at(index).outcome
      if (handshake.syn !== null && !handshake.complete) return true
      return termination === 'tls-aborted' || (exchangeAtClose === 'no-data' && firstClose !== null)
    },
  }
}
