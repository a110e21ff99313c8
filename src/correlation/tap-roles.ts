import type { Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import { newSegmentNumbers } from './segment-rows.ts'

const INITIAL_TTLS: readonly number[] = [64, 128, 255]

/**
 * Roles of connections that nothing else tells (VERDICTS §1): at the client's tap the client's segments leave, at the
 * upstream's tap the upstream's do. The capture's own word on direction first, else untouched TTLs and checksums.
 */
export function assignTapRoles(
  client: ConnectionSet,
  upstream: ConnectionSet,
  matches: Matches,
): void {
  for (let c = 0; c < client.count; c++) {
    if (client.roleReason(c) !== 'first-packet') continue
    const u = matches.upstreamOf[c]!
    if (u >= 0 && upstream.roleReason(u) !== 'first-packet') continue
    const leaving = leavingSide(client, c) ?? opposite(u < 0 ? null : leavingSide(upstream, u))
    if (leaving === null) continue
    client.setRoles(c, leaving === 'upstream', 'tap-direction')
    if (u >= 0) upstream.setRoles(u, leaving === 'upstream', 'tap-direction')
  }
  for (let u = 0; u < upstream.count; u++) {
    if (matches.clientOf[u]! >= 0 || upstream.roleReason(u) !== 'first-packet') continue
    const leaving = leavingSide(upstream, u)
    if (leaving !== null) upstream.setRoles(u, leaving === 'client', 'tap-direction')
  }
}

function opposite(side: Side | null): Side | null {
  return side === null ? null : side === 'client' ? 'upstream' : 'client'
}

const rows = newSegmentNumbers()
const ARRIVING = 1
const LEAVING = 2

/** Whose segments leave at the tap of this connection; null when nothing tells. */
function leavingSide(set: ConnectionSet, index: number): Side | null {
  set.readSegments(index, rows)
  for (let i = 0; i < rows.count; i++) {
    const direction = rows.direction[i]!
    if (direction !== LEAVING && direction !== ARRIVING) continue
    return (direction === LEAVING) === (rows.from[i] === 0) ? 'client' : 'upstream'
  }
  const client = looksLocal(set, index, 'client')
  const upstream = looksLocal(set, index, 'upstream')
  return client === upstream ? null : client ? 'client' : 'upstream'
}

function looksLocal(set: ConnectionSet, index: number, side: Side): boolean {
  return set.livePackets(index, side) > 0 && INITIAL_TTLS.includes(set.steadyTtl(index, side))
}
