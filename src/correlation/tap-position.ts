import type { ConnectionView, DirectionFacts, Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { TapPosition } from '../model/sighting.ts'

const INITIAL_TTLS: readonly number[] = [64, 128, 255]
/** Connections that are looked at. */
const SAMPLE = 500

/** Larger than any packet on the wire: built by the sending host, cut up by its card. */
const SUPER_SEGMENT = 9000

/**
 * Is a tap in the host of a side? Shown by what leaves it: untouched initial TTL together with checksums left to
 * the card, segments larger than any frame, or packets that the capture itself calls outgoing (VERDICTS §1).
 */
export function tapPosition(
  set: ConnectionSet,
  side: Side,
  views: readonly ConnectionView[] = sampleOf(set),
): TapPosition | null {
  let asked = 0
  let initial = 0
  let unfilled = 0
  let oversized = 0
  let outgoing = 0
  for (const view of views) {
    const facts = view[side]
    if (facts.packets - facts.resets < 1) continue
    asked++
    if (hasInitialTtl(facts)) initial++
    if (facts.unfilledChecksums >= 2) unfilled++
    if (facts.largestPayload > SUPER_SEGMENT) oversized++
    if (leaves(view, side)) outgoing++
  }
  if (asked === 0 || initial * 10 < asked * 9) return null
  const reasons = ['initial TTL']
  if (unfilled * 2 > asked) reasons.push('checksums left to the card')
  if (oversized > 0) reasons.push('segments larger than a frame')
  if (outgoing * 2 > asked) reasons.push('packets recorded as outgoing')
  return { host: side, basis: reasons.join(', '), told: false }
}

function sampleOf(set: ConnectionSet): ConnectionView[] {
  return Array.from({ length: Math.min(set.count, SAMPLE) }, (_, index) => set.view(index))
}

function hasInitialTtl(facts: DirectionFacts): boolean {
  return facts.ttlLow === facts.ttlHigh && INITIAL_TTLS.includes(facts.ttlLow)
}

function leaves(view: ConnectionView, side: Side): boolean {
  return view.segments.some((s) => s.from === side && s.direction === 'leaving')
}

/**
 * Where a single capture was taken: in the host of the side whose packets leave it untouched while the other side's
 * arrive from afar. Null when both or neither look so (loopback, one node).
 */
export function singlePosition(set: ConnectionSet): TapPosition | null {
  const views = sampleOf(set)
  const client = tapPosition(set, 'client', views)
  const upstream = tapPosition(set, 'upstream', views)
  if (client !== null && upstream !== null) return null
  return client ?? upstream
}
