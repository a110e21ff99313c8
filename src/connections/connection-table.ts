import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import * as L from './layout.ts'
import { grown } from './segment-log.ts'

const RECENT_MASK = (1 << 14) - 1
/** The packet's connection was found without looking for its slot. */
const NOT_LOOKED = -1

/**
 * 4-tuple → newest connection of that tuple: open addressing over typed arrays, records of fixed size in growing
 * buffers. VLAN and VNI are no part of the key. An older connection of the same tuple hangs behind the newer one.
 */
export class ConnectionTable {
  count = 0
  words: Uint32Array
  /** The same memory, for the times. */
  doubles: Float64Array
  /** IPv6 addresses, four words each. */
  readonly addresses = new AddressTable()
  private capacity: number
  /** Per slot the newest connection of its tuple, + 1 (0 for none), and the tuple's hash: one cache line for both. */
  private slots: Int32Array
  /** The same for tuples of late, few enough to stay in the processor's cache: most packets are found here. */
  private readonly recent = new Int32Array((RECENT_MASK + 1) * 2)
  private mask: number
  private tuples = 0

  // The tuple of the packet that find() looked at last, in canonical order.
  private v6 = 0
  private low = 0
  private lowPort = 0
  private high = 0
  private highPort = 0
  private hash = 0
  private slot = 0
  /** Was the packet that find() looked at sent by the higher endpoint? */
  private senderIsHigh = false

  constructor(capacity = 1024) {
    this.capacity = capacity
    this.words = new Uint32Array(capacity * L.WORDS)
    this.doubles = new Float64Array(this.words.buffer)
    this.mask = capacity * 2 - 1
    this.slots = new Int32Array(capacity * 4)
  }

  /** The newest connection of this packet's 4-tuple, or -1. */
  find(p: DecodedPacket): number {
    let source: number
    let target: number
    if (p.ipVersion === 4) {
      this.v6 = 0
      source = p.src3
      target = p.dst3
    } else {
      this.v6 = 1
      source = this.addresses.intern(p.src0, p.src1, p.src2, p.src3)
      target = this.addresses.intern(p.dst0, p.dst1, p.dst2, p.dst3)
    }
    const sourceIsHigh = source > target || (source === target && p.srcPort > p.dstPort)
    this.senderIsHigh = sourceIsHigh
    if (sourceIsHigh) {
      this.low = target
      this.lowPort = p.dstPort
      this.high = source
      this.highPort = p.srcPort
    } else {
      this.low = source
      this.lowPort = p.srcPort
      this.high = target
      this.highPort = p.dstPort
    }
    const hash = mix(this.low, this.high, (this.lowPort << 16) | this.highPort, this.v6) | 0
    this.hash = hash
    const near = (hash & RECENT_MASK) * 2
    const { recent } = this
    if (recent[near + 1] === hash && recent[near] !== 0 && this.isTuple(recent[near]! - 1)) {
      this.slot = NOT_LOOKED
      return recent[near]! - 1
    }
    this.slot = this.slotOf(hash)
    const link = this.slots[this.slot * 2]!
    if (link !== 0) {
      recent[near] = link
      recent[near + 1] = hash
    }
    return link - 1
  }

  /** The slot of the tuple that find() looks for, or the empty one where it belongs. */
  private slotOf(hash: number): number {
    const { slots, mask } = this
    let slot = hash & mask
    for (;;) {
      const link = slots[slot * 2]!
      if (link === 0 || (slots[slot * 2 + 1] === hash && this.isTuple(link - 1))) return slot
      slot = (slot + 1) & mask
    }
  }

  /** Direction of the packet that find() looked at: 0 when A of connection `id` sent it, 1 when B did. */
  direction(id: number): 0 | 1 {
    const aIsHigh = (this.words[id * L.WORDS + L.BITS]! & L.BIT_A_IS_HIGH) !== 0
    return aIsHigh === this.senderIsHigh ? 0 : 1
  }

