import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import type { LayerCursor } from '../../native-free-decoders/layer-cursor.ts'
import { Datagram, MAX_DATAGRAM_BYTES } from './datagram.ts'

/** As Linux has it (net.ipv4.ipfrag_time), by packet time, in nanoseconds. */
const LIFETIME_NS = 30e9

/** Datagrams in the making; the oldest gives way. */
const MAX_DATAGRAMS = 256

/** What became of IP fragments. */
export interface FragmentCounters {
  /** Fragments seen. */
  fragments: number
  /** Fragments refused for lengths that no datagram can have. */
  fragmentsMalformed: number
  /** Datagrams put together. */
  datagramsReassembled: number
  /** Datagrams begun and not complete (so far): what they carried is counted nowhere else. */
  fragmentsIncomplete: number
  /** Those of them whose protocol field says TCP. */
  tcpFragmentsIncomplete: number
}

/**
 * Puts IP fragments together (RFC 791 §3.2, RFC 8200 §4.5) within a bound of datagrams, bytes and time. Where
 * fragments overlap, the first to arrive wins.
 */
export class Defragmenter {
  readonly #counters: FragmentCounters
  readonly #maxBytes: number
  /** Oldest first. */
  readonly #datagrams: Datagram[] = []
  #heldBytes = 0

  constructor(maxBytes: number, counters: FragmentCounters) {
    this.#maxBytes = maxBytes
    this.#counters = counters
  }

  /** Takes the fragment at the cursor; returns its datagram when that is complete now. The caller owns it from then on. */
  add(bytes: Uint8Array, at: LayerCursor, timeNs: number, out: DecodedPacket): Datagram | null {
    const counters = this.#counters
    counters.fragments += 1
    const length = at.wireEnd - at.offset
    const end = at.fragmentOffset + length
    // RFC 791 §3.2: every fragment but the last is a multiple of eight bytes long.
    if (length <= 0 || end > MAX_DATAGRAM_BYTES || (at.moreFragments && (length & 7) !== 0)) {
      counters.fragmentsMalformed += 1
      return null
    }
    const datagram = this.#find(at, timeNs, out) ?? this.#begin(at, timeNs, out)
    const growth = datagram.growthFor(end)
    if (!this.#makeRoom(growth, datagram)) {
      this.#remove(datagram)
      return null
    }
    this.#heldBytes += growth
    datagram.add(bytes, at, length)
    if (!datagram.isComplete()) return null

    this.#remove(datagram)
    counters.datagramsReassembled += 1
    counters.fragmentsIncomplete -= 1
    if (datagram.countedAsTcp) counters.tcpFragmentsIncomplete -= 1
    return datagram
  }

  #find(at: LayerCursor, timeNs: number, out: DecodedPacket): Datagram | null {
    const key = keyOf(at, out)
    for (const datagram of this.#datagrams) {
      if (!datagram.isOf(key, at, out)) continue
      if (Math.abs(timeNs - datagram.startedNs) <= LIFETIME_NS) return datagram
      this.#remove(datagram)
      return null
    }
    return null
  }

  #begin(at: LayerCursor, timeNs: number, out: DecodedPacket): Datagram {
    if (this.#datagrams.length === MAX_DATAGRAMS) this.#remove(this.#datagrams[0]!)
    const datagram = new Datagram(keyOf(at, out), timeNs, at, out)
    this.#datagrams.push(datagram)
    this.#heldBytes += datagram.bytes.length
    this.#counters.fragmentsIncomplete += 1
    if (datagram.countedAsTcp) this.#counters.tcpFragmentsIncomplete += 1
    return datagram
  }

  /** Drops the oldest datagrams, but not `keep`, until `growth` more bytes fit. */
  #makeRoom(growth: number, keep: Datagram): boolean {
    while (this.#heldBytes + growth > this.#maxBytes) {
      const oldest = this.#datagrams.find((datagram) => datagram !== keep)
      if (oldest === undefined) return false
      this.#remove(oldest)
    }
    return true
  }

  #remove(datagram: Datagram): void {
    this.#datagrams.splice(this.#datagrams.indexOf(datagram), 1)
    this.#heldBytes -= datagram.bytes.length
  }
}

function keyOf(at: LayerCursor, out: DecodedPacket): number {
  const addresses = out.src0 ^ out.src1 ^ out.src2 ^ out.src3 ^ out.dst0 ^ out.dst1 ^ out.dst2
  return (Math.imul(at.fragmentId, 0x2c1b3c6d) ^ Math.imul(addresses ^ out.dst3, 0x297a2d39)) | 0
}
