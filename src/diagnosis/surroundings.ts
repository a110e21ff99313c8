import {
  type Burst,
  type Case,
  type EndpointFacts,
  endpointText,
  type Surroundings,
  shownTap,
} from '../model/case.ts'
import type { Side } from '../model/connection.ts'
import type { Outcome } from '../model/outcome.ts'
import { Moments } from './moments.ts'
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
  }
}

function closingSegment({ firstClose: close, firstReset, fins }: Outcome): Standing['closedBy'] {
  if (close === null || close.by !== 'upstream' || close.segment === null) return null
  if (close.kind === 'rst') return { from: firstReset!.event.from, kind: 'rst' }
  const from = fins.client?.seen[close.tap] === close.segment ? 'client' : 'upstream'
  return { from, kind: 'fin' }
}

/** Until when payload went both ways, on the client's clock; NaN where it did not. */
export function aliveUntil(c: Case): number {
  const shown = shownTap(c.sighting)
  const { client, upstream } = c.sighting.taps[shown]!.view!
  const alive = client.bytes > 0 && upstream.bytes > 0 && upstream.lastTime !== null
  return alive ? onClientClock(c, shown, upstream.lastTime!) : Number.NaN
}

const BURST_NS = 50e6

/** Gathers, over all connections, what single causes ask about the others; endpoints by their ids. */
export class SurroundingsCollector {
  private established = new Uint32Array(64)
  private tls = new Uint32Array(64)
  private readonly ends = new Moments()
  private readonly abruptEnds = new Moments()
  /** The two connections in which payload went both ways last. */
  private readonly alive = [
    { id: 0, until: Number.NEGATIVE_INFINITY },
    { id: 0, until: Number.NEGATIVE_INFINITY },
  ]
  /** Outcomes of linked connections: the other leg asks for them. */
  private readonly linked = new Map<number, Outcome>()

  /** `closed` is when the upstream closed first, `until` when it was last alive (NaN: never), on the client's clock. */
  add(id: number, upstream: number, standing: Standing, closed: number, until: number): void {
    if (upstream >= this.tls.length) this.grow(upstream)
    if (standing.established) this.established[upstream]!++
    if (standing.tls) this.tls[upstream]!++
    if (standing.closedBy !== null) {
      this.ends.add(upstream, closed)
      if (standing.abrupt) this.abruptEnds.add(upstream, closed)
    }
    const [first, second] = this.alive as [LastAlive, LastAlive]
    if (until > first.until) {
      this.alive.pop()
      this.alive.unshift({ id, until })
    } else if (until > second.until) {
      this.alive[1] = { id, until }
    }
  }

  addLinked(c: Case): void {
    this.linked.set(c.id, c.outcome)
  }

  /** Ends at an endpoint within 50 ms of a moment. */
  burst(upstreamId: number, time: number): Burst {
    return {
      ends: this.ends.within(upstreamId, time, BURST_NS),
      abrupt: this.abruptEnds.within(upstreamId, time, BURST_NS),
    }
  }

  /** Once all connections were added. */
  result(): Surroundings {
    return {
      linked: (id) => this.linked.get(id) ?? null,
      endpoint: ({ upstreamId }): EndpointFacts => ({
        established: this.established[upstreamId] ?? 0,
        tls: this.tls[upstreamId] ?? 0,
      }),
      burst: (c) => this.burst(c.upstreamId, closeTime(c)),
      othersAliveAfter: (id, timeNs) => this.alive.some((a) => a.id !== id && a.until > timeNs),
    }
  }

  private grow(id: number): void {
    const size = 2 ** Math.ceil(Math.log2(id + 1))
    const established = new Uint32Array(size)
    established.set(this.established)
    this.established = established
    const tls = new Uint32Array(size)
    tls.set(this.tls)
    this.tls = tls
  }
}

interface LastAlive {
  id: number
  until: number
}

/** What was asked of surroundings, and so what an answer depends on. */
export interface Asked {
  /** The endpoint, or the burst of ends at the connection's own. */
  endpoint: boolean
  /** Something that another connection in the same place may be told otherwise. */
  itself: boolean
}

/** Surroundings that note in `asked` what is asked of them; without `known` ones they say that nothing is around. */
export function notingSurroundings(known: Surroundings | null): Surroundings & { asked: Asked } {
  const asked: Asked = { endpoint: false, itself: false }
  return {
    asked,
    endpoint(c) {
      asked.endpoint = true
      return known?.endpoint(c) ?? { established: 0, tls: 0 }
    },
    burst(c) {
      asked.endpoint = true
      return known?.burst(c) ?? { ends: 0, abrupt: 0 }
    },
    linked(id) {
      asked.itself = true
      return known?.linked(id) ?? null
    },
    othersAliveAfter(id, timeNs) {
      asked.itself = true
      return known?.othersAliveAfter(id, timeNs) ?? false
    },
  }
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
