import { expect, test } from 'vitest'
import { SegmentLog } from '../../src/connections/segment-log.ts'

/** Takes `count` rows for one connection; returns them in order. */
function takeRows(log: SegmentLog, count: number): number[] {
  const rows: number[] = []
  for (let last = 0; rows.length < count; last = rows[rows.length - 1]! + 1)
    rows.push(log.take(last))
  return rows
}

test('rows of connections that grow in turn stay apart, and a released run is used again', () => {
  const log = new SegmentLog(4)
  const a: number[] = []
  const b: number[] = []
  for (let i = 0; i < 21; i++) {
    a.push(log.take(i === 0 ? 0 : a[i - 1]! + 1))
    b.push(log.take(i === 0 ? 0 : b[i - 1]! + 1))
  }
  expect(new Set([...a, ...b]).size).toBe(42)
  log.releaseRun(a[0]!, a.length)
  // As many rows as were released come from the same blocks, whatever connection takes them.
  const c = takeRows(log, 8)
  const d = takeRows(log, 16)
  const blocks = (rows: readonly number[]) => [...new Set(rows.map((row) => row >>> 3))].sort()
  expect(blocks([...c, ...d])).toEqual(blocks(a))
  expect([...c, ...d].filter((row) => b.includes(row))).toEqual([])
})

test('rows that are released one by one free their block with the last', () => {
  const log = new SegmentLog(4)
  const a = takeRows(log, 8)
  for (const row of a.slice(1)) log.release(row)
  const b = takeRows(log, 8)
  expect(b.filter((row) => a.includes(row))).toEqual([])
  log.release(a[0]!)
  expect(takeRows(log, 8)).toEqual(a)
})
