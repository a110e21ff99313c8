import { run } from './run.mjs'

/** @typedef {import('./run.mjs').Run} Run */
/** @typedef {{ min: number, median: number, max: number }} Spread */

/**
 * Runs two commands in turn, A B A B, after one warm-up of each: what else the machine does, and the file cache, are
 * the same for both.
 * @returns {Promise<{ a: Run, b: Run }[]>}
 */
export async function runPairs(a, b, pairs) {
  await run(a)
  await run(b)
  const runs = []
  for (let i = 0; i < pairs; i++) runs.push({ a: await run(a), b: await run(b) })
  return runs
}

/** Wall time of A over that of B, pair by pair. */
export function ratios(runs) {
  return spread(runs.map(({ a, b }) => a.ms / b.ms))
}

/** @returns {Spread} */
export function spread(values) {
  const sorted = [...values].sort((x, y) => x - y)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { min: sorted[0], median, max: sorted.at(-1) }
}

/** The highest peak of the runs of one side, in bytes; null where no run knows it. */
export function peak(runs, side) {
  const known = runs.map((pair) => pair[side].peakBytes).filter((bytes) => bytes !== null)
  return known.length === 0 ? null : Math.max(...known)
}
