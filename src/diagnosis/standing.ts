import type { ApplicationSummary } from '../model/application.ts'
import { type Burst, type Case, endpointText, shownTap } from '../model/case.ts'
import type { Side } from '../model/connection.ts'
import type { Outcome } from '../model/outcome.ts'
import { onClientClock } from './on-client-clock.ts'

/** What one connection is to those around it. Equal for all connections of one shape. */
export interface Standing {
  established: boolean
  /** TLS went on beyond the ClientHello. */
  tls: boolean
  /** By which segment the upstream closed first; null where it did not. */
  closedBy: { from: Side; kind: 'fin' | 'rst' } | null
  /** It was cut in the middle of something. */
  abrupt: boolean
  /** The upstream's kernel refused the SYN. */
  refused: boolean
  /** Its kernel answered as if there had never been a connection. */
  forgotten: boolean
  /** The upstream ended it without a byte of its own. */
  unanswered: boolean
  /** In which way it was answered, but for a 400. */
  served: 'tls' | 'proxy-header' | 'plain' | null
}

export function standingOf(c: Case): Standing {
  const { outcome } = c
  const view = c.sighting.taps[shownTap(c.sighting)]!.view!
  const tls = outcome.application.tls
  return {
    established: outcome.handshake.complete && view.upstream.packets > view.upstream.resets,
    tls: tls !== null && tls.stage !== 'client-hello',
    closedBy: closingSegment(outcome),
    abrupt: isAbrupt(c),
    refused: outcome.detail === 'refused' && outcome.firstReset?.by !== 'between',
    forgotten: isForgotten(outcome),
    unanswered: view.upstream.bytes === 0 && outcome.handshake.complete,
    served: servedIn(outcome.application, view.upstream.bytes),
  }
}

function servedIn(application: ApplicationSummary, answered: number): Standing['served'] {
  const { clientFirst, http } = application
  if (answered === 0 || http?.lastStatus === 400) return null
  if (clientFirst === 'none' || clientFirst === 'not-captured') return null
  if (clientFirst === 'tls' || application.upstreamFirst === 'tls') return 'tls'
  return clientFirst.startsWith('proxy-') ? 'proxy-header' : 'plain'
}

/** A kernel without the socket answered data, and nobody had closed before. */
export function isForgotten({ firstReset, fins }: Outcome): boolean {
  if (firstReset === null || firstReset.by === 'between') return false
  const { event } = firstReset
  return (
    event.from === 'upstream' &&
    event.anatomy === 'passive' &&
    fins.upstream === null &&
    (event.trigger?.segment.length ?? 0) > 0
  )
}

/** What its own end adds to a burst of ends at its endpoint. */
export function ownBurst(c: Case): Burst {
  if (closingSegment(c.outcome) === null) return { ends: 0, abrupt: 0 }
  return { ends: 1, abrupt: isAbrupt(c) ? 1 : 0 }
}

function closingSegment({ firstClose: close, firstReset, fins }: Outcome): Standing['closedBy'] {
  if (close === null || close.by !== 'upstream' || close.segment === null) return null
  if (close.kind === 'rst') return { from: firstReset!.event.from, kind: 'rst' }
  const from = fins.client?.seen[close.tap] === close.segment ? 'client' : 'upstream'
  return { from, kind: 'fin' }
}

/** When the upstream last sent payload, where payload went both ways, on the client's clock: a kernel acknowledges for the dead. */
export function aliveUntil(c: Case): number {
  const shown = shownTap(c.sighting)
  const { client, upstream } = c.sighting.taps[shown]!.view!
  const alive = client.bytes > 0 && upstream.bytes > 0 && upstream.lastPayloadTime !== null
  return alive ? onClientClock(c, shown, upstream.lastPayloadTime!) : Number.NaN
}

/** Was the connection cut in the middle of something, as far as the packets tell? */
export function isAbrupt(c: Case): boolean {
  const { exchangeAtClose: state, detail, firstClose, benign, firstReset } = c.outcome
  if (benign || detail === 'refused') return false
  const cut = state === 'mid-response' || state === 'mid-request' || state === 'response-owed'
  if (cut || detail === 'truncated-response') return true
  // A reset after long silence is a timer's.
  const busy = firstReset?.idleNs == null || firstReset.idleNs < 1e9
  return firstClose?.kind === 'rst' && state === 'opaque' && busy
}

/** When its first packet passed the tap that it is shown with, on the client's clock. */
export function startTime(c: Case): number {
  const tap = shownTap(c.sighting)
  return onClientClock(c, tap, c.sighting.taps[tap]!.view!.firstTime)
}

/** When a connection's first FIN or RST was sent, on the client's clock; 0 without one. */
export function closeTime(c: Case): number {
  const close = c.outcome.firstClose
  return close?.segment == null ? 0 : onClientClock(c, close.tap, close.segment.time)
}

/** The upstream endpoint of a connection, as the upstream side knows it: behind a Service, the pod. */
export function upstreamKey(c: Case): string {
  const taps = c.sighting.taps
  const view = taps[taps.length - 1]!.view ?? taps[shownTap(c.sighting)]!.view!
  return endpointText(view.endpoints.upstream)
}
