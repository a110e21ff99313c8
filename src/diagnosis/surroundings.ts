import {
  type Case,
  type EndpointFacts,
  endpointText,
  type Surroundings,
  shownTap,
} from '../model/case.ts'
import type { Outcome } from '../model/outcome.ts'
import { onClientClock } from './on-client-clock.ts'

const BURST_NS = 50e6

interface End {
  time: number
  abrupt: boolean
}

/** Gathers, over all connections, what single causes ask about the others. */
export class SurroundingsCollector {
  private readonly endpoints = new Map<string, EndpointFacts>()
  private readonly ends = new Map<string, End[]>()
  /** Last time at which payload went each way, per connection. */
  private readonly alive: { id: number; until: number }[] = []

  /** Outcomes of linked connections: the other leg asks for them. */
  private readonly linked = new Map<number, Outcome>()

  add(c: Case): void {
    if (c.links.length > 0) this.linked.set(c.id, c.outcome)
    const view = c.sighting.taps[shownTap(c.sighting)]!.view!
    const key = upstreamKey(c)
    const facts = this.endpoints.get(key) ?? { connections: 0, established: 0, tls: 0, refused: 0 }
    facts.connections++
    if (c.outcome.handshake.complete && view.upstream.packets > view.upstream.resets)
      facts.established++
    const tls = c.outcome.application.tls
    if (tls !== null && tls.stage !== 'client-hello') facts.tls++
    if (c.outcome.detail === 'refused') facts.refused++
    this.endpoints.set(key, facts)
    this.addEnd(c, key)
    if (view.client.bytes > 0 && view.upstream.bytes > 0 && view.upstream.lastTime !== null) {
      const until = onClientClock(c, shownTap(c.sighting), view.upstream.lastTime)
      this.alive.push({ id: c.id, until })
    }
  }

  private addEnd(c: Case, key: string): void {
    const close = c.outcome.firstClose
    if (close === null || close.by !== 'upstream' || close.segment === null) return
    const time = closeTime(c)
    this.note(key, { time, abrupt: isAbrupt(c) })
  }

  private note(key: string, end: End): void {
    const list = this.ends.get(key) ?? []
    list.push(end)
    this.ends.set(key, list)
  }

  result(): Surroundings {
    const { endpoints, ends, linked } = this
    for (const list of ends.values()) list.sort((a, b) => a.time - b.time)
    const byUntil = [...this.alive].sort((a, b) => b.until - a.until).slice(0, 2)
    return {
      linked: (id) => linked.get(id) ?? null,
      endpoint: (key) =>
        endpoints.get(key) ?? { connections: 0, established: 0, tls: 0, refused: 0 },
      timeOf: closeTime,
      burst(key, timeNs) {
        let count = 0
        let abrupt = 0
        for (const end of ends.get(key) ?? []) {
          if (Math.abs(end.time - timeNs) > BURST_NS) continue
          count++
          if (end.abrupt) abrupt++
        }
        return { ends: count, abrupt }
      },
      othersAliveAfter: (id, timeNs) => byUntil.some((a) => a.id !== id && a.until > timeNs),
    }
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

function closeTime(c: Case): number {
  const close = c.outcome.firstClose
  return close?.segment == null ? 0 : onClientClock(c, close.tap, close.segment.time)
}

/** The upstream endpoint of a connection, as the upstream side knows it: behind a Service, the pod. */
export function upstreamKey(c: Case): string {
  const taps = c.sighting.taps
  const view = taps[taps.length - 1]!.view ?? taps[shownTap(c.sighting)]!.view!
  return endpointText(view.endpoints.upstream)
}
