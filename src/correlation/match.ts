import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import type { MatchMethod } from '../model/report.ts'
import { matchByIsn } from './match-by-isn.ts'
import { matchByKeys, type Unmatched, withKeys } from './match-by-segments.ts'
import { payloadKey, sequenceKey, timestampKey } from './segment-keys.ts'

/**
 * Finds the connections that both captures show, whatever NAT did to their addresses (VERDICTS §6): by ISNs, then by
 * sequence numbers, by timestamps where a middlebox rewrites sequence numbers, and by payload. Linear in connections.
 */
export function matchConnections(client: ConnectionSet, upstream: ConnectionSet): Matches {
  const matches: Matches = {
    upstreamOf: new Int32Array(client.count).fill(-1),
    clientOf: new Int32Array(upstream.count).fill(-1),
    methods: new Array(client.count).fill(null),
    shifts: new Map(),
  }
  const joinAs = (method: MatchMethod) => (c: number, u: number) => {
    matches.upstreamOf[c] = u
    matches.clientOf[u] = c
    matches.methods[c] = method
  }
  matchByIsn(client, upstream, matches, joinAs('isn'))
  const near = withKeys(client, matches.upstreamOf)
  const far = withKeys(upstream, matches.clientOf)
  if (near.length === 0 || far.length === 0) return matches
  const left: Unmatched = { client, near, upstream, far, matches }
  if (near.some((c) => client.isMidstream(c)) || far.some((u) => upstream.isMidstream(u))) {
    const allowed = (c: number, u: number) => client.isMidstream(c) || upstream.isMidstream(u)
    // One exact (seq, ack) is enough; the weaker keys need three in a row with one shift.
    const how = { keyOf: sequenceKey, votes: 1, shifted: false, allowed }
    matchByKeys(left, how, joinAs('sequence'))
  }
  const weak = { votes: 3, shifted: true, allowed: () => true }
  matchByKeys(left, { keyOf: timestampKey, ...weak }, joinAs('timestamps'))
  matchByKeys(left, { keyOf: payloadKey, ...weak }, joinAs('payload'))
  return matches
}
