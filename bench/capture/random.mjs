/** A small seeded generator (xorshift128 over 32-bit words): the same seed, the same capture. */
export class Random {
  #a = 0
  #b = 0x9e3779b9
  #c = 0x243f6a88
  #d = 0xb7e15162

  constructor(seed) {
    this.#a = seed | 0
    for (let i = 0; i < 16; i++) this.word()
  }

  /** 32 bits. */
  word() {
    let t = this.#d
    const s = this.#a
    this.#d = this.#c
    this.#c = this.#b
    this.#b = s
    t ^= t << 11
    t ^= t >>> 8
    this.#a = t ^ s ^ (s >>> 19)
    return this.#a >>> 0
  }

  /** A number below `n`. */
  below(n) {
    return this.word() % n
  }

  between(low, high) {
    return low + this.below(high - low + 1)
  }

  /** True in so many of a thousand cases. */
  permille(n) {
    return this.below(1000) < n
  }

  /** Exponentially distributed with this mean. */
  exponential(mean) {
    return -mean * Math.log((this.word() + 1) / 4294967297)
  }
}
