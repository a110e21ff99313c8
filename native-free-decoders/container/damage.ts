import type { ContainerContext } from './container-parser.ts'

/** No record and no block of a file that anybody could have captured is longer; libpcap and Wireshark draw the same line for blocks. */
export const MAX_BLOCK_BYTES = 16 * 1024 * 1024

/** Below this a captured length is believed whatever the snapshot length says: segmentation offload makes packets that long. */
const ALWAYS_PLAUSIBLE_BYTES = 1024 * 1024

/** The longest captured length that is taken for real in a file with this snapshot length. */
export function captureLengthLimit(snapLength: number): number {
  return Math.min(MAX_BLOCK_BYTES, Math.max(ALWAYS_PLAUSIBLE_BYTES, snapLength))
}

/** Warns of a file that ends inside a record. */
export function warnTruncated(
  context: ContainerContext,
  what: string,
  offset: number,
  missing: number,
  isLowerBound: boolean,
): void {
  context.warn(
    'truncated-file',
    `the file is cut inside ${what}, which begins at byte ${offset}: ${isLowerBound ? 'at least ' : ''}${missing} bytes are missing`,
    offset,
  )
}

/** Warns of a captured length that no capture has. */
export function warnBadRecordLength(
  context: ContainerContext,
  record: number,
  offset: number,
  captured: number,
  limit: number,
): void {
  context.warn(
    'bad-record-length',
    `record ${record} at byte ${offset} claims ${captured} captured bytes (at most ${limit} are plausible): the file is damaged there and not read further`,
    offset,
  )
}
