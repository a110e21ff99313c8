import type { SegmentNumbers } from '../model/segment-numbers.ts'

/** Empty columns, to be read into again and again. */
export function newSegmentNumbers(): SegmentNumbers {
  return {
    count: 0,
    from: [],
    time: [],
    flags: [],
    seq: [],
    ack: [],
    length: [],
    ipId: [],
    tsVal: [],
    tsEcr: [],
    digest: [],
    direction: [],
  }
}
