/**
 * The kept segments of one connection as columns of numbers, in file order; read into again for the next one, so
 * that looking at millions of connections makes no object for any.
 */
export interface SegmentNumbers extends SegmentMoments {
  seq: number[]
  ack: number[]
  /** -1 where the IP version has none. */
  ipId: number[]
  /** -1 without timestamps. */
  tsVal: number[]
  tsEcr: number[]
  /** As `Segment.digest`: 0 without payload. */
  digest: number[]
  /** As the capture itself records it: 0 unknown, 1 arriving, 2 leaving, 3 passing. */
  direction: number[]
}

/** Of each segment, only what says whether it can be another one's like. */
export interface SegmentMoments {
  count: number
  /** 0: the client sent it; 1: the upstream. */
  from: number[]
  /** Nanoseconds after the capture's base. */
  time: number[]
  flags: number[]
  /** Payload bytes by IP length. */
  length: number[]
}
