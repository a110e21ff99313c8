/**
 * Words as few bytes as they need: before each four words a byte says, two bits a word, how many bytes each takes
 * (0, 1, 2 or 4; group varint as in Stream VByte, Lemire et al. 2017). Most fields of a retired connection are small.
 */

/** The most bytes that so many words take. */
export function packedSize(count: number): number {
  return ((count + 3) >> 2) + count * 4
}

/** Packs `count` words into `target` at `at`; returns the place behind. */
export function packWords(
  words: Uint32Array,
  count: number,
  target: Uint8Array,
  at: number,
): number {
  let out = at
  for (let i = 0; i < count; i += 4) {
    const end = i + 4 < count ? i + 4 : count
    const tagAt = out++
    let tag = 0
    if (end === i + 4 && (words[i]! | words[i + 1]! | words[i + 2]! | words[i + 3]!) === 0) {
      target[tagAt] = 0
      continue
    }
    for (let k = i, shift = 0; k < end; k++, shift += 2) {
      const word = words[k]!
      if (word === 0) continue
      target[out++] = word
      if (word < 0x100) tag |= 1 << shift
      else {
        target[out++] = word >>> 8
        if (word < 0x10000) tag |= 2 << shift
        else {
          target[out++] = word >>> 16
          target[out++] = word >>> 24
          tag |= 3 << shift
        }
      }
    }
    target[tagAt] = tag
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
