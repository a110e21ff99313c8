import type { ApplicationSummary } from '../model/application.ts'
import type {
  AddressPair,
  ConnectionView,
  DirectionFacts,
  IcmpError,
  RoleReason,
  Side,
} from '../model/connection.ts'
import type { ConnectionData } from '../model/connection-data.ts'
import type { Segment, SegmentKind } from '../model/segment.ts'
import type { SegmentMoments } from '../model/segment-numbers.ts'
import { chunkOf, withinChunk } from './archive.ts'
import type { Said } from './connection-store.ts'
import { historyText } from './history.ts'
import * as L from './layout.ts'
import { ConnectionUnpacker, UnpackedConnection } from './packed-connection.ts'
import { unpackEntry } from './packed-entry.ts'
import * as S from './segment-log.ts'
import { swapSides } from './swap-sides.ts'

const KINDS: readonly SegmentKind[] = [
  'new',
  'retransmission',
  'out-of-order',
  'keep-alive',
  'zero-window-probe',
  'window-or-ack',
  'challenge-ack',
]

const DIRECTIONS = [null, 'arriving', 'leaving', 'passing'] as const

/** By TUNNEL_ constant of decoded-packet.ts. */
const TUNNELS = [null, 'vxlan', 'geneve', 'gre', 'ipip', '6in4', '4in6', 'ip6ip6'] as const

const NO_FRAMES: ReadonlySet<number> = new Set()

const NO_PAYLOAD: ApplicationSummary = {
  protocol: 'none',
  clientFirst: 'none',
  upstreamFirst: 'none',
  tls: null,
  http: null,
  lostPlace: false,
}

const unpacker = new ConnectionUnpacker()
const unpacked = new UnpackedConnection()

interface First {
  frame: number
  time: number
  next: readonly [number, number]
}

/** What a record's packed state counts from. */
function firstOf({ words, doubles }: ConnectionData, local: number): First {
  const base = local * L.WORDS
  return {
    frame: words[base + L.FIRST_FRAME]!,
    time: doubles[local * L.DOUBLES + L.T_FIRST]!,
    next: [
      words[base + L.DIRECTION + L.D_NEXT]!,
      words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_NEXT]!,
    ],
  }
}

/** State and rows of a record, valid until the next one is read. */
export function unpackRecord(data: ConnectionData, local: number): UnpackedConnection {
  const place = data.words[local * L.WORDS + L.STATE]!
  const chunk = chunkOf(data.archive, place)
  unpacker.unpack(chunk, withinChunk(place), firstOf(data, local), unpacked)
  return unpacked
}

/** Reads who sent each segment of a record and when, its flags and its payload. */
export function readMoments(data: ConnectionData, local: number, into: SegmentMoments): void {
  const place = data.words[local * L.WORDS + L.STATE]!
  const chunk = chunkOf(data.archive, place)
  const firstTime = data.doubles[local * L.DOUBLES + L.T_FIRST]!
  const client = data.clientDirection[local]! as 0 | 1
  unpacker.unpackMoments(chunk, withinChunk(place), firstTime, client, into)
}

/** TSval (-1 without) and IP ID (-1 for IPv6) of a record's first segment, if that is a SYN without ACK. */
export function readFirstSyn(
  data: ConnectionData,
  local: number,
): { tsVal: number; ipId: number } | null {
  const { rows, rowCount } = unpackRecord(data, local)
  if (rowCount === 0 || ((rows[S.R_FLAGS_WINDOW]! >>> 16) & 0x12) !== 0x02) return null
  const stamped = (rows[S.R_BITS]! & S.ROW_TIMESTAMPS) !== 0
  return { tsVal: stamped ? rows[S.R_TSVAL]! : -1, ipId: rows[S.R_IP_ID]! | 0 }
}

/** Makes the object view of one record. */
export function readView(
  data: ConnectionData,
  local: number,
  endpoints: AddressPair,
  roleReason: RoleReason,
  icmp: IcmpError[],
): ConnectionView {
  const { words, doubles } = data
  const base = local * L.WORDS
  const clientDirection = data.clientDirection[local]! as 0 | 1
  const first = firstOf(data, local)
  const place = words[base + L.STATE]!
  const chunk = chunkOf(data.archive, place)
  const end = unpacker.unpack(chunk, withinChunk(place), first, unpacked)
  const said = unpackEntry(chunk, end, first, data.texts)
  const { state } = unpacked
  const client = readDirection(data, local, clientDirection)
  const upstream = readDirection(data, local, (1 - clientDirection) as 0 | 1)
  const segments = readSegments(clientDirection)
  const packets = client.packets + upstream.packets
  return {
    endpoints,
    roleReason,
    alsoSeenAs: [],
    ipVersion: (words[base + L.BITS]! & L.BIT_IPV6) === 0 ? 4 : 6,
    firstFrame: first.frame,
    lastFrame: state[L.LAST_FRAME]!,
    firstTime: first.time,
    lastTime: doubles[local * L.DOUBLES + L.T_LAST]!,
    packets,
    history: historyText(state, 0, clientDirection),
    midstream: client.isn === null,
    tunnel: tunnelText(state[L.TUNNEL]!),
    client,
    upstream,
    segments,
    contiguousFrom: segments.length >= packets ? first.frame : firstTailFrame(segments),
    strangeFrames: NO_FRAMES,
    icmp,
    application: applicationOf(said, clientDirection),
  }
}

