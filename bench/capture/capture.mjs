import { Random } from './random.mjs'
import { attempt, conversation, ONE_WAY } from './story.mjs'
import { writePacket } from './wire.mjs'

/**
 * The three captures of the benchmark. `connections` start evenly over `seconds`; `scale` multiplies both, so that
 * the rate, and with it the number of connections that are open at a time, stays what it is.
 */
export const KINDS = {
  big: {
    connections: 20_000,
    seconds: 60,
    snap: 262144,
    make: conversation,
    exchanges: 4,
    size: 11_000,
  },
  small: {
    connections: 500_000,
    seconds: 600,
    snap: 96,
    make: conversation,
    exchanges: 2,
    size: 1800,
  },
  syn: { connections: 2_000_000, seconds: 900, snap: 262144, make: attempt },
}

const CLIENTS = 200
const SERVICES = 40
const PORTS = 28_000
/** Upstream clock ahead of the client's. */
const CLOCK_OFFSET = 0.75e9
const EPOCH = 1_780_000_000

/**
 * The records of a capture in order of time, as chunks of bytes that are valid until the next is asked for.
 * `tap` is "client" or "upstream": the same connections at the other end, with its clock, behind the Service's NAT.
 */
export function* captureChunks(
  kind,
  { scale = 1, seed = 1, tap = 'client', repeat = Number.POSITIVE_INFINITY } = {},
) {
  const { connections, seconds, snap, make, ...shape } = KINDS[kind]
  const total = Math.min(repeat, Math.round(connections * scale))
  const gap = (seconds * 1e9) / connections
  const random = new Random(seed)
  const queue = new Queue()
  const chunk = Buffer.alloc(1 << 20)
  let at = writeFileHeader(chunk, snap)
  let started = 0
  for (;;) {
    const nextStart = started < total ? started * gap : Number.POSITIVE_INFINITY
    if (queue.size === 0 && started === total) break
    if (nextStart <= queue.firstTime) {
      const story = make(random, nextStart, shape)
      const flow = newFlow(random, started++)
      flow.packets = arrange(story.packets, flow, tap)
      if (flow.packets.length > 0) queue.push(flow)
      continue
    }
    const flow = queue.first
    const packet = flow.packets[flow.position++]
    if (at + 70_000 > chunk.length) {
      yield chunk.subarray(0, at)
      at = 0
    }
    const { length, captured } = writePacket(flow, packet, tap, snap, chunk, at + 16)
    const time = tap === 'client' ? packet.at : packet.at + CLOCK_OFFSET
    const second = Math.floor(time / 1e9)
    chunk.writeUInt32LE(EPOCH + second, at)
    chunk.writeUInt32LE(Math.floor((time - second * 1e9) / 1e3), at + 4)
    chunk.writeUInt32LE(captured, at + 8)
    chunk.writeUInt32LE(length, at + 12)
    at += 16 + captured
    if (flow.position === flow.packets.length) queue.pop()
    else queue.moved()
  }
  yield chunk.subarray(0, at)
}

function newFlow(random, index) {
  const service = random.below(SERVICES)
  return {
    client: 0x0a080000 + 16 + (index % CLIENTS),
    service: 0x0a600000 + service,
    pod: 0x0a090000 + service,
    clientPort: 32768 + (Math.floor(index / CLIENTS) % PORTS),
    upstreamPort: [443, 8080, 8443, 5432][service % 4],
    stamps: [random.word(), random.word()],
    ipIds: [random.below(65536), random.below(65536)],
    v6: random.permille(100),
    vlan: random.permille(50) ? 100 : 0,
    packets: [],
    position: 0,
  }
}

/** What a tap sees of a story, in its order: each end's packets pass the other end's tap a little later. */
function arrange(packets, flow, tap) {
  const seen = []
  for (const packet of packets) {
    const leaves = (packet.from === 0) === (tap === 'client')
    if (!leaves && !packet.reaches) continue
    if (tap === 'upstream' && packet.icmp) continue
    if (packet.icmp && flow.v6) continue
    if (packet.copy !== true) packet.ipId = flow.ipIds[packet.from]++ & 0xffff
    packet.at = leaves ? packet.time : packet.time + ONE_WAY
    seen.push(packet)
  }
  return seen.sort((a, b) => a.at - b.at)
}

/** Flows by the time of their next packet: a binary heap. */
class Queue {
  #heap = []

  get size() {
    return this.#heap.length
  }

  get first() {
    return this.#heap[0]
  }

  get firstTime() {
    const flow = this.#heap[0]
    return flow === undefined ? Number.POSITIVE_INFINITY : timeOf(flow)
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

function timeOf(flow) {
  return flow.packets[flow.position].at
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
