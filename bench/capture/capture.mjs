import { attempt, conversation } from './plots.mjs'
import { Random } from './random.mjs'
import { ONE_WAY } from './story.mjs'
import { writePacket } from './wire.mjs'

const TLS_PORTS = [443, 8443, 9443]
const PLAIN_PORTS = [8080, 80]

/**
 * The three captures of the benchmark. `connections` start evenly over `seconds`; `scale` multiplies both, so that
 * the rate, and with it the number of connections that are open at a time, stays what it is.
 */
export const KINDS = {
  big: {
    connections: 20_000,
    seconds: 60,
    snap: 262144,
    ports: [...TLS_PORTS, ...PLAIN_PORTS],
    make: conversation,
    exchanges: 4,
    size: 11_000,
  },
  small: {
    connections: 500_000,
    seconds: 600,
    snap: 96,
    ports: [...TLS_PORTS, ...PLAIN_PORTS],
    make: conversation,
    exchanges: 2,
    size: 1800,
  },
  syn: { connections: 2_000_000, seconds: 900, snap: 262144, ports: PLAIN_PORTS, make: attempt },
}

const CLIENTS = 200
const SERVICES = 40
const FIRST_PORT = 32768
const PORTS = 28_000
/** Upstream clock ahead of the client's. */
const CLOCK_OFFSET = 0.75e9
const EPOCH = 1_780_000_000

/**
 * @typedef {object} Flow
 * @property {number} start  when its first packet leaves, in ns
 * @property {import('./plots.mjs').Ending} ending
 * @property {number} client       IPv4 address, or the last 32 bits of the IPv6 address
 * @property {number} service      what the client connects to
 * @property {number} pod          what it becomes on the way
 * @property {number} clientPort
 * @property {number} upstreamPort
 * @property {[number, number]} stamps  timestamp clocks of both ends at time 0
 * @property {boolean} v6
 * @property {number} vlan         0: no tag
 * @property {import('./story.mjs').Packet[]} packets  in order of leaving; `ipId` is theirs at both taps
 */

/**
 * The connections of a capture in order of their start, with the ending that each was given.
 * `exchanges` and `size` make conversations longer or shorter than their kind has them.
 * @returns {Generator<Flow>}
 */
export function* flows(kind, { scale = 1, seed = 1, exchanges, size } = {}) {
  const { connections, seconds, ports, make, ...usual } = KINDS[kind]
  const shape = { exchanges: exchanges ?? usual.exchanges, size: size ?? usual.size }
  const total = Math.round(connections * scale)
  const random = new Random(seed)
  for (let index = 0; index < total; index++) {
    const start = (index * seconds * 1e9) / connections
    const service = random.below(SERVICES)
    const upstreamPort = ports[service % ports.length]
    const ends = {
      client: 0x0a080000 + 16 + (index % CLIENTS),
      service: 0x0a600000 + service,
      pod: 0x0a090000 + service,
      clientPort: FIRST_PORT + (Math.floor(index / CLIENTS) % PORTS),
      upstreamPort,
      stamps: [random.word(), random.word()],
      v6: random.permille(100),
      vlan: random.permille(50) ? 100 : 0,
    }
    const ipIds = [random.word(), random.word()]
    const { packets, ending } = make(random, start, TLS_PORTS.includes(upstreamPort), shape)
    packets.sort((a, b) => a.time - b.time)
    for (const packet of packets) packet.ipId = ipIdOf(packet, ipIds)
    yield { start, ending, ...ends, packets }
  }
}

/** Counted by each end; 0 in what a host without the connection answers. */
function ipIdOf({ copyOf, isBare, from }, ipIds) {
  if (copyOf !== null) return copyOf.ipId
  return isBare ? 0 : ipIds[from]++ & 0xffff
}

/**
 * The records of a capture in order of time, as chunks of bytes that are valid until the next is asked for.
 * `tap` is "client" or "upstream": the same connections at the other end, with its clock, behind the Service's NAT.
 */
export function* captureChunks(kind, { tap = 'client', ...options } = {}) {
  const { snap } = KINDS[kind]
  const coming = flows(kind, options)
  const queue = new Queue()
  const chunk = Buffer.alloc(1 << 20)
  let at = writeFileHeader(chunk, snap)
  let next = coming.next()
  for (;;) {
    if (!next.done && next.value.start <= queue.firstTime) {
      const flow = next.value
      const seen = seenAt(flow, tap)
      if (seen.length > 0) queue.push({ flow, seen, position: 0 })
      next = coming.next()
      continue
    }
    if (queue.size === 0) break
    const first = queue.first
    const packet = first.seen[first.position++]
    if (at + 70_000 > chunk.length) {
      yield chunk.subarray(0, at)
      at = 0
    }
    const { length, captured } = writePacket(first.flow, packet, tap, snap, chunk, at + 16)
    const time = tap === 'client' ? packet.at : packet.at + CLOCK_OFFSET
    const second = Math.floor(time / 1e9)
    chunk.writeUInt32LE(EPOCH + second, at)
    chunk.writeUInt32LE(Math.floor((time - second * 1e9) / 1e3), at + 4)
    chunk.writeUInt32LE(captured, at + 8)
    chunk.writeUInt32LE(length, at + 12)
    at += 16 + captured
    if (first.position === first.seen.length) queue.pop()
    else queue.moved()
  }
  yield chunk.subarray(0, at)
}

/** The packets of a flow that pass a tap, `at` their times: each end's pass the other end's tap a little later. */
function seenAt(flow, tap) {
  const seen = []
  for (const packet of flow.packets) {
    const leaves = (packet.from === 0) === (tap === 'client')
    if (!leaves && !packet.reaches) continue
    if (packet.isIcmp && (tap === 'upstream' || flow.v6)) continue
    packet.at = leaves ? packet.time : packet.time + ONE_WAY + packet.late
    seen.push(packet)
  }
  return seen.sort((a, b) => a.at - b.at)
}

/** Flows as a tap sees them, by the time of their next packet: a binary heap. */
class Queue {
  #heap = []

  get size() {
    return this.#heap.length
  }

  get first() {
    return this.#heap[0]
  }

  get firstTime() {
    const first = this.#heap[0]
    return first === undefined ? Number.POSITIVE_INFINITY : timeOf(first)
  }

  push(flow) {
    const heap = this.#heap
    let i = heap.push(flow) - 1
    while (i > 0) {
      const above = (i - 1) >> 1
      if (timeOf(heap[above]) <= timeOf(flow)) break
      heap[i] = heap[above]
      i = above
    }
    heap[i] = flow
  }

  pop() {
    const last = this.#heap.pop()
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.moved()
  }

  /** The first flow has another time now. */
  moved() {
    const heap = this.#heap
    const flow = heap[0]
    const time = timeOf(flow)
    let i = 0
    for (;;) {
      let below = 2 * i + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && timeOf(heap[below + 1]) < timeOf(heap[below])) below++
      if (timeOf(heap[below]) >= time) break
      heap[i] = heap[below]
      i = below
    }
    heap[i] = flow
  }
}

function timeOf({ seen, position }) {
  return seen[position].at
}

function writeFileHeader(chunk, snap) {
  chunk.writeUInt32LE(0xa1b2c3d4, 0)
  chunk.writeUInt32LE(0x00040002, 4)
  chunk.writeUInt32LE(0, 8)
  chunk.writeUInt32LE(0, 12)
  chunk.writeUInt32LE(snap, 16)
  chunk.writeUInt32LE(1, 20)
  return 24
}
