/**
 * Words as few bytes as they need: before each four words a byte says, two bits a word, how many bytes each takes
 * (0, 1, 2 or 4; group varint as in Stream VByte, Lemire et al. 2017). Most fields of a retired connection are small.
 */

/** By number of leading zeros of a word: its size as the tag says it, and in bytes. */
const TAGS = Uint8Array.from({ length: 33 }, (_, zeros) => {
  return zeros === 32 ? 0 : zeros >= 24 ? 1 : zeros >= 16 ? 2 : 3
})
const SIZES = TAGS.map((tag) => [0, 1, 2, 4][tag]!)

/**
 * Packs `count` words (a multiple of four) into `target` at `at`, where there must be room for a byte and four for each
 * of them and one more; returns the place behind. Each word is stored whole and overwritten by the next as far as it is
 * short: without a branch that depends on its size.
 */
export function packWords(words: Uint32Array, count: number, target: DataView, at: number): number {
  let out = at
  for (let i = 0; i < count; i += 4) {
    const a = words[i]!
    const b = words[i + 1]!
    const c = words[i + 2]!
    const d = words[i + 3]!
    if ((a | b | c | d) === 0) {
      target.setUint8(out++, 0)
      continue
    }
    const sizeA = Math.clz32(a)
    const sizeB = Math.clz32(b)
    const sizeC = Math.clz32(c)
    const sizeD = Math.clz32(d)
    target.setUint8(
      out++,
      TAGS[sizeA]! | (TAGS[sizeB]! << 2) | (TAGS[sizeC]! << 4) | (TAGS[sizeD]! << 6),
    )
    target.setUint32(out, a, true)
    out += SIZES[sizeA]!
    target.setUint32(out, b, true)
    out += SIZES[sizeB]!
    target.setUint32(out, c, true)
    out += SIZES[sizeC]!
    target.setUint32(out, d, true)
    out += SIZES[sizeD]!
  }
  return out
}

/** Unpacks `count` words that lie at `at`; returns the place behind. */
export function unpackWords(
  bytes: Uint8Array,
  at: number,
  words: Uint32Array,
  count: number,
): number {
  let from = at
  for (let i = 0; i < count; i += 4) {
    let tag = bytes[from++]!
    const end = i + 4 < count ? i + 4 : count
    if (tag === 0) {
      for (let k = i; k < end; k++) words[k] = 0
      continue
    }
    for (let k = i; k < end; k++, tag >>>= 2) {
      const size = tag & 3
      if (size === 0) words[k] = 0
      else if (size === 1) words[k] = bytes[from++]!
      else if (size === 2) {
        words[k] = bytes[from]! | (bytes[from + 1]! << 8)
        from += 2
      } else {
        words[k] =
          bytes[from]! |
          (bytes[from + 1]! << 8) |
          (bytes[from + 2]! << 16) |
          (bytes[from + 3]! << 24)
        from += 4
      }
    }
  }
  return from
}

/** A signed difference as a word that is small when the difference is. */
export function zigzag(difference: number): number {
  return ((difference << 1) ^ (difference >> 31)) >>> 0
}

export function unzigzag(word: number): number {
  return (word >>> 1) ^ -(word & 1)
}
