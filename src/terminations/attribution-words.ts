import type { Side } from '../model/connection.ts'
import type { Attribution, Observation, ResetEvent } from '../model/outcome.ts'
import type { Confidence } from '../model/report.ts'
import type { Segment } from '../model/segment.ts'
import type { Sighting } from '../model/sighting.ts'
import { nearestToReceiver } from './taps.ts'

export const INITIAL_TTLS = [64, 128, 255]

/** "a client-side capture", "an upstream-side capture". */
export function sideCapture(side: Side): string {
  return side === 'client' ? 'a client-side capture' : 'an upstream-side capture'
}

export function named(side: Side): string {
  return side === 'client' ? 'client' : 'upstream'
}

export function shape(event: ResetEvent): string {
  switch (event.anatomy) {
    case 'active':
      return ': a live socket aborted (RST+ACK in sequence)'
    case 'passive':
      return ': its kernel had no socket for the segment that it answers'
    case 'refusal':
      return ': nothing listens on that port'
    default:
      return ''
  }
}

export function oddTtlEvidence(tap: number, segment: Segment, event: ResetEvent): Observation {
  const odd = event.oddTtl!
  const usual = odd.low === odd.high ? `${odd.low}` : `${odd.low} to ${odd.high}`
  return {
    tap,
    segment,
    text: `TTL ${odd.ttl} of this RST, where the ${named(event.from)}'s other packets have ${usual}`,
  }
}

export function continuity(side: Side): string {
  return `its IP ID and timestamps continue those of the ${named(side)}`
}

export function lossSettles(side: Side): string[] {
  return [
    `${sideCapture(side)} without loss: larger buffer (tcpdump -B 16384), shorter packets (-s 128), a narrower filter`,
  ]
}

export function between(
  confidence: Confidence,
  evidence: Observation[],
  where: Attribution['where'],
  settles: string[],
): Attribution {
  return { by: 'between', confidence, where, evidence, settles }
}

export function undetermined(evidence: Observation[], settles: string[]): Attribution {
  return { by: 'undetermined', confidence: 'unclear', where: null, evidence, settles }
}

export function endpointText(sighting: Sighting, side: Side): string {
  const view = sighting.taps.find((t) => t.view !== null)!.view!
  const e = view.endpoints[side]
  return e.address.includes(':') ? `[${e.address}]:${e.port}` : `${e.address}:${e.port}`
}

/** How far from the tap that saw it the RST was made, by its TTL. */
export function whereBetween(sighting: Sighting, event: ResetEvent): Attribution['where'] {
  const { tap, segment: rst } = nearestToReceiver(sighting, event.segment)
  const initial = INITIAL_TTLS.find((t) => t >= rst.ttl)
  const hops = initial === undefined ? null : initial - rst.ttl
  const side = sighting.taps[tap]!.side
  if (hops === null || hops > 32)
    return { near: null, hops: null, text: 'between the two captures' }
  const towards = side === null ? 'this capture' : `the ${named(side)}-side capture`
  const text =
    hops === 0
      ? `on the node or first hop of ${towards}`
      : `${hops} ${hops === 1 ? 'hop' : 'hops'} from ${towards}`
  return { near: hops <= 1 ? side : null, hops, text }
}
