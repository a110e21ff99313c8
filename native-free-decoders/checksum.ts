import type { DecodedPacket } from './decoded-packet.ts'

const PROTOCOL_TCP = 6

/** One's-complement sum folded to 16 bits (RFC 1071 §4.1), not complemented. */
export function foldSum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return (once & 0xffff) + (once >>> 16)
}

/**
 * Whether a TCP checksum field holds no checksum but the sum of the pseudo-header, as Linux leaves it for the
 * network card (CHECKSUM_PARTIAL, linux/skbuff.h). With segmentation offload the length may be left out.
 */
export function isPseudoHeaderSum(field: number, tcpLength: number, out: DecodedPacket): boolean {
  let sum = PROTOCOL_TCP + halves(out.src3) + halves(out.dst3)
  if (out.ipVersion === 6) {
    sum += halves(out.src0) + halves(out.src1) + halves(out.src2)
    sum += halves(out.dst0) + halves(out.dst1) + halves(out.dst2)
  }
  // Above 64 kB (a jumbogram) the length is 32 bits wide, RFC 2675 §4.
  return field === foldSum(sum + halves(tcpLength)) || field === foldSum(sum)
}

function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff)
}
