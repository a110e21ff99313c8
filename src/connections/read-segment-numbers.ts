import type { SegmentColumns } from '../model/connection-data.ts'
import type { Segment } from '../model/segment.ts'
import type { SegmentNumbers } from '../model/segment-numbers.ts'
import { ROW_DIRECTION_SHIFT, ROW_FROM_B, ROW_TIMESTAMPS } from './segment-log.ts'

/** Reads the rows that are linked from `first` (row + 1; 0: none). */
export function readRows(
  log: SegmentColumns,
  first: number,
  clientDirection: 0 | 1,
  into: SegmentNumbers,
): void {
  let n = 0
  for (let link = first; link !== 0; link = log.next[link - 1]!) {
    const row = link - 1
    const bits = log.bits[row]!
    into.from[n] = (bits & ROW_FROM_B) ^ clientDirection
    into.time[n] = log.time[row]!
    into.flags[n] = log.flags[row]!
    into.seq[n] = log.seq[row]!
    into.ack[n] = log.ack[row]!
    into.length[n] = log.length[row]!
    into.ipId[n] = log.ipId[row]!
    into.tsVal[n] = (bits & ROW_TIMESTAMPS) !== 0 ? log.tsVal[row]! : -1
    into.tsEcr[n] = log.tsEcr[row]!
    into.digest[n] = log.digest[row]!
    into.direction[n] = (bits >>> ROW_DIRECTION_SHIFT) & 3
    n++
  }
  into.count = n
}

/** The same of segments that are objects already, as a folded connection's are. */
export function readObjects(segments: readonly Segment[], into: SegmentNumbers): void {
  segments.forEach((s, n) => {
    into.from[n] = s.from === 'client' ? 0 : 1
    into.time[n] = s.time
    into.flags[n] = s.flags
    into.seq[n] = s.seq
    into.ack[n] = s.ack
    into.length[n] = s.length
    into.ipId[n] = s.ipId
    into.tsVal[n] = s.hasTimestamps ? s.tsVal : -1
    into.tsEcr[n] = s.tsEcr
    into.digest[n] = s.digest
    into.direction[n] = s.direction === null ? 0 : DIRECTIONS.indexOf(s.direction) + 1
  })
  into.count = segments.length
}

const DIRECTIONS = ['arriving', 'leaving', 'passing'] as const
