import { ACK, RST, SYN } from '../../../native-free-decoders/decoded-packet.ts'
import { isForgotten } from '../standing.ts'
import { type Facts, whenReset } from './rule.ts'

/** A kernel without the socket answers data, and its own capture shows that it once had it. */
export const peerRestarted = whenReset((f, { by, event }) => {
  if (!isForgotten(f.c.outcome)) return null
  const home = f.c.sighting.taps.find((tap) => tap.side === event.from)?.view
  if (home == null || home.midstream || home[event.from].bytes === 0) return null
  const { forgotten } = f.around.endpoint(f.c)
  return {
    id: 'peer-restarted',
    confidence: by === event.from && forgotten >= 2 ? 'probable' : 'unclear',
    why: `the ${event.from} had taken part in this connection, never closed it, and its kernel knows nothing of it any more${forgotten >= 2 ? `; so it is with ${forgotten} connections of ${f.upstreamKey}` : ''}: its host or network namespace was restarted, or its sockets were destroyed (ss -K)`,
    next: [
      'kubectl get pod POD -o wide: start time and restarts against the time of the last good packet',
      'on the node: uptime; journalctl --list-boots',
    ],
  }
})

/** A kernel without the socket answers data, and nobody had closed. */
export const stale = whenReset((f, { causedBy, by, event }) => {
  const { fins } = f.c.outcome
  if (by === 'between' || event.anatomy !== 'passive' || fins[event.from] !== null) return null
  if ((event.trigger?.segment.length ?? 0) === 0) return null
  const home = f.c.sighting.taps.findIndex((tap) => tap.side === event.from)
  const first = f.c.sighting.taps[home]?.view?.segments.find(
    (s) => s.from === event.from && (s.flags & RST) === 0,
  )
  return {
    id: 'stale-endpoint',
    confidence: causedBy === 'between' ? 'probable' : 'unclear',
    why: 'the data reached a host that has no such connection and never closed it: it restarted, its address belonged to another pod before, or another backend was chosen',
    against: () =>
      first === undefined
        ? []
        : [{ tap: home, segment: first, text: `that host had taken part in this connection` }],
    next: [
      `kubectl get pods -A -o wide --field-selector status.podIP=${ownAddress(f, event.from)}; compare start times with the packet time`,
    ],
  }
})

function ownAddress(f: Facts, side: 'client' | 'upstream'): string {
  const tap = f.c.sighting.taps.find((t) => t.side === side && t.view !== null)
  return (tap?.view ?? f.view).endpoints[side].address
}

/** The upstream's kernel knows nothing of a handshake that the client completed. */
export const syncookieLost = whenReset((f, { event, by }) => {
  if (by !== 'upstream' || !isFirstAnswer(f) || !f.bothSaw) return null
  const home = f.c.sighting.taps.findIndex((tap) => tap.side === 'upstream')
  const { segments } = f.c.sighting.taps[home]!.view!
  const synAcks = segments.filter(
    (s) => s.from === 'upstream' && (s.flags & (SYN | ACK)) === (SYN | ACK),
  )
  const trigger = event.trigger!.segment
  const ackArrived = segments.some(
    (s) =>
      s.from === 'client' && s.frame < trigger.frame && s.length === 0 && s.ack === trigger.ack,
  )
  // A half-open socket would have repeated its SYN-ACK after a second.
  const waited = synAcks.length === 1 && trigger.time - synAcks[0]!.time > 1.5e9
  if (ackArrived || !waited) return null
  return {
    id: 'syn-cookie-lost',
    confidence: 'probable',
    why: `the ACK of the handshake never reached ${f.upstreamKey}, which did not repeat its SYN-ACK: it had answered with a SYN cookie and kept nothing`,
    evidence: [
      { tap: home, segment: synAcks[0]!, text: 'the only SYN-ACK; no ACK answers it here' },
    ],
    next: [
      'on the upstream: nstat -az TcpExtSyncookiesSent TcpExtSyncookiesFailed; dmesg | grep "SYN flooding"',
      'net.ipv4.tcp_max_syn_backlog, and the listen() backlog of the server',
    ],
  }
})

/** A kernel that has no room for a connection says so at once; later another one may have taken its place. */
const AT_ONCE_NS = 1.5e9

export const acceptQueue = whenReset((f, { by, event }) => {
  if (by !== 'upstream' || !isFirstAnswer(f)) return null
  const synAcks = f.view.segments.filter(
    (s) => s.from === 'upstream' && (s.flags & (SYN | ACK)) === (SYN | ACK),
  )
  const answer = event.segment.seen[f.c.sighting.taps.findIndex(({ view }) => view === f.view)]
  const last = synAcks.at(-1)
  const isLate = synAcks.length === 1 && answer != null && answer.time - last!.time > AT_ONCE_NS
  return {
    id: 'accept-queue-overflow',
    confidence: isLate ? 'unclear' : 'probable',
    why: `the handshake was complete for the client and ${f.upstreamKey} knew nothing of it: its accept queue was full (tcp_abort_on_overflow), or its SYN cookie was not taken`,
    next: [
      'on the upstream: nstat -az TcpExtListenOverflows TcpExtListenDrops TcpExtTCPReqQFullDoCookies',
      'sysctl net.ipv4.tcp_abort_on_overflow net.core.somaxconn; the listen() backlog of the server',
    ],
  }
})

/** The RST answers the client's first segments as a kernel without the socket does, and nobody had closed. */
function isFirstAnswer(f: Facts): boolean {
  const { event } = f.reset!
  const { view } = f
  if (event.anatomy !== 'passive' || view.upstream.bytes > 0) return false
  if (event.trigger === null || view.upstream.isn === null) return false
  // What was acknowledged had a socket.
  const { isn } = view.client
  if (isn === null || (view.upstream.acked ?? isn + 1) !== (isn + 1) >>> 0) return false
  const answers = event.trigger.segment.ack === (view.upstream.isn + 1) >>> 0
  return answers && f.c.outcome.fins.upstream === null
}