function applicationOf(said: Said | null, clientDirection: 0 | 1): ApplicationSummary {
  if (said === null) return NO_PAYLOAD
  return said.client === clientDirection ? said.application : swapSides(said.application)
}

/** Of the unpacked connection: from where on every segment is kept. */
function firstTailFrame(segments: readonly Segment[]): number {
  return segments[unpacked.state[L.KEPT_COUNT]!]?.frame ?? unpacked.state[L.LAST_FRAME]!
}

function tunnelText(word: number): string | null {
  const name = TUNNELS[word & 0xff] ?? null
  const vni = word >>> 8
  return name === null || vni === 0 ? name : `${name} ${vni}`
}

function readDirection(data: ConnectionData, local: number, direction: 0 | 1): DirectionFacts {
  const w = data.words
  const { state, stateDoubles } = unpacked
  const mine = local * L.WORDS + L.DIRECTION + direction * L.DIRECTION_WORDS
  const myState = L.S_DIRECTION + direction * L.S_DIRECTION_WORDS
  const times = L.S_TIMES + direction * L.S_TIMES_DOUBLES
  const bits = w[mine + L.D_BITS]!
  const ttl = w[mine + L.D_TTL]!
  const sizes = state[myState + L.S_SIZES]!
  const seen = (bits & L.DB_SEEN) !== 0
  const payload = (bits & L.DB_PAYLOAD) !== 0
  return {
    packets: state[myState + L.S_PACKETS]!,
    bytes: stateDoubles[times + L.ST_BYTES]!,
    isn: (bits & L.DB_ISN) === 0 ? null : w[mine + L.D_ISN]!,
    next: seen ? w[mine + L.D_NEXT]! : null,
    acked: (bits & L.DB_ACKED) === 0 ? null : w[mine + L.D_ACKED]!,
    unseenBytes: state[myState + L.S_UNSEEN_BYTES]!,
    unseenSegments: w[mine + L.D_UNSEEN_SEGMENTS]!,
    retransmissions: state[myState + L.S_RETRANSMISSIONS]!,
    zeroWindows: state[myState + L.S_ZERO_WINDOWS]!,
    mss: sizes >>> 16,
    windowScale: ((bits >>> L.DB_SCALE_SHIFT) & 15) - 1,
    ttlLow: ttl & 0xff,
    ttlHigh: (ttl >>> 8) & 0xff,
    ttlLast: (ttl >>> 16) & 0xff,
    unfilledChecksums: state[myState + L.S_UNFILLED]!,
    largestPayload: sizes & 0xffff,
    finSeq: (bits & L.DB_FIN) === 0 ? null : state[myState + L.S_FIN]!,
    resets: state[myState + L.S_RESETS]!,
    firstPayloadTime: payload ? stateDoubles[times + L.ST_FIRST_PAYLOAD]! : null,
    lastPayloadTime: payload ? stateDoubles[times + L.ST_LAST_PAYLOAD]! : null,
    lastPayloadFrame: state[myState + L.S_LAST_PAYLOAD_FRAME]!,
    lastTime: seen ? stateDoubles[times + L.ST_LAST_LIVE]! : null,
  }
}

function readSegments(clientDirection: 0 | 1): Segment[] {
  const { rows, times, rowCount } = unpacked
  const segments: Segment[] = []
  for (let row = 0; row < rowCount; row++) {
    const at = row * S.ROW_WORDS
    const bits = rows[at + S.R_BITS]!
    const small = rows[at + S.R_SMALL]!
    const flagsWindow = rows[at + S.R_FLAGS_WINDOW]!
    const from: Side = (bits & S.ROW_FROM_B) === clientDirection ? 'client' : 'upstream'
    segments.push({
      frame: rows[at + S.R_FRAME]!,
      time: times[row * S.ROW_DOUBLES + S.R_TIME]!,
      from,
      seq: rows[at + S.R_SEQ]!,
      ack: rows[at + S.R_ACK]!,
      flags: flagsWindow >>> 16,
      window: flagsWindow & 0xffff,
      length: rows[at + S.R_LENGTH]!,
      ttl: small >>> 16,
      ipId: rows[at + S.R_IP_ID]! | 0,
      hasTimestamps: (bits & S.ROW_TIMESTAMPS) !== 0,
      optionsCut: (bits & S.ROW_OPTIONS_CUT) !== 0,
      tsVal: rows[at + S.R_TSVAL]!,
      tsEcr: rows[at + S.R_TSECR]!,
      sackRight: (bits & S.ROW_SACK) !== 0 ? rows[at + S.R_SACK_RIGHT]! : null,
      digest: rows[at + S.R_DIGEST]!,
      senderNext: (bits & S.ROW_SENDER_NEXT) !== 0 ? rows[at + S.R_SENDER_NEXT]! : null,
      otherAck: (bits & S.ROW_OTHER_ACK) !== 0 ? rows[at + S.R_OTHER_ACK]! : null,
      kind: KINDS[small & 0xff] ?? 'new',
      direction: DIRECTIONS[(bits >>> S.ROW_DIRECTION_SHIFT) & 3] ?? null,
      copies: (small & S.COPIES) >>> 8,
      checksumUnfilled: (bits & S.ROW_UNFILLED) !== 0,
    })
  }
  return segments
}
