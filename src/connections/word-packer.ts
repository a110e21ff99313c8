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

/** By tag: which bits of four bytes a word takes, and how many of the bytes. */
const MASKS = Int32Array.of(0, 0xff, 0xffff, -1)
const BYTES = Uint8Array.of(0, 1, 2, 4)

/** Of the buffer that was read last: most entries lie in the one of the entry before. */
let lastView: DataView = new DataView(new ArrayBuffer(0))

/**
 * Unpacks `count` words (a multiple of four) that lie at `at`; returns the place behind. Of each word four bytes are
 * read, whatever its size.
 */
export function unpackWords(
  bytes: Uint8Array,
  at: number,
  words: Uint32Array,
  count: number,
): number {
  if (lastView.buffer !== bytes.buffer) lastView = new DataView(bytes.buffer)
  const view = lastView
  const end = bytes.byteOffset + bytes.length
  let from = bytes.byteOffset + at
  let i = 0
  // A group takes sixteen bytes at most behind its tag.
  for (; i < count && from + 17 <= end; i += 4) {
    const tag = view.getUint8(from++)
    if (tag === 0) {
      words[i] = 0
      words[i + 1] = 0
      words[i + 2] = 0
      words[i + 3] = 0
      continue
    }
    words[i] = view.getInt32(from, true) & MASKS[tag & 3]!
    from += BYTES[tag & 3]!
    words[i + 1] = view.getInt32(from, true) & MASKS[(tag >>> 2) & 3]!
    from += BYTES[(tag >>> 2) & 3]!
    words[i + 2] = view.getInt32(from, true) & MASKS[(tag >>> 4) & 3]!
    from += BYTES[(tag >>> 4) & 3]!
    words[i + 3] = view.getInt32(from, true) & MASKS[tag >>> 6]!
    from += BYTES[tag >>> 6]!
  }
  return unpackLast(bytes, from - bytes.byteOffset, words, i, count)
}

/** Bytes of a group behind its tag. */
const GROUP_BYTES = Uint8Array.from({ length: 256 }, (_, tag) => {
  return BYTES[tag & 3]! + BYTES[(tag >>> 2) & 3]! + BYTES[(tag >>> 4) & 3]! + BYTES[tag >>> 6]!
})

/** Returns the place behind `count` words (a multiple of four). */
export function skipWords(bytes: Uint8Array, at: number, count: number): number {
  let from = at
  for (let i = 0; i < count; i += 4) from += 1 + GROUP_BYTES[bytes[from]!]!
  return from
}

/** The groups at the very end of the bytes, beyond which nothing can be read. */
function unpackLast(
  bytes: Uint8Array,
  at: number,
  words: Uint32Array,
  first: number,
  count: number,
): number {
  let from = at
  for (let i = first; i < count; i += 4) {
    let tag = bytes[from++]!
    for (let k = i; k < i + 4; k++, tag >>>= 2) {
      const whole =
        bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
      words[k] = whole & MASKS[tag & 3]!
      from += BYTES[tag & 3]!
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
