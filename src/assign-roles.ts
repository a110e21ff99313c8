import type { CaptureConnections } from './connections/connection-set.ts'
import { EndpointIds } from './connections/endpoint-ids.ts'
import type { Side } from './model/connection.ts'

/** Reasons that a told server or the number of peers may not overrule. */
const STRONG = new Set(['syn', 'syn-ack', 'application'])

/**
 * Roles that one connection alone does not show: the endpoint told by --server, or one that several peers talk to,
 * is the upstream (VERDICTS §1).
 */
export function assignRoles(
  set: CaptureConnections,
  server: { host: string; port: number } | undefined,
): void {
  const weak: number[] = []
  for (let i = 0; i < set.count; i++) if (!STRONG.has(set.roleReason(i))) weak.push(i)
  if (weak.length === 0) return
  const ids = new EndpointIds()
  const ends = weak.map((i) => ({
    client: set.endpointId(i, 'client', ids),
    upstream: set.endpointId(i, 'upstream', ids),
  }))
  const several = withSeveralPeers(set, ids)
  weak.forEach((i, k) => {
    const told = server === undefined ? null : sideOf(set, i, server)
    if (told !== null) {
      set.setRoles(i, told === 'client', 'server-option')
      return
    }
    const a = several[ends[k]!.client]!
    const b = several[ends[k]!.upstream]!
    if (a !== b) set.setRoles(i, a === 1, 'several-peers')
  })
}

/** Which end of a connection is this endpoint? */
function sideOf(
  set: CaptureConnections,
  index: number,
  { host, port }: { host: string; port: number },
): Side | null {
  const { client, upstream } = set.endpoints(index)
  if (client.address === host && client.port === port) return 'client'
  return upstream.address === host && upstream.port === port ? 'upstream' : null
}

/** By id: 1 where an endpoint talks to more than one other. */
function withSeveralPeers(set: CaptureConnections, ids: EndpointIds): Uint8Array {
  const several = new Uint8Array(ids.count)
  const first = new Int32Array(ids.count).fill(-1)
  // Ids of their own: most peers are none of the endpoints that are asked about.
  const peers = new EndpointIds()
  const note = (i: number, side: Side, other: Side): void => {
    const id = set.findEndpoint(i, side, ids)
    if (id < 0 || several[id] === 1) return
    const peer = set.endpointId(i, other, peers)
    if (first[id] === -1) first[id] = peer
    else if (first[id] !== peer) several[id] = 1
  }
  for (let i = 0; i < set.count; i++) {
    note(i, 'client', 'upstream')
    note(i, 'upstream', 'client')
  }
  return several
}
