import type { Segment } from '../model/segment.ts'
import type { SegmentNumbers } from '../model/segment-numbers.ts'
import type { UnpackedConnection } from './packed-connection.ts'
import * as S from './segment-log.ts'

/** Reads the rows of an unpacked connection. */
export function readRows(
  { rows, times, rowCount }: UnpackedConnection,
  clientDirection: 0 | 1,
  into: SegmentNumbers,
): void {
  for (let n = 0; n < rowCount; n++) {
    const at = n * S.ROW_WORDS
    const bits = rows[at + S.R_BITS]!
    into.from[n] = (bits & S.ROW_FROM_B) ^ clientDirection
    into.time[n] = times[n * S.ROW_DOUBLES + S.R_TIME]!
    into.flags[n] = rows[at + S.R_FLAGS_WINDOW]! >>> 16
    into.seq[n] = rows[at + S.R_SEQ]!
    into.ack[n] = rows[at + S.R_ACK]!
    into.length[n] = rows[at + S.R_LENGTH]!
    into.ipId[n] = rows[at + S.R_IP_ID]! | 0
    into.tsVal[n] = (bits & S.ROW_TIMESTAMPS) !== 0 ? rows[at + S.R_TSVAL]! : -1
    into.tsEcr[n] = rows[at + S.R_TSECR]!
    into.digest[n] = rows[at + S.R_DIGEST]!
    into.direction[n] = (bits >>> S.ROW_DIRECTION_SHIFT) & 3
  }
  into.count = rowCount
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
