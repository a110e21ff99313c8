import type { ConnectionView, DirectionFacts, Side } from '../../src/model/connection.ts'
import type { Segment } from '../../src/model/segment.ts'
import { flagBits } from './ladder-bytes.ts'

const SEGMENT: Segment = {
  frame: 0,
  time: 0,
  from: 'client',
  seq: 0,
  ack: 0,
  flags: 0x10,
  window: 502,
  length: 0,
  ttl: 64,
  ipId: 1,
  hasTimestamps: false,
  optionsCut: false,
  tsVal: 0,
  tsEcr: 0,
  sackRight: null,
  digest: 0,
  senderNext: null,
  otherAck: null,
  kind: 'new',
  direction: null,
  copies: 0,
  checksumUnfilled: false,
}

const DIRECTION: DirectionFacts = {
  packets: 1,
  bytes: 0,
  isn: 0,
  next: null,
  acked: null,
  unseenBytes: 0,
  unseenSegments: 0,
  retransmissions: 0,
  zeroWindows: 0,
  mss: 1460,
  windowScale: 7,
  ttlLow: 64,
  ttlHigh: 64,
  ttlLast: 64,
  unfilledChecksums: 0,
  largestPayload: 0,
  finSeq: null,
  resets: 0,
  firstPayloadTime: null,
  lastPayloadTime: null,
  lastPayloadFrame: 0,
  lastTime: null,
}

/** `made('client', 'PA', { seq: 1, length: 10 })`: a segment with what a test is about. */
export function made(from: Side, flags: string, fields: Partial<Segment> = {}): Segment {
  return { ...SEGMENT, from, flags: flagBits(flags), ...fields }
}

/** A view that holds these segments, numbered from frame 1, a millisecond apart unless they say otherwise. */
export function viewOf(
  segments: readonly Segment[],
  fields: Partial<ConnectionView> = {},
): ConnectionView {
  const endpoint = (port: number) => ({ address: '10.0.0.1', port })
  return {
    endpoints: { client: endpoint(40000), upstream: endpoint(80) },
    roleReason: 'syn',
    alsoSeenAs: [],
    ipVersion: 4,
    firstFrame: 1,
    lastFrame: segments.length,
    firstTime: 0,
    lastTime: segments.length * 1e6,
    packets: segments.length,
    history: '',
    midstream: false,
    tunnel: null,
    client: DIRECTION,
    upstream: DIRECTION,
    segments: segments.map((s, i) => ({ ...s, frame: i + 1, time: s.time || i * 1e6 })),
    contiguousFrom: 1,
    strangeFrames: new Set(),
    icmp: [],
    application: {
      protocol: 'none',
      clientFirst: 'none',
      upstreamFirst: 'none',
      tls: null,
      http: null,
      lostPlace: false,
    },
    ...fields,
  }
}
