import { expect, test } from 'vitest'
import { chanceOfSoMany } from '../../../src/batch/summary/rates.ts'

// Upper tails of binomial distributions, from their definition with whole numbers.
function exactly(more: number, fewer: number, numerator: bigint, denominator: bigint): number {
  const all = BigInt(more + fewer)
  const choose = (k: bigint): bigint => {
    let value = 1n
    for (let i = 0n; i < k; i++) value = (value * (all - i)) / (i + 1n)
    return value
  }
  let sum = 0n
  for (let k = BigInt(more); k <= all; k++) {
    sum += choose(k) * numerator ** k * (denominator - numerator) ** (all - k)
  }
  return Number((sum * 10n ** 30n) / denominator ** all) / 1e30
}

test.each([
  [10, 0, 1n, 2n],
  [12, 1, 1n, 2n],
  [30, 10, 1n, 2n],
  [5, 2, 1n, 3n],
  [400, 300, 1n, 2n],
  [60, 900, 1n, 20n],
] as const)('%i of %i and as many', (more, fewer, numerator, denominator) => {
  const part = Number(numerator) / Number(denominator)
  const expected = exactly(more, fewer, numerator, denominator)
  expect(chanceOfSoMany(more, fewer, part) / expected).toBeCloseTo(1, 6)
})

test('no more than expected is no surprise, and large numbers are quick', () => {
  expect(chanceOfSoMany(10, 10, 0.5)).toBe(1)
  expect(chanceOfSoMany(0, 0, 0.5)).toBe(1)
  expect(chanceOfSoMany(5, 5, 1)).toBe(1)
  expect(chanceOfSoMany(5, 0, 0)).toBe(0)
  // Three standard deviations above the mean of ten million throws: 0.00135.
  const mean = 5_000_000
  const sigma = Math.sqrt(10_000_000) / 2
  const more = Math.round(mean + 3 * sigma)
  expect(chanceOfSoMany(more, 10_000_000 - more, 0.5)).toBeCloseTo(0.00135, 5)
})
