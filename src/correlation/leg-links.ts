import type { RequestMark } from '../model/application.ts'
import type { Leg } from './legs.ts'

/** The two connections around a proxy: never one connection, so never matched (VERDICTS §6). Indices are those of the report. */
export interface LegLink {
  downstream: number
  upstream: number
  basis: string
  confidence: 'certain' | 'probable' | 'unclear'
  /** Requests that both carry, as far as they were recognised; 0 where one stands for the other as a whole. */
  requests: number
  /** When the first and the last of them were asked for, by the tap that saw the downstream leg: relative ns. */
  tap: number
  firstAt: number
  lastAt: number
  /** Of the last of them: */
  last: LastExchange
}

export interface LastExchange {
  /** The upstream leg ended before it had answered. */
  owed: boolean
  /** Statuses of both legs' responses; 0 for none. */
  downstreamStatus: number
  upstreamStatus: number
}

/** Links of one connection: a busy connection of a pool serves more of them than anybody reads. */
const MOST_LINKS = 128
const RANK = { certain: 2, probable: 1, unclear: 0 } as const

/** One request, or one connection as a whole, seen on both legs. */
export interface Sighted {
  downstream: Leg
  upstream: Leg
  basis: string
  confidence: LegLink['confidence']
  /** The request as each leg shows it; null for the connection. */
  asked: { downstream: RequestMark; upstream: RequestMark } | null
}

/** Gathers what links two connections: the strongest basis counts, and how many exchanges they share. */
export class LegLinks {
  /** Links that were not kept because their connections have as many as are told. */
  dropped = 0
  private readonly links = new Map<number, LegLink>()
  private readonly perRow = new Map<number, number>()
  private readonly served = new Set<number>()
  private readonly serving = new Set<number>()
  private readonly rows: number

  constructor(rows: number) {
    this.rows = rows
  }

  /** Has it been told already where this connection goes on, or where it comes from? */
  has(row: number, as: 'downstream' | 'upstream'): boolean {
    return (as === 'downstream' ? this.served : this.serving).has(row)
  }

  add(found: Sighted, tap: number): void {
    const { asked, basis, confidence } = found
    const at = asked?.downstream.time ?? found.downstream.asked
    const last = lastOf(found)
    const requests = asked === null ? 0 : 1
    const downstream = found.downstream.row
    const upstream = found.upstream.row
    const key = downstream * this.rows + upstream
    const link = this.links.get(key)
    if (link === undefined) {
      if (!this.hasRoom(downstream) || !this.hasRoom(upstream)) {
        this.dropped++
        return
      }
      this.count(downstream)
      this.count(upstream)
      this.served.add(downstream)
      this.serving.add(upstream)
      const times = { tap, firstAt: at, lastAt: at }
      this.links.set(key, { downstream, upstream, basis, confidence, requests, ...times, last })
      return
    }
    // Seen at another tap, too: counted once.
    if (link.tap !== tap) return
    link.requests += requests
    if (at < link.firstAt) link.firstAt = at
    if (at >= link.lastAt) {
      link.lastAt = at
      link.last = last
    }
    if (RANK[confidence] > RANK[link.confidence]) {
      link.confidence = confidence
      link.basis = basis
    }
  }

  /** In order of the downstream legs, then of the upstream ones. */
  list(): LegLink[] {
    return [...this.links.values()].sort(
      (a, b) => a.downstream - b.downstream || a.upstream - b.upstream,
    )
  }

  private hasRoom(row: number): boolean {
    return (this.perRow.get(row) ?? 0) < MOST_LINKS
  }

  private count(row: number): void {
    this.perRow.set(row, (this.perRow.get(row) ?? 0) + 1)
  }
}

function lastOf({ asked, upstream }: Sighted): LastExchange {
  const { requests, isOwing } = upstream
  // A connection that nobody opened, or that nobody can look into, answered nothing.
  const isLast = requests.length === 0 || asked === null || asked.upstream === requests.at(-1)
  return {
    owed: isLast && (requests.length === 0 || isOwing),
    downstreamStatus: asked?.downstream.status ?? 0,
    upstreamStatus: asked?.upstream.status ?? 0,
  }
}
