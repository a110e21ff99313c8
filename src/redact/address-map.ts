import { createCipheriv } from 'node:crypto'

/** Maps addresses to pseudonyms, bit by bit: equal beginnings stay equal, and nothing else does. */
export interface AddressMap {
  /** An IPv4 address as a 32-bit word. */
  ipv4(word: number): number
  /** An IPv6 address as four words. */
  ipv6(words: readonly number[]): number[]
}

/** An address block and how many of its first bits a pseudonym keeps; with all of them the address stays. */
type Block = [bytes: readonly number[], bits: number, kept: number]

// What an address is for (RFC 6890) may be known; whose it is may not.
const V4_BLOCKS: readonly Block[] = [
  [[0], 8, 32],
  [[127], 8, 32],
  [[169, 254], 16, 32],
  [[224], 3, 32],
  [[10], 8, 8],
  [[172, 16], 12, 12],
  [[192, 168], 16, 16],
  [[100, 64], 10, 10],
]
const V6_BLOCKS: readonly Block[] = [
  // Unspecified and loopback.
  [[], 127, 128],
  [[0xfe, 0x80], 10, 128],
  [[0xff], 8, 128],
  [[0xfc], 7, 7],
  [[0x20], 3, 3],
]

/**
 * Crypto-PAn (Xu, Fan, Ammar, Moon, 2002): each bit is turned by a bit of AES over the bits before it, so the map is one
 * to one and keeps prefixes. `key`: 16 bytes for AES, then 16 for the padding. A pseudonym stays in its block.
 */
export function addressMap(key: Uint8Array): AddressMap {
  const cipher = createCipheriv('aes-128-ecb', key.subarray(0, 16), null).setAutoPadding(false)
  const pad = cipher.update(key.subarray(16, 32))
  const known = new Map<string, number[]>()

  const turned = (bytes: readonly number[], kept: number): number[] => {
    const input = Uint8Array.from(pad)
    const result = [...bytes]
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const at = bit >> 3
      const mask = 0x80 >> (bit & 7)
      if (bit >= kept && (cipher.update(input)[0]! & 0x80) !== 0) result[at] = result[at]! ^ mask
      // From the next bit on, the block holds one bit more of the address.
      input[at] = (input[at]! & ~mask) | (bytes[at]! & mask)
    }
    return result
  }
  const mapped = (bytes: readonly number[], blocks: readonly Block[]): number[] => {
    const name = bytes.join('.')
    const before = known.get(name)
    if (before !== undefined) return before
    const block = blockOf(bytes, blocks)
    const kept = block?.[2] ?? 0
    let result = turned(bytes, kept)
    // Walking on until it is no address of another kind keeps the map one to one.
    while (blockOf(result, blocks) !== block) result = turned(result, kept)
    known.set(name, result)
    return result
  }
  const ipv4 = (word: number): number => wordsOf(mapped(bytesOf([word]), V4_BLOCKS))[0]!
  return {
    ipv4,
    ipv6(words) {
      const [a, b, c, d] = words as [number, number, number, number]
      if (a === 0 && b === 0 && c === 0xffff) return [0, 0, 0xffff, ipv4(d)]
      return wordsOf(mapped(bytesOf(words), V6_BLOCKS))
    },
  }
}

function blockOf(bytes: readonly number[], blocks: readonly Block[]): Block | undefined {
  return blocks.find(([prefix, bits]) => {
    for (let bit = 0; bit < bits; bit++) {
      const mask = 0x80 >> (bit & 7)
      if (((bytes[bit >> 3]! ^ (prefix[bit >> 3] ?? 0)) & mask) !== 0) return false
    }
    return true
  })
}

function bytesOf(words: readonly number[]): number[] {
  return words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255])
}

function wordsOf(bytes: readonly number[]): number[] {
  return Array.from({ length: bytes.length / 4 }, (_, i) => {
    const [a, b, c, d] = bytes.slice(4 * i, 4 * i + 4) as [number, number, number, number]
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  })
}
