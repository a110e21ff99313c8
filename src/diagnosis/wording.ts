import type { Case } from '../model/case.ts'
import { endpointText, namedText } from '../model/case.ts'
import type { Side } from '../model/connection.ts'
import type { Cause, Connection, FirstReset } from '../model/report.ts'

/** The first line of a report: who reset first. Subject first; the confidence is its own field. */
export function verdictHeadline(
  c: Case,
  connection: Connection,
  ordinary: boolean,
  /** What a proxy has to do with it; empty for none. */
  legs = '',
): string {
  const proxied = legs === '' ? '' : `; ${legs}`
  const tail = ordinary ? '; everything had been said: an ordinary end' : ''
  const reset = connection.firstReset
  if (reset === null) return `${nobody(connection)}${proxied}`
  switch (reset.by) {
    case 'client':
    case 'upstream':
      return `${atProxy(connection, reset.by) ? 'THE PROXY' : reset.by.toUpperCase()} reset first: ${sentText(c, connection, reset.by)}${provokedText(reset)}${tail}${proxyText(connection, reset.by)}${proxied}`
    case 'between':
      return `A DEVICE BETWEEN reset it: ${betweenText(c, connection)}${proxied}`
    default:
      return `CANNOT TELL who reset first: ${undeterminedText(connection)}${proxied}`
  }
}

/** Where nothing is wrong with so many connections. */
export function nothingHeadline(connections: number): string {
  return connections === 0
    ? 'NOBODY reset: the captures hold no TCP connection'
    : `NOBODY reset: ${connectionsText(connections)}, none of them reset`
}

/** The sender is often innocent: say so where the packets do. */
function provokedText(reset: FirstReset): string {
  if (reset.causedBy === reset.by || reset.causedBy === 'undetermined') return ''
  const who = reset.causedBy === 'between' ? 'something between' : `the ${reset.causedBy}`
  return `, provoked by ${who}`
}

function connectionsText(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}

function clockTime(at: string): string {
  return `${at.slice(11, 26)}Z`
}

/** "sent" is said only where a tap in that host shows it. */
function sentText(c: Case, connection: Connection, by: Side): string {
  const reset = connection.firstReset!
  const who = namedText(connection[by])
  const home = c.sighting.taps.findIndex((tap) => tap.side === by)
  const event = c.outcome.firstReset!.event
  const leaving = home >= 0 && event.segment.seen[home] != null
  const inHost = home >= 0 && c.sighting.taps[home]!.inHost?.host === by
  if (!leaving) return `the RST (reset) came from the direction of ${who}, ${clockTime(reset.at)}`
  if (!inHost)
    return `the RST (reset) came from behind the ${by} tap, where ${who} is, ${clockTime(reset.at)}`
  const other = by === 'client' ? 'upstream' : 'client'
  const travel = travelText(c, by, home, atProxy(connection, other) ? 'proxy' : other)
  return `${who} sent RST (reset) at ${clockTime(reset.at)}${travel}`
}

/** Is the proxy this end of the connection, by a link that is more than a guess? */
export function atProxy({ links }: Pick<Connection, 'links'>, side: Side): boolean {
  const relation = side === 'client' ? 'proxied-from' : 'proxied-to'
  return links.some((link) => link.relation === relation && link.confidence !== 'unclear')
}

function travelText(c: Case, by: Side, home: number, other: Side | 'proxy'): string {
  const event = c.outcome.firstReset!.event
  const far = c.sighting.taps.findIndex((tap) => tap.side !== null && tap.side !== by)
  if (far < 0) return ''
  const arrived = event.segment.seen[far]
  if (arrived == null) return `; the ${other}'s capture does not show it arriving`
  const sent = event.segment.seen[home]!
  const interval = c.sighting.clock?.translate(far, arrived.time, home)
  if (!interval || !Number.isFinite(interval.low) || !Number.isFinite(interval.high)) {
    return `, and the ${other} got it`
  }
  const ms = Math.max(0, ((interval.low + interval.high) / 2 - sent.time) / 1e6)
  const subject = other === 'proxy' ? 'the proxy' : other
  if (ms < 0.1) return `, ${subject} got it less than 0.1 ms later`
  return `, ${subject} got it ${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms later`
}

function proxyText(connection: Connection, by: Side): string {
  const proxy = connection.proxies.find((p) => p.side === by)
  if (proxy === undefined) return ''
  const relation = by === 'upstream' ? 'proxied-to' : 'proxied-from'
  const leg = connection.links.find((l) => l.relation === relation && l.confidence !== 'unclear')
  if (leg !== undefined) {
    return ` (the proxy of ${endpointText(connection[by])}, not the application: its other leg is #${leg.connection}; ${proxy.basis})`
  }
  if (connection[by].address.startsWith('127.')) {
    return ` (a proxy in that host, not the application: this capture shows no connection that it made of this one; ${proxy.basis})`
  }
  const shared = proxy.basis.includes('HBONE') ? '; many requests share an HBONE connection' : ''
  return ` (the proxy of ${endpointText(connection[by])}, not the application: its leg is not in this capture, one of lo in that pod would show it; ${proxy.basis}${shared})`
}

function betweenText(c: Case, connection: Connection): string {
  const reset = connection.firstReset!
  const event = c.outcome.firstReset!.event
  const forgedBoth = c.outcome.resets.some(
    (e) =>
      e.from !== event.from && e.ending && e.segment.seen.filter((s) => s !== null).length === 1,
  )
  const isKnown = reset.where !== null && reset.where.text !== 'between the two captures'
  const where = isKnown ? `, ${reset.where!.text}` : ''
  if (forgedBoth && reset.confidence === 'certain') {
    return `both ends got a RST (reset) that neither of them sent${where}`
  }
  const victim = event.from === 'client' ? 'upstream' : 'client'
  return `the ${victim} got a RST (reset) in the name of ${namedText(connection[event.from])} that did not leave that side${where}, ${clockTime(reset.at)}`
}

function undeterminedText(connection: Connection): string {
  const reset = connection.firstReset!
  const last = reset.evidence[reset.evidence.length - 1]
  return last === undefined ? 'the captures do not show where the RST came from' : last.text
}

function nobody(connection: Connection): string {
  const upstream = namedText(connection.upstream)
  if (connection.causes[0]?.id === 'ineffective-rst') {
    return `NOBODY reset: a RST (reset) in a connection with ${upstream} was ignored by its receiver, and the connection went on`
  }
  switch (connection.termination) {
    case 'handshake-never-completed':
      return `NOBODY sent a RST: the handshake with ${upstream} was never completed`
    case 'tls-aborted':
      return `NOBODY sent a RST: the TLS handshake with ${upstream} was given up`
    case 'open':
      return connection.detail === 'silent-loss'
        ? `NOBODY sent a RST: packets to or from ${upstream} went unanswered`
        : `NOBODY sent a RST: the connection with ${upstream} stalled`
    default:
      return connection.detail === 'truncated-response'
        ? `NOBODY sent a RST: ${upstream} closed in the middle of its response`
        : `NOBODY sent a RST: the connection with ${upstream} was closed`
  }
}

/** The second line: why. */
export function causeHeadline(cause: Cause): string {
  return `${cause.why} (${cause.id})`
}
