import {
  type Address,
  cut,
  flagBits,
  frameOf,
  icmpFrame,
  LADDER_LINK_TYPE,
  readAddress,
  sizeOf,
  type WireSegment,
} from './ladder-bytes.ts'
import { type LadderLine, readLadder } from './ladder-line.ts'
import type { LadderOptions, Side } from './ladder-options.ts'
import { type WrittenRecord, writePcap } from './write-pcap.ts'

interface Held {
  seq: number
  end: number
}

/** What a Linux socket knows. */
interface Host {
  address: Address
  isn: number
  next: number
  received: number | null
  held: Held[]
  id: number
  stampBase: number
  echo: number
  /** The last segment that arrived, and the last that it sent with a payload, SYN or FIN. */
  arrived: WireSegment | null
  sent: WireSegment | null
  last: WireSegment | null
}

/** With the true moment: a capture keeps the order of events when its clock is set back. */
type TappedRecord = WrittenRecord & { moment: number }

export type { LadderOptions } from './ladder-options.ts'
export type Tapped = Record<Side, TappedRecord[]>

const BASE_NS = 1_750_000_000_000_000_000n
const other = (side: Side): Side => (side === 'client' ? 'upstream' : 'client')
const u32 = (value: number) => value >>> 0
const ahead = (from: number, to: number) => (to - from) | 0

/**
 * Plays a ladder between two Linux hosts and returns what a tap at either side records. Numbers, acknowledgements,
 * IP IDs and timestamps come from what each host knows at that moment, not from the test.
 */
export function play(text: string, options: LadderOptions = {}): Tapped {
  return new Ladder(options).play(readLadder(text, options.payloads))
}

/** Two pcap files of everything that was played. */
export function captures(...played: readonly Tapped[]): {
  client: Uint8Array
  upstream: Uint8Array
} {
  const file = (side: Side) => {
    const records = played.flatMap((tapped) => tapped[side])
    records.sort((a, b) => a.moment - b.moment)
    return writePcap(records, { magic: 'nanosecond', linkType: LADDER_LINK_TYPE })
  }
  return { client: file('client'), upstream: file('upstream') }
}

/** A healthy connection between two other ports that shows both taps running from one moment to another. */
export function background(from: number, to: number, options: LadderOptions = {}): Tapped {
  const text = `
    c> S
    u> SA
    c> A
    c> PA "GET /health HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"
    u> PA "HTTP/1.1 204 No Content\\r\\n\\r\\n"
    c> A
    c> FA +${(to - from).toFixed(6)}s
    u> FA
    c> A`
  return play(text, {
    client: '10.1.0.2:50000',
    isn: { client: 0xb4d1f00d, upstream: 0x2e66a411 },
    ...options,
    at: from,
  })
}

class Ladder {
  private readonly options: LadderOptions
  private readonly hosts: Record<Side, Host>
  private readonly records: Tapped = { client: [], upstream: [] }
  private readonly flight: { at: number; to: Side; segment: WireSegment }[] = []
  private time: number

  constructor(options: LadderOptions) {
    this.options = options
    this.time = options.at ?? 1
    this.hosts = {
      client: this.host(options.client ?? '10.1.0.2:40000', options.isn?.client ?? 0x1c3a5e70, 100),
      upstream: this.host(
        options.upstream ?? '10.2.0.3:8080',
        options.isn?.upstream ?? 0x71c4a9d2,
        5000,
      ),
    }
  }

  private host(address: string, isn: number, id: number): Host {
    return {
      address: readAddress(address),
      isn,
      next: isn,
      received: null,
      held: [],
      id,
      stampBase: u32(isn * 7 + 12345),
      echo: 0,
      arrived: null,
      sent: null,
      last: null,
    }
  }