  /** Starts a connection for the packet that find() looked at, its sender being A; `older` hangs behind it (-1: none). */
  add(older: number): number {
    if (this.count === this.capacity) this.growRecords()
    const id = this.count++
    if (older < 0) {
      this.tuples++
    }
    if (this.slot === NOT_LOOKED) this.slot = this.slotOf(this.hash)
    this.slots[this.slot * 2] = id + 1
    this.slots[this.slot * 2 + 1] = this.hash
    const near = (this.hash & RECENT_MASK) * 2
    this.recent[near] = id + 1
    this.recent[near + 1] = this.hash
    const base = id * L.WORDS
    const w = this.words
    if (this.senderIsHigh) {
      w[base + L.ADDRESS_A] = this.high
      w[base + L.ADDRESS_B] = this.low
      w[base + L.PORTS] = ((this.highPort << 16) | this.lowPort) >>> 0
    } else {
      w[base + L.ADDRESS_A] = this.low
      w[base + L.ADDRESS_B] = this.high
      w[base + L.PORTS] = ((this.lowPort << 16) | this.highPort) >>> 0
    }
    w[base + L.BITS] = (this.v6 ? L.BIT_IPV6 : 0) | (this.senderIsHigh ? L.BIT_A_IS_HIGH : 0)
    w[base + L.OLDER] = older + 1
    if (this.tuples * 8 > this.mask * 5) this.growSlots()
    return id
  }

  private isTuple(id: number): boolean {
    const w = this.words
    const base = id * L.WORDS
    const bits = w[base + L.BITS]!
    if ((bits & L.BIT_IPV6) !== this.v6) return false
    const ports = w[base + L.PORTS]!
    if ((bits & L.BIT_A_IS_HIGH) !== 0) {
      return (
        w[base + L.ADDRESS_A] === this.high &&
        w[base + L.ADDRESS_B] === this.low &&
        ports >>> 16 === this.highPort &&
        (ports & 0xffff) === this.lowPort
      )
    }
    return (
      w[base + L.ADDRESS_A] === this.low &&
      w[base + L.ADDRESS_B] === this.high &&
      ports >>> 16 === this.lowPort &&
      (ports & 0xffff) === this.highPort
    )
  }

  private growRecords(): void {
    this.capacity *= 2
    this.words = grown(this.words, new Uint32Array(this.capacity * L.WORDS))
    this.doubles = new Float64Array(this.words.buffer)
  }

  private growSlots(): void {
    const old = this.slots
    const size = old.length
    this.mask = size - 1
    const slots = new Int32Array(size * 2)
    for (let i = 0; i < size; i += 2) {
      const link = old[i]!
      if (link === 0) continue
      const hash = old[i + 1]!
      let slot = hash & this.mask
      while (slots[slot * 2] !== 0) slot = (slot + 1) & this.mask
      slots[slot * 2] = link
      slots[slot * 2 + 1] = hash
    }
    this.slots = slots
  }
}

/** IPv6 addresses by index; an address is interned once. */
export class AddressTable {
  private words = new Uint32Array(64 * 4)
  private slots = new Int32Array(128).fill(-1)
  private count = 0

  intern(a: number, b: number, c: number, d: number): number {
    const mask = this.slots.length - 1
    let slot = mix(a, b, c, d) & mask
    for (;;) {
      const id = this.slots[slot]!
      if (id < 0) break
      const at = id * 4
      const w = this.words
      if (w[at] === a && w[at + 1] === b && w[at + 2] === c && w[at + 3] === d) return id
      slot = (slot + 1) & mask
    }
    const id = this.count++
    if (id * 4 === this.words.length) {
      this.words = grown(this.words, new Uint32Array(this.words.length * 2))
    }
    this.words[id * 4] = a
    this.words[id * 4 + 1] = b
    this.words[id * 4 + 2] = c
    this.words[id * 4 + 3] = d
    this.slots[slot] = id
    if (this.count * 2 > mask) this.rehash()
    return id
  }

  /** The four words of every interned address, in order of their index. */
  snapshot(): Uint32Array {
    return this.words.slice(0, this.count * 4)
  }

  private rehash(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1)
    const mask = this.slots.length - 1
    for (let id = 0; id < this.count; id++) {
      const at = id * 4
      const w = this.words
      let slot = mix(w[at]!, w[at + 1]!, w[at + 2]!, w[at + 3]!) & mask
      while (this.slots[slot]! >= 0) slot = (slot + 1) & mask
      this.slots[slot] = id
    }
  }
}

/** A 32-bit hash of four words (the finaliser of MurmurHash3 over a multiply-add chain). */
export function mix(a: number, b: number, c: number, d: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b)
  h = Math.imul((h ^ (h >>> 15)) + b, 0xc2b2ae35)
  h = Math.imul((h ^ (h >>> 13)) + c, 0x27d4eb2f)
  h = Math.imul((h ^ (h >>> 16)) + d, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
