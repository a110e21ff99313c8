import type { Pairing } from './correlation/pairing.ts'

/** The connections of two captures in the order of a report: per connection its index in each capture, or -1. */
export interface PairedOrder {
  client: Int32Array
  upstream: Int32Array
}

/** Matched connections once, in order of their first packet on the client's clock. */
export function pairedOrder(pairing: Pairing): PairedOrder {
  const { client, upstream, matches } = pairing
  const clientTimes = Float64Array.from({ length: client.count }, (_, c) => client.firstTime(c))
  const near = byTime(clientTimes)
  const alone = matches.clientOf.reduce((sum, c) => sum + (c < 0 ? 1 : 0), 0)
  const unmatched = new Int32Array(alone)
  const times = new Float64Array(alone)
  let n = 0
  for (let u = 0; u < upstream.count; u++) {
    if (matches.clientOf[u]! >= 0) continue
    unmatched[n] = u
    times[n++] = onClientClock(pairing, upstream.firstTime(u))
  }
  const far = byTime(times)
  const order = {
    client: new Int32Array(near.length + alone).fill(-1),
    upstream: new Int32Array(near.length + alone).fill(-1),
  }
  for (let i = 0, a = 0, b = 0; i < order.client.length; i++) {
    // Of equal times the connection that only the upstream's capture shows comes first.
    const isFar = a === near.length || (b < alone && times[far[b]!]! <= clientTimes[near[a]!]!)
    if (isFar) order.upstream[i] = unmatched[far[b++]!]!
    else {
      const c = near[a++]!
      order.client[i] = c
      order.upstream[i] = matches.upstreamOf[c]!
    }
  }
  return order
}

function onClientClock({ client, upstream, times }: Pairing, time: number): number {
  const { low, high } = times?.translate(1, time, 0) ?? UNKNOWN
  return Number.isFinite(low) && Number.isFinite(high)
    ? (low + high) / 2
    : Number(upstream.facts.baseNs - client.facts.baseNs) + time
}

const UNKNOWN = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }

/** Indices in order of time, equals in their own order. Captures are in order nearly always. */
function byTime(times: Float64Array): Uint32Array {
  const order = Uint32Array.from(times, (_, i) => i)
  const inOrder = times.every((time, i) => i === 0 || times[i - 1]! <= time)
  return inOrder ? order : order.sort((a, b) => times[a]! - times[b]! || a - b)
}