  play(lines: readonly LadderLine[]): Tapped {
    let before: LadderLine | null = null
    for (const line of lines) {
      const gap = before === null ? 0 : line.from === before.from ? 2e-4 : this.transit + 2e-4
      this.time += line.delay ?? gap
      this.deliver()
      if (line.flags === 'icmp') this.icmp(line)
      else this.send(line)
      before = line
    }
    return this.records
  }

  private get transit(): number {
    return this.options.transit ?? 0.005
  }

  private deliver(): void {
    this.flight.sort((a, b) => a.at - b.at)
    while (this.flight.length > 0 && this.flight[0]!.at <= this.time) {
      const { to, segment } = this.flight.shift()!
      const host = this.hosts[to]
      if ((segment.flags & 4) !== 0) continue
      host.arrived = segment
      if (segment.stamps !== null) host.echo = segment.stamps[0]
      if ((segment.flags & 2) !== 0) host.received ??= segment.seq
      host.received ??= segment.seq
      host.held.push({ seq: segment.seq, end: u32(segment.seq + sizeOf(segment)) })
      host.held.sort((a, b) => ahead(b.seq, a.seq))
      for (const { seq, end } of host.held) {
        if (ahead(seq, host.received) >= 0 && ahead(host.received, end) > 0) host.received = end
      }
    }
  }

  private send(line: LadderLine): void {
    const host = this.hosts[line.from]
    const { words } = line
    const segment = line.forged ? this.forge(line) : this.make(line)
    segment.seq = u32(segment.seq + Number(words.get('seq') ?? 0))
    segment.ack = u32(segment.ack + Number(words.get('ack') ?? 0))
    if (words.has('win')) segment.window = Number(words.get('win'))
    if (words.has('id')) segment.id = Number(words.get('id'))
    if (words.has('nots')) segment.stamps = null
    const [left, right] = words.get('sack')?.split('-').map(Number) ?? []
    const peer = this.hosts[other(line.from)]
    if (right !== undefined) segment.sack = [[u32(peer.isn + left!), u32(peer.isn + right)]]
    const end = u32(segment.seq + sizeOf(segment))
    if (!line.forged && (segment.flags & 4) === 0) {
      if (ahead(host.next, end) > 0) host.next = end
      if (sizeOf(segment) > 0) host.sent = segment
    }
    if (!line.forged) host.last = segment
    this.record(line, segment)
  }

  /** What a Linux host sends now; a bare R answers the last segment that arrived, R without socket. */
  private make(line: LadderLine): WireSegment {
    const host = this.hosts[line.from]
    const peer = this.hosts[other(line.from)]
    const stamped = this.options.timestamps !== false
    const base = { src: host.address, dst: peer.address, ttl: 64, sack: [], payload: line.payload }
    if (line.words.has('again')) {
      return {
        ...host.sent!,
        ack: host.received ?? 0,
        id: this.nextId(host),
        stamps: this.stamps(host),
      }
    }
    const flags = flagBits(line.flags)
    if (flags === 4) {
      const seq = host.arrived === null ? host.next : host.arrived.ack
      return { ...base, seq, ack: 0, flags, window: 0, id: 0, stamps: null }
    }
    if (line.words.has('refuse')) {
      const ack = u32(host.arrived!.seq + sizeOf(host.arrived!))
      return { ...base, seq: 0, ack, flags, window: 0, id: 0, stamps: null }
    }
    const isSyn = (flags & 2) !== 0
    return {
      ...base,
      seq: isSyn ? host.isn : host.next,
      ack: (flags & 16) !== 0 ? (host.received ?? 0) : 0,
      flags,
      window: 502,
      id: this.nextId(host),
      stamps: stamped ? this.stamps(host) : null,
    }
  }

