import type { Leg } from '../../model/access-log.ts'
import { endpointText } from '../../model/case.ts'
import type { AddressPair, Endpoint } from '../../model/connection.ts'

/** A stretch of time, ns after the origin. */
export interface Span {
  start: number
  end: number
}

/** When a connection lived, by the clock of the capture named. */
export interface Life extends Span {
  capture: string
}

/** The connections of the captures, as far as lines are joined to them; indices run from 0. */
export interface Connections {
  readonly count: number
  /** Zero of all times, ns since 1970. */
  readonly origin: bigint
  /** When each capture ran. */
  readonly captures: readonly Life[]
  /** Every pair of addresses under which a capture (index as in `captures`) shows a connection. */
  pairs(index: number): Iterable<AddressPair & { tap: number }>
  /** Its life at the capture that is nearest to a proxy on this leg of it. */
  life(index: number, leg: Leg): Life
  /** Did it never come about: no handshake, or none of TLS? */
  failed(index: number): boolean
}

/** Connections that go to one endpoint. */
interface Destination {
  indices: number[]
  /** Captures that show it, one bit each. */
  taps: number
  sorted: SortedLives | null
}

interface SortedLives {
  indices: Uint32Array
  starts: Float64Array
  ends: Float64Array
  /** The latest end of this life and all before it. */
  latest: Float64Array
}

/** Finds connections by both ends, or by where they go and when. */
export class ConnectionIndex {
  readonly connections: Connections
  private readonly heads: Int32Array
  private next: Int32Array
  private owner: Int32Array
  private hashes: Int32Array
  private entries = 0
  private readonly destinations = new Map<string, Destination>()
  private readonly callers = new Set<string>()
  private byClient: { heads: Int32Array; next: Int32Array } | null = null
  /** `client address > server`. */
  private readonly paths = new Set<string>()
  /** Hashes of what connections go to, to pass over other lines at once; and the ports of these. */
  private readonly servers = new Set<number>()
  private readonly ports = new Set<number>()

  constructor(connections: Connections) {
    this.connections = connections
    const room = Math.max(16, connections.count * 2)
    this.heads = new Int32Array(2 ** Math.ceil(Math.log2(room))).fill(-1)
    this.next = new Int32Array(room)
    this.owner = new Int32Array(room)
    this.hashes = new Int32Array(room)
    for (let i = 0; i < connections.count; i++) this.add(i)
  }

  /** False where no connection goes to this endpoint. */
  mayKnow(server: Endpoint): boolean {
    return this.servers.has(endpointHash(server))
  }

  /** Does any connection go to this port? */
  hasPort(port: number): boolean {
    return this.ports.has(port)
  }

  /** Those between just these two ends. */
  between(client: Endpoint, server: Endpoint): number[] {
    const found: number[] = []
    const hash = hashOf(client, server)
    for (let at = this.heads[this.slotOf(hash)]!; at >= 0; at = this.next[at]!) {
      if (this.hashes[at] !== hash) continue
      const index = this.owner[at]!
      if (!found.includes(index) && this.hasPair(index, client, server)) found.push(index)
    }
    return found.reverse()
  }

  /** Does any connection come from this address? */
  hasCaller(address: string): boolean {
    return this.callers.has(address)
  }

  /** Those from this end, wherever they go: a Service's address is translated before its proxy sees the connection. */
  from(client: Endpoint): number[] {
    this.byClient ??= this.chainClients()
    const { heads, next } = this.byClient
    const found: number[] = []
    const slot = endpointHash(client) & (heads.length - 1)
    for (let at = heads[slot]!; at >= 0; at = next[at]!) {
      const pairs = [...this.connections.pairs(at)]
      if (pairs.some((pair) => isSame(pair.client, client))) found.push(at)
      if (found.length > MOST_STEPS) return []
    }
    return found.reverse()
  }

  /**
   * Those to an endpoint that lived in a span of time, as seen from the proxy that called it; null where there are more
   * than `most`.
   */
  to(server: Endpoint, { start, end }: Span, most: number): number[] | null {
    const destination = this.destinations.get(endpointText(server))
    if (destination === undefined) return []
    destination.sorted ??= sortLives(destination.indices, this.connections)
    const { indices, starts, ends, latest } = destination.sorted
    const found: number[] = []
    let steps = 0
    for (let i = firstAfter(starts, end) - 1; i >= 0 && latest[i]! >= start; i--) {
      if (++steps > MOST_STEPS) return null
      if (ends[i]! < start) continue
      if (found.length === most) return null
      found.push(indices[i]!)
    }
    return found.sort((a, b) => a - b)
  }

