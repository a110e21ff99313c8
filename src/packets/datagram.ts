import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import type { LayerCursor } from '../../native-free-decoders/layer-cursor.ts'

/** The most that sixteen bits of length and a fragment offset can describe. */
export const MAX_DATAGRAM_BYTES = 65535

const FIRST_CAPACITY = 2048
const UNKNOWN = -1

/** One IP datagram in the making: payload bytes, and a mark for each eight bytes that are there. */
export class Datagram {
  readonly key: number
  readonly startedNs: number
  readonly countedAsTcp: boolean
  /** Payload protocol, by the first fragment once that has been seen (RFC 8200 §4.5). */
  protocol: number
  bytes: Uint8Array = new Uint8Array(FIRST_CAPACITY)
  /** Payload bytes of the whole datagram, known from its last fragment. */
  totalLength = UNKNOWN
  /** How many bytes from the start were captured: fragments may have been cut by the snap length. */
  capturedLength = MAX_DATAGRAM_BYTES

  readonly #identity: Float64Array
  /** One mark per eight bytes: fragments start at multiples of eight (RFC 791 §3.2). */
  #present = new Uint8Array(FIRST_CAPACITY >> 3)
  #unitsPresent = 0

  constructor(key: number, startedNs: number, at: LayerCursor, out: DecodedPacket) {
    this.key = key
    this.startedNs = startedNs
    this.protocol = at.protocol
    this.countedAsTcp = at.protocol === 6
    this.#identity = identityOf(at, out)
  }

  isOf(key: number, at: LayerCursor, out: DecodedPacket): boolean {
    if (this.key !== key) return false
    const other = identityOf(at, out)
    return this.#identity.every((value, i) => value === other[i])
  }

  isComplete(): boolean {
    return this.totalLength !== UNKNOWN && this.#unitsPresent === (this.totalLength + 7) >> 3
  }

  /** Room that `endOffset` payload bytes would need beyond what is held. */
  growthFor(endOffset: number): number {
    return capacityFor(this.bytes.length, endOffset) - this.bytes.length
  }

  /** Adds the fragment's payload of `length` bytes (as on the wire); bytes that are already there stay. */
  add(bytes: Uint8Array, at: LayerCursor, length: number): void {
    const start = at.fragmentOffset
    if (start === 0) this.protocol = at.protocol
    if (!at.moreFragments && this.totalLength === UNKNOWN) this.totalLength = start + length
    this.#grow(start + length)

    const captured = Math.min(at.end - at.offset, length)
    const units = (length + 7) >> 3
    for (let unit = 0; unit < units; unit++) {
      const slot = (start >> 3) + unit
      if (this.#present[slot] === 1) continue
      this.#present[slot] = 1
      this.#unitsPresent += 1
      const from = unit << 3
      const to = Math.min(from + 8, length)
      if (to > captured) {
        const firstMissing = start + Math.max(from, captured)
        if (firstMissing < this.capturedLength) this.capturedLength = firstMissing
      }
      for (let i = from; i < to && i < captured; i++) {
        this.bytes[start + i] = bytes[at.offset + i]!
      }
    }
  }

  #grow(needed: number): void {
    const capacity = capacityFor(this.bytes.length, needed)
    if (capacity === this.bytes.length) return
    const bytes = new Uint8Array(capacity)
    bytes.set(this.bytes)
    this.bytes = bytes
    const present = new Uint8Array(capacity >> 3)
    present.set(this.#present)
    this.#present = present
  }
}

function capacityFor(current: number, needed: number): number {
  let capacity = current
  while (capacity < needed) capacity *= 2
  return capacity
}

/**
 * What tells datagrams apart: addresses and identification, for IPv4 the protocol as well (RFC 791 §2.3), and where
 * the fragment was seen, so that copies of one datagram at two interfaces do not mix.
 */
function identityOf(at: LayerCursor, out: DecodedPacket): Float64Array {
  return Float64Array.of(
    out.ipVersion,
    at.fragmentId,
    out.ipVersion === 4 ? at.protocol : 0,
    out.src0,
    out.src1,
    out.src2,
    out.src3,
    out.dst0,
    out.dst1,
    out.dst2,
    out.dst3,
    out.ifIndex,
    out.vlan,
    out.vni,
  )
}
