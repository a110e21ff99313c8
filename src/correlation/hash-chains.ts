/**
 * The items 0 to n−1 by a hash of their numbers, for joins: chains over typed arrays that are used again. It knows
 * hashes only: whoever walks a chain compares the numbers.
 */
export class HashChains {
  private heads = new Int32Array(64)
  private links = new Int32Array(32)
  private mask = 63

  /** Empties the chains and makes room for items below `count`. */
  reset(count: number): void {
    let size = 16
    while (size < count * 2) size *= 2
    if (size > this.heads.length) {
      this.heads = new Int32Array(size)
      this.links = new Int32Array(size >> 1)
    }
    this.heads.fill(-1, 0, size)
    this.mask = size - 1
  }

  /** Puts an item at the head of its chain: in falling order added, chains rise. */
  add(item: number, hash: number): void {
    const slot = hash & this.mask
    this.links[item] = this.heads[slot]!
    this.heads[slot] = item
  }

  /** The first item whose hash may be this one; -1 for none. */
  first(hash: number): number {
    return this.heads[hash & this.mask]!
  }

  /** The next item of the same chain; -1 at its end. */
  after(item: number): number {
    return this.links[item]!
  }

  /** Takes out the item that follows `before` (-1: the first) in the chain of this hash. */
  removeAfter(before: number, hash: number): void {
    if (before < 0) {
      const slot = hash & this.mask
      this.heads[slot] = this.links[this.heads[slot]!]!
    } else {
      this.links[before] = this.links[this.links[before]!]!
    }
  }
}

/** Mixes two 32-bit numbers so that the low bits depend on all of both; a signed 32-bit hash. */
export function hashOf(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 16), 0x7feb352d)
  h = Math.imul((h ^ (h >>> 15)) + b, 0x846ca68b)
  return h ^ (h >>> 16)
}