  /** Did this capture run in all of this time, and show connections to this endpoint, from this address where it is told? */
  covers(capture: string, server: Endpoint, clientAddress: string | null, span: Span): boolean {
    const key = endpointText(server)
    const destination = this.destinations.get(key)
    const { captures } = this.connections
    const tap = captures.findIndex((one) => one.capture === capture)
    if (destination === undefined || (destination.taps & (1 << tap)) === 0) return false
    if (clientAddress !== null && !this.paths.has(`${clientAddress}>${key}`)) return false
    return captures[tap]!.start <= span.start && captures[tap]!.end >= span.end
  }

  /** The capture by whose clock connections to this endpoint are placed, as seen from a proxy that called it. */
  captureOf(server: Endpoint): string | null {
    const first = this.destinations.get(endpointText(server))?.indices[0]
    return first === undefined ? null : this.connections.life(first, 'upstream').capture
  }

  private add(index: number): void {
    const seen: string[] = []
    for (const { tap, client, upstream } of this.connections.pairs(index)) {
      const server = endpointText(upstream)
      const destination = this.destinationOf(server)
      destination.taps |= 1 << tap
      if (destination.indices.at(-1) !== index) destination.indices.push(index)
      this.servers.add(endpointHash(upstream))
      this.ports.add(upstream.port)
      const pair = `${endpointText(client)}>${server}`
      if (seen.includes(pair)) continue
      seen.push(pair)
      this.paths.add(`${client.address}>${server}`)
      this.callers.add(client.address)
      this.addEntry(hashOf(client, upstream), index)
    }
  }

  /** Made when first asked for: most logs never ask. */
  private chainClients(): { heads: Int32Array; next: Int32Array } {
    const heads = new Int32Array(this.heads.length).fill(-1)
    const next = new Int32Array(this.connections.count)
    for (let index = 0; index < next.length; index++) {
      for (const { client } of this.connections.pairs(index)) {
        const slot = endpointHash(client) & (heads.length - 1)
        // A connection stands in one chain once; other addresses of its client are found by both ends.
        next[index] = heads[slot]!
        heads[slot] = index
        break
      }
    }
    return { heads, next }
  }

  private destinationOf(server: string): Destination {
    const known = this.destinations.get(server)
    if (known !== undefined) return known
    const destination: Destination = { indices: [], taps: 0, sorted: null }
    this.destinations.set(server, destination)
    return destination
  }

  private slotOf(hash: number): number {
    return hash & (this.heads.length - 1)
  }

  private addEntry(hash: number, index: number): void {
    if (this.entries === this.next.length) {
      this.next = grown(this.next)
      this.owner = grown(this.owner)
      this.hashes = grown(this.hashes)
    }
    const slot = this.slotOf(hash)
    this.hashes[this.entries] = hash
    this.next[this.entries] = this.heads[slot]!
    this.owner[this.entries] = index
    this.heads[slot] = this.entries++
  }

  private hasPair(index: number, client: Endpoint, server: Endpoint): boolean {
    for (const pair of this.connections.pairs(index)) {
      if (isSame(pair.client, client) && isSame(pair.upstream, server)) return true
    }
    return false
  }
}

/** Lives of one destination that are looked through for one line. */
const MOST_STEPS = 10_000

export function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address
}

function grown(words: Int32Array): Int32Array {
  const larger = new Int32Array(words.length * 2)
  larger.set(words)
  return larger
}

/** FNV-1a over both ends. */
function hashOf(client: Endpoint, server: Endpoint): number {
  const hash = mixed(mixed(0x811c9dc5, client), server)
  return hash ^ (hash >>> 15)
}

/** A number for an endpoint that few others share. */
export function endpointHash(endpoint: Endpoint, seed = 0x811c9dc5): number {
  return mixed(seed, endpoint)
}

function mixed(seed: number, { address, port }: Endpoint): number {
  let hash = seed
  for (let i = 0; i < address.length; i++) {
    hash = Math.imul(hash ^ address.charCodeAt(i), 0x01000193)
  }
  return Math.imul(hash ^ port, 0x01000193)
}

function sortLives(indices: readonly number[], connections: Connections): SortedLives {
  const lives = indices.map((index) => ({ index, ...connections.life(index, 'upstream') }))
  lives.sort((a, b) => a.start - b.start)
  const latest = new Float64Array(lives.length)
  let most = Number.NEGATIVE_INFINITY
  for (const [i, { end }] of lives.entries()) {
    most = Math.max(most, end)
    latest[i] = most
  }
  return {
    indices: Uint32Array.from(lives, ({ index }) => index),
    starts: Float64Array.from(lives, ({ start }) => start),
    ends: Float64Array.from(lives, ({ end }) => end),
    latest,
  }
}

/** The first of ascending values that is greater. */
function firstAfter(values: Float64Array, value: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! <= value) low = middle + 1
    else high = middle
  }
  return low
}
