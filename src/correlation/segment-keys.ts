import { SYN } from '../../native-free-decoders/decoded-packet.ts'
import type { SegmentNumbers } from '../model/segment-numbers.ts'
import { HashChains, hashOf } from './hash-chains.ts'

/** The numbers by which a segment is known again at the other tap; overwritten for each segment. */
export interface SegmentKey {
  a: number
  b: number
  length: number
  /** -1 for none. */
  stamp: number
}

/** Writes the key of segment `i`; false where it has none. */
export type KeyOf = (rows: SegmentNumbers, i: number, key: SegmentKey) => boolean

/** Sequence and acknowledgement number together are 64 bits that NAT leaves alone. */
export const sequenceKey: KeyOf = (rows, i, key) => {
  key.a = rows.seq[i]!
  key.b = rows.ack[i]!
  key.length = rows.length[i]!
  key.stamp = rows.tsVal[i]!
  return (rows.flags[i]! & SYN) === 0 && key.b !== 0
}

/** Linux starts its timestamps anew for each connection: the pair is close to a 64-bit key. */
export const timestampKey: KeyOf = (rows, i, key) => {
  key.a = rows.tsEcr[i]!
  key.b = 0
  key.length = rows.length[i]!
  key.stamp = rows.tsVal[i]!
  return key.stamp >= 0 && key.a !== 0
}

/** Equal payload alone would also join the two legs of a proxy: the IP ID must agree as well. */
export const payloadKey: KeyOf = (rows, i, key) => {
  key.a = rows.digest[i]!
  key.b = rows.ipId[i]!
  key.length = rows.length[i]!
  key.stamp = -1
  return key.a !== 0 && key.b > 0
}

/** A 32-bit hash of a key. */
export function hashOfKey(key: SegmentKey): number {
  return hashOf(hashOf(key.a, key.b), hashOf(key.length, key.stamp))
}

/** Numbers under segment keys, several under one: columns of 32 bytes for each. */
export class KeyIndex {
  count = 0
  private readonly chains = new HashChains()
  private a = new Uint32Array(0)
  private b = new Uint32Array(0)
  private lengths = new Uint32Array(0)
  private stamps = new Float64Array(0)
  private values = new Uint32Array(0)

  /** Empties it and makes room for that many. */
  reset(capacity: number): void {
    this.count = 0
    this.chains.reset(capacity)
    if (capacity <= this.a.length) return
    this.a = new Uint32Array(capacity)
    this.b = new Uint32Array(capacity)
    this.lengths = new Uint32Array(capacity)
    this.stamps = new Float64Array(capacity)
    this.values = new Uint32Array(capacity)
  }

  add(key: SegmentKey, value: number): void {
    const item = this.count++
    this.a[item] = key.a
    this.b[item] = key.b
    this.lengths[item] = key.length
    this.stamps[item] = key.stamp
    this.values[item] = value
    this.chains.add(item, hashOfKey(key))
  }

  /** The entry of this key that was added last; -1 for none. */
  first(key: SegmentKey): number {
    return this.matching(this.chains.first(hashOfKey(key)), key)
  }

  /** The one of the same key that was added before it; -1 for none. */
  after(item: number, key: SegmentKey): number {
    return this.matching(this.chains.after(item), key)
  }

  value(item: number): number {
    return this.values[item]!
  }

  private matching(start: number, key: SegmentKey): number {
    let item = start
    while (
      item >= 0 &&
      (this.a[item] !== key.a ||
        this.b[item] !== key.b ||
        this.lengths[item] !== key.length ||
        this.stamps[item] !== key.stamp)
    ) {
      item = this.chains.after(item)
    }
    return item
  }
}

/** A set of hashes that may hold a few more than were put in: one bit each. */
export class HashBits {
  private readonly words: Uint32Array
  private readonly mask: number

  /** For about this many hashes. */
  constructor(expected: number) {
    let size = 1 << 10
    while (size < expected * 8 && size < 2 ** 31) size *= 2
    this.words = new Uint32Array(size / 32)
    this.mask = size - 1
  }

  add(hash: number): void {
    const bit = hash & this.mask
    this.words[bit >>> 5]! |= 1 << (bit & 31)
  }

  has(hash: number): boolean {
    const bit = hash & this.mask
    return (this.words[bit >>> 5]! & (1 << (bit & 31))) !== 0
  }
}
