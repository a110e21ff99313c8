import * as L from './layout.ts'

/** How many of the last segments of a connection are remembered, and looked at for an earlier copy. */
export const RECENT_SEGMENTS = 6
/** Three signatures of ten bits in each of two words. */
const SIGNATURE_BITS = 10
const SIGNATURE = (1 << SIGNATURE_BITS) - 1
const WORD = (1 << (3 * SIGNATURE_BITS)) - 1

/** A few bits of what two observations of one segment have in common, at least. */
export function signatureOf(
  seq: number,
  ack: number,
  flagsWindow: number,
  payloadLength: number,
): number {
  const mixed = Math.imul(seq ^ Math.imul(ack, 0x9e3779b1), 0x85ebca6b)
  return (Math.imul(mixed ^ flagsWindow, 0xc2b2ae35) + Math.imul(payloadLength, 0x27d4eb2f)) >>> 22
}

/**
 * May one of the last segments be the same one? Their rows have mostly left the processor's caches: they need be read
 * only where this is so. True now and then for others, too.
 */
export function isLikeRecent(state: Uint32Array, stateBase: number, signature: number): boolean {
  const a = state[stateBase + L.RECENT]!
  const b = state[stateBase + L.RECENT + 1]!
  return (
    (a & SIGNATURE) === signature ||
    ((a >>> SIGNATURE_BITS) & SIGNATURE) === signature ||
    a >>> (2 * SIGNATURE_BITS) === signature ||
    (b & SIGNATURE) === signature ||
    ((b >>> SIGNATURE_BITS) & SIGNATURE) === signature ||
    b >>> (2 * SIGNATURE_BITS) === signature
  )
}

export function noteRecent(state: Uint32Array, stateBase: number, signature: number): void {
  const a = state[stateBase + L.RECENT]!
  const b = state[stateBase + L.RECENT + 1]!
  state[stateBase + L.RECENT + 1] = ((b << SIGNATURE_BITS) & WORD) | (a >>> (2 * SIGNATURE_BITS))
  state[stateBase + L.RECENT] = ((a << SIGNATURE_BITS) & WORD) | signature
}
