import type { CaptureConnections } from './connections/connection-set.ts'

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
  const peers = new Map<string, Set<string>>()
  const note = (endpoint: string, peer: string) => {
    const known = peers.get(endpoint) ?? new Set()
    if (known.size < 2) known.add(peer)
    peers.set(endpoint, known)
  }
  for (let i = 0; i < set.count; i++) {
    const { client, upstream } = set.endpoints(i)
    const a = `${client.address} ${client.port}`
    const b = `${upstream.address} ${upstream.port}`
    note(a, b)
    note(b, a)
  }
  for (const i of weak) {
    const { client, upstream } = set.endpoints(i)
    const told = [client, upstream].find(
      (e) => e.address === server?.host && e.port === server.port,
    )
    if (told !== undefined) {
      set.setRoles(i, told === client, 'server-option')
      continue
    }
    const a = peers.get(`${client.address} ${client.port}`)!.size > 1
    const b = peers.get(`${upstream.address} ${upstream.port}`)!.size > 1
    if (a !== b) set.setRoles(i, a, 'several-peers')
  }
}
