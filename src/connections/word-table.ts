/**
 * Dense ids for tuples of 32-bit words: open addressing over typed arrays, so that millions of keys cost no string and
 * no object. The caller writes a tuple into `key` and asks for it.
 */
export class WordTable {
  readonly width: number
  /** The tuple that `find()` and `intern()` look for. */
  readonly key: Uint32Array
  /** Distinct tuples; ids run from 0 in the order in which they came. */
  count = 0
  private words: Uint32Array
  private slots: Int32Array
  private mask: number

  /** `expected`: about how many tuples will come; more only cost time. */
  constructor(width: number, expected = 64) {
    this.width = width
    this.key = new Uint32Array(width)
    const capacity = 1 << Math.max(6, Math.ceil(Math.log2(expected)))
    this.words = new Uint32Array(capacity * width)
    this.slots = new Int32Array(capacity * 2).fill(-1)
    this.mask = capacity * 2 - 1
  }

  /** The id of the tuple in `key`, or -1. */
  find(): number {
    return this.slots[this.slotOf(this.key, 0)]!
  }

  /** The id of the tuple in `key`, a new one where it is new. */
  intern(): number {
    const slot = this.slotOf(this.key, 0)
    const known = this.slots[slot]!
    if (known >= 0) return known
    const id = this.count++
    this.slots[slot] = id
    this.words.set(this.key, id * this.width)
    if (this.count * 2 > this.mask) this.grow()
    return id
  }

  /** Word `at` of a tuple. */
  word(id: number, at: number): number {
    return this.words[id * this.width + at]!
  }

  /** The slot of a tuple, or the empty one where it belongs. */
  private slotOf(words: Uint32Array, base: number): number {
    const { width, mask, slots, words: known } = this
    let hash = 0x9e3779b9
    for (let i = 0; i < width; i++) {
      hash = Math.imul(hash ^ words[base + i]!, 0x85ebca6b)
      hash ^= hash >>> 15
    }
    hash = Math.imul(hash, 0xc2b2ae35)
    let slot = (hash ^ (hash >>> 16)) & mask
    for (;;) {
      const id = slots[slot]!
      if (id < 0) return slot
      let i = 0
      while (i < width && known[id * width + i] === words[base + i]) i++
      if (i === width) return slot
      slot = (slot + 1) & mask
    }
  }

  private grow(): void {
    const words = new Uint32Array(this.words.length * 2)
    words.set(this.words)
    this.words = words
    this.slots = new Int32Array(this.slots.length * 2).fill(-1)
    this.mask = this.slots.length - 1
    for (let id = 0; id < this.count; id++) this.slots[this.slotOf(words, id * this.width)] = id
  }
}