  /** What a device between makes: in sequence for its receiver, of no host's shape unless told to `mimic` it. */
  private forge(line: LadderLine): WireSegment {
    const host = this.hosts[line.from]
    const receiver = this.hosts[other(line.from)]
    const flags = flagBits(line.flags)
    const mimic = line.words.has('mimic')
    return {
      src: host.address,
      dst: receiver.address,
      seq: receiver.received ?? host.isn,
      ack: (flags & 16) !== 0 ? receiver.next : 0,
      flags,
      window: mimic ? 502 : 0,
      ttl: mimic ? 64 : 63,
      id: mimic ? this.nextId(host) : 0,
      stamps: mimic ? this.stamps(host) : null,
      sack: [],
      payload: line.payload,
    }
  }

  private nextId(host: Host): number {
    host.id = (host.id + 1) & 0xffff
    return host.id
  }

  private stamps(host: Host): [number, number] {
    return [u32(host.stampBase + Math.floor(this.time * 1000)), host.echo]
  }

  private record(line: LadderLine, segment: WireSegment): void {
    const { words } = line
    const receiver = other(line.from)
    const transit = Number(words.get('transit') ?? this.transit)
    if (!line.forged && !words.has(`nocap@${line.from}`)) {
      this.tap(line.from, line.from, words, segment, this.time + 2e-5)
    }
    const arrival = this.time + (line.forged ? transit / 2 : transit)
    if (words.has('lost')) return
    if (!words.has('ignored')) this.flight.push({ at: arrival, to: receiver, segment })
    if (words.has(`nocap@${receiver}`)) return
    this.tap(receiver, line.from, words, segment, arrival - 2e-5)
  }

  /** Writes a segment as the tap of a side sees it. */
  private tap(
    at: Side,
    from: Side,
    words: LadderLine['words'],
    sent: WireSegment,
    time: number,
  ): void {
    const { hops = 3, hopsToTap = {}, nat = {}, rewrite = {}, wrapping = {} } = this.options
    const seen = { ...sent }
    const near = hopsToTap[from] ?? 0
    const away = at === from ? near : hops + near
    seen.ttl = words.has('ttl') ? Number(words.get('ttl')) : sent.ttl === 64 ? 64 - away : sent.ttl
    if (at === 'upstream') {
      const to = other(from)
      if (nat[from] !== undefined) seen.src = readAddress(nat[from])
      if (nat[to] !== undefined) seen.dst = readAddress(nat[to])
      seen.seq = u32(sent.seq + (rewrite[from] ?? 0))
      if ((sent.flags & 16) !== 0) seen.ack = u32(sent.ack + (rewrite[to] ?? 0))
    }
    const strange = (word: string) => words.get(`${word}@${at}`) ?? words.get(word)
    if (strange('src')) seen.src = readAddress(strange('src')!)
    if (strange('dst')) seen.dst = readAddress(strange('dst')!)
    const pieces = words.has(`mss@${at}`) ? cut(seen, Number(words.get(`mss@${at}`))) : [seen]
    const { offset = 0 } = this.options
    const shift = at === 'client' ? 0 : typeof offset === 'number' ? offset : offset(time)
    const copies = words.has(`dup@${at}`) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      for (const [i, piece] of pieces.entries()) {
        const moment = time + copy * 5e-5 + i * 1e-6
        const nanos = BigInt(Math.round((moment + shift) * 1e9))
        this.records[at].push({
          moment,
          time: BASE_NS + nanos,
          bytes: frameOf(piece, wrapping[at]),
        })
      }
    }
  }

  /** `m>c icmp type=3 code=1`: an error about the receiver's last segment. */
  private icmp(line: LadderLine): void {
    const to = other(line.from)
    const about = this.hosts[to].last!
    const type = Number(line.words.get('type') ?? 3)
    const bytes = icmpFrame(about, type, Number(line.words.get('code') ?? 1), 0x0a0900fe)
    const { offset = 0 } = this.options
    const shift = to === 'client' || typeof offset !== 'number' ? 0 : offset
    const nanos = BigInt(Math.round((this.time + shift) * 1e9))
    this.records[to].push({ moment: this.time, time: BASE_NS + nanos, bytes })
  }
}
