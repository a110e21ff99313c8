import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isInShard, parseShard } from '../../src/batch/shard.ts'

const shards = (of: number) => Array.from({ length: of }, (_, at) => ({ index: at + 1, of }))

test('every sample is in exactly one slice', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 500 }), (id, of) => {
      expect(shards(of).filter((shard) => isInShard(id, shard))).toHaveLength(1)
    }),
  )
})

test('its slice does not depend on the other samples: those that arrive later change nothing', () => {
  const before = ['a', 'b', 'c', 'd'].filter((id) => isInShard(id, { index: 2, of: 3 }))
  const later = ['x', 'd', 'c', 'y', 'b', 'a'].filter((id) => isInShard(id, { index: 2, of: 3 }))
  expect(later.filter((id) => before.includes(id)).sort()).toEqual(before)
})

test('slices are about equally large', () => {
  const ids = Array.from({ length: 10_000 }, (_, at) => `2026-11-20/pod-${at}`)
  const sizes = shards(10).map((shard) => ids.filter((id) => isInShard(id, shard)).length)
  // Six standard deviations of a binomial with n = 10000, p = 0.1.
  for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(180)
})

// SHA-256 of "cart" begins with 1c42ddc0: 0.1104 of the way, which is the 2nd of ten slices and the 3rd of twenty.
test('a slice stays the same from version to version', () => {
  expect(shards(10).filter((shard) => isInShard('cart', shard))).toEqual([{ index: 2, of: 10 }])
  expect(shards(20).filter((shard) => isInShard('cart', shard))).toEqual([{ index: 3, of: 20 }])
})

describe('--shard', () => {
  test.each([
    ['1/1', undefined, { index: 1, of: 1 }],
    ['3/8', '0', { index: 3, of: 8 }],
    ['job/8', '0', { index: 1, of: 8 }],
    ['job/8', '7', { index: 8, of: 8 }],
  ])('%s with completion index %s', (text, completion, shard) => {
    expect(parseShard(text, completion)).toEqual(shard)
  })

  test.each([
    ['0/8', undefined],
    ['9/8', undefined],
    ['job/8', '8'],
    ['job/8', undefined],
    ['job/8', '-1'],
    ['1', undefined],
    ['1/0', undefined],
    ['1/8/9', undefined],
    ['-1/8', undefined],
    ['1/999999', undefined],
    ['x/8', undefined],
    ['', undefined],
  ])('%j with completion index %s is refused', (text, completion) => {
    expect(() => parseShard(text, completion)).toThrow(/--shard/)
  })
})
