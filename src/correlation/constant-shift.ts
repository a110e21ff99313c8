import type { SequenceShift } from '../model/pair.ts'
import type { SegmentNumbers } from '../model/segment-numbers.ts'
import { KeyIndex, type KeyOf, type SegmentKey } from './segment-keys.ts'

const SIDES = ['client', 'upstream'] as const
const LEAST_SEGMENTS = 3

// Scratch of one comparison at a time.
const index = new KeyIndex()
const key: SegmentKey = { a: 0, b: 0, length: 0, stamp: 0 }
const shifts: [number[], number[]] = [[], []]

/** The difference of sequence numbers per direction, if it is the same for all segments that share a key. */
export function constantShift(
  a: SegmentNumbers,
  b: SegmentNumbers,
  keyOf: KeyOf,
): SequenceShift | null {
  index.reset(b.count)
  for (let k = b.count - 1; k >= 0; k--) if (keyOf(b, k, key)) index.add(key, k)
  shifts[0].length = 0
  shifts[1].length = 0
  for (let i = 0; i < a.count; i++) {
    if (!keyOf(a, i, key)) continue
    const from = a.from[i]! as 0 | 1
    let item = index.first(key)
    while (item >= 0 && b.from[index.value(item)] !== from) item = index.after(item, key)
    if (item >= 0) shifts[from].push((b.seq[index.value(item)]! - a.seq[i]!) >>> 0)
  }
  const result: SequenceShift = { client: 0, upstream: 0 }
  let agreeing = 0
  for (const [direction, side] of SIDES.entries()) {
    const found = shifts[direction]!
    const candidate = mostLikely(found)
    let count = 0
    for (const shift of found) if (shift === candidate) count++
    if (count * 4 < found.length * 3) continue
    result[side] = candidate
    agreeing += count
  }
  return agreeing < LEAST_SEGMENTS ? null : result
}

/** The number that is in the majority, if one is: what is left when unequal ones cancel each other out. */
function mostLikely(numbers: readonly number[]): number {
  let candidate = 0
  let weight = 0
  for (const n of numbers) {
    if (weight === 0) candidate = n
    weight += n === candidate ? 1 : -1
  }
  return candidate
}
