import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HashChains, hashOf } from '../../src/correlation/hash-chains.ts'

describe('items by hash', () => {
  const chainOf = (chains: HashChains, hash: number): number[] => {
    const found: number[] = []
    for (let item = chains.first(hash); item >= 0; item = chains.after(item)) found.push(item)
    return found
  }

  it('finds every item of a hash, in rising order, but those that were taken out', () => {
    const chains = new HashChains()
    const hashes = fc.array(fc.constantFrom(-1, 0, 3, 64, 67, 2 ** 31), { maxLength: 100 })
    fc.assert(
      fc.property(hashes, fc.nat(), (list, seed) => {
        chains.reset(list.length)
        for (let i = list.length - 1; i >= 0; i--) chains.add(i, list[i]!)
        const gone = new Set<number>()
        list.forEach((hash, i) => {
          if ((i * 7 + seed) % 3 !== 0) return
          const chain = chainOf(chains, hash)
          const at = chain.indexOf(i)
          chains.removeAfter(at === 0 ? -1 : chain[at - 1]!, hash)
          gone.add(i)
        })
        for (const hash of list) {
          const chain = chainOf(chains, hash)
          expect(chain).toEqual([...chain].sort((x, y) => x - y))
          const wanted = list.flatMap((h, i) => (h === hash && !gone.has(i) ? [i] : []))
          expect(chain.filter((i) => list[i] === hash)).toEqual(wanted)
        }
      }),
    )
  })

  it('spreads numbers that differ by a step, whichever it is', () => {
    for (const step of [1, 64, 4096, 65536, 2 ** 20]) {
      const slots = new Set<number>()
      for (let i = 0; i < 4096; i++) slots.add(hashOf((i * step) >>> 0, 7) & 8191)
      // 4096 balls in 8192 bins leave about 3220 bins in use.
      expect(slots.size).toBeGreaterThan(3000)
    }
  })
})
