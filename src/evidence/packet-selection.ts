import {
  type DecodedPacket,
  PACKET_FRAGMENT,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_TCP,
} from '../../native-free-decoders/decoded-packet.ts'
import { addressWords } from '../../native-free-decoders/network/address-text.ts'
import type { AddressPair } from '../model/connection.ts'
import type { Connection } from '../model/report.ts'
import { MOST_OF_ONE } from './cited.ts'

/** One connection as one capture saw it. */
interface Wanted {
  firstFrame: number
  lastFrame: number
  packets: number
  /** Packets of it met so far. */
  met: number
}

interface Tuple {
  ipVersion: number
  /** Four words of one address, its port, then the other end's. */
  ends: number[]
  wanted: Wanted[]
}

/**
 * Which packets of one capture belong to the cited connections: by the innermost addresses and ports, and by the frames
 * between which the capture saw the connection, since ports are used again.
 */
export class PacketSelection {
  readonly connections: number
  /** Packets of long connections that were passed over. */
  leftOut = 0
  readonly #tuples = new Map<number, Tuple[]>()
  /** The same by addresses alone: fragments but the first have no ports. */
  readonly #hosts = new Map<number, Tuple[]>()
  readonly #cited: ReadonlyMap<number, unknown>

  /** `captures`: ids under which the report speaks of this file; `cited`: frames that it names. */
  constructor(
    connections: readonly Connection[],
    captures: readonly string[],
    cited: ReadonlyMap<number, unknown>,
  ) {
    this.#cited = cited
    const seen = new Set<number>()
    for (const { id, views } of connections) {
      for (const capture of captures) {
        const view = views[capture]
        if (!view) continue
        seen.add(id)
        const { firstFrame, lastFrame, packets } = view
        const wanted = { firstFrame, lastFrame, packets, met: 0 }
        for (const pair of [view, ...view.alsoSeenAs]) this.#add(pair, wanted)
      }
    }
    this.connections = seen.size
  }

  /** Whether this packet is evidence; `frame` counts as in the report. */
  has(p: DecodedPacket, frame: number): boolean {
    return this.#isOfConnection(p, frame) || this.#cited.has(frame)
  }

  #isOfConnection(p: DecodedPacket, frame: number): boolean {
    if (p.kind === PACKET_FRAGMENT) {
      return listedIn(this.#hosts, p, false)?.wanted.some(isDuring(frame)) ?? false
    }
    if (p.kind === PACKET_ICMP_QUOTING_TCP) {
      // Errors may come when everything else is over.
      return listedIn(this.#tuples, p, true)?.wanted.some((w) => frame >= w.firstFrame) ?? false
    }
    if (p.kind !== PACKET_TCP) return false
    const wanted = listedIn(this.#tuples, p, true)?.wanted.find(isDuring(frame))
    if (wanted === undefined) return false
    wanted.met++
    const half = MOST_OF_ONE / 2
    if (wanted.met <= half || wanted.met > wanted.packets - half) return true
    if (!this.#cited.has(frame)) this.leftOut++
    return false
  }

  #add(pair: AddressPair, wanted: Wanted): void {
    const ends = [pair.client, pair.upstream].flatMap(({ address, port }) => [
      ...fourWords(address),
      port,
    ])
    const ipVersion = pair.client.address.includes(':') ? 6 : 4
    for (const [map, withPorts] of [
      [this.#tuples, true],
      [this.#hosts, false],
    ] as const) {
      const [s0, s1, s2, s3, sp, d0, d1, d2, d3, dp] = ends as Ten
      const key = withPorts
        ? keyOf(s0, s1, s2, s3, sp) ^ keyOf(d0, d1, d2, d3, dp)
        : keyOf(s0, s1, s2, s3, 0) ^ keyOf(d0, d1, d2, d3, 0)
      const listed = map.get(key) ?? []
      map.set(key, listed)
      const same = listed.find(
        (one) =>
          one.ipVersion === ipVersion &&
          one.ends.every((word, i) => word === ends[i] || (!withPorts && i % 5 === 4)),
      )
      if (same) same.wanted.push(wanted)
      else listed.push({ ipVersion, ends, wanted: [wanted] })
    }
  }
}

type Ten = [number, number, number, number, number, number, number, number, number, number]

function isDuring(frame: number): (wanted: Wanted) => boolean {
  return ({ firstFrame, lastFrame }) => frame >= firstFrame && frame <= lastFrame
}

function fourWords(address: string): number[] {
  const words = [...addressWords(address)]
  return words.length === 1 ? [0, 0, 0, words[0]!] : words
}

/** The list entry of the packet's two ends, whichever way it goes. */
function listedIn(
  map: ReadonlyMap<number, Tuple[]>,
  p: DecodedPacket,
  withPorts: boolean,
): Tuple | undefined {
  const sp = withPorts ? p.srcPort : 0
  const dp = withPorts ? p.dstPort : 0
  const key = keyOf(p.src0, p.src1, p.src2, p.src3, sp) ^ keyOf(p.dst0, p.dst1, p.dst2, p.dst3, dp)
  return map.get(key)?.find(({ ipVersion, ends }) => {
    if (ipVersion !== p.ipVersion) return false
    return isEnds(ends, p, withPorts, 0, 5) || isEnds(ends, p, withPorts, 5, 0)
  })
}

function isEnds(
  ends: readonly number[],
  p: DecodedPacket,
  withPorts: boolean,
  src: number,
  dst: number,
): boolean {
  return (
    ends[src + 3] === p.src3 &&
    ends[dst + 3] === p.dst3 &&
    (!withPorts || (ends[src + 4] === p.srcPort && ends[dst + 4] === p.dstPort)) &&
    ends[src] === p.src0 &&
    ends[src + 1] === p.src1 &&
    ends[src + 2] === p.src2 &&
    ends[dst] === p.dst0 &&
    ends[dst + 1] === p.dst1 &&
    ends[dst + 2] === p.dst2
  )
}

/** Of one end; the two keys of a packet are combined without order. */
function keyOf(a: number, b: number, c: number, d: number, port: number): number {
  let key = Math.imul(a ^ 0x2c1b3c6d, 0x297a2d39) ^ b
  key = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d) ^ c
  key = Math.imul(key ^ (key >>> 13), 0x297a2d39) ^ d
  key = Math.imul(key ^ (key >>> 15), 0x1b873593) ^ port
  return Math.imul(key ^ (key >>> 16), 0x2c1b3c6d)
}
