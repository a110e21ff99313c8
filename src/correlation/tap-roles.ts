import type { ConnectionView, Side } from '../model/connection.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'

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
    const leaving =
      leavingSide(client.view(c)) ?? opposite(u < 0 ? null : leavingSide(upstream.view(u)))
    if (leaving === null) continue
    client.setRoles(c, leaving === 'upstream', 'tap-direction')
    if (u >= 0) upstream.setRoles(u, leaving === 'upstream', 'tap-direction')
  }
  for (let u = 0; u < upstream.count; u++) {
    if (matches.clientOf[u]! >= 0 || upstream.roleReason(u) !== 'first-packet') continue
    const leaving = leavingSide(upstream.view(u))
    if (leaving !== null) upstream.setRoles(u, leaving === 'client', 'tap-direction')
  }
}

function opposite(side: Side | null): Side | null {
  return side === null ? null : side === 'client' ? 'upstream' : 'client'
}

/** Whose segments leave at the tap of this view; null when nothing tells. */
function leavingSide(view: ConnectionView): Side | null {
  const marked = view.segments.find((s) => s.direction === 'leaving' || s.direction === 'arriving')
  if (marked !== undefined)
    return marked.direction === 'leaving' ? marked.from : opposite(marked.from)
  const client = looksLocal(view, 'client')
  const upstream = looksLocal(view, 'upstream')
  return client === upstream ? null : client ? 'client' : 'upstream'
}

function looksLocal(view: ConnectionView, side: Side): boolean {
  const facts = view[side]
  if (facts.packets === facts.resets) return false
  return facts.ttlLow === facts.ttlHigh && INITIAL_TTLS.includes(facts.ttlLow)
}
