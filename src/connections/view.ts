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
import { historyText } from './history.ts'
import * as L from './layout.ts'
import * as S from './segment-log.ts'

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

/** Makes the object view of one record. */
export function readView(
  data: ConnectionData,
  local: number,
  endpoints: AddressPair,
  roleReason: RoleReason,
  icmp: IcmpError[],
): ConnectionView {
  const words = data.words
  const base = local * L.WORDS
  const clientDirection = data.clientDirection[local]! as 0 | 1
  const bits = words[base + L.BITS]!
  const tunnel = words[base + L.TUNNEL]!
  const client = readDirection(data, local, clientDirection)
  const upstream = readDirection(data, local, (1 - clientDirection) as 0 | 1)
  const segments = readSegments(data, base, clientDirection)
  return {
    endpoints,
    roleReason,
    alsoSeenAs: [],
    ipVersion: (bits & L.BIT_IPV6) === 0 ? 4 : 6,
    firstFrame: words[base + L.FIRST_FRAME]!,
    lastFrame: words[base + L.LAST_FRAME]!,
    firstTime: data.doubles[local * L.DOUBLES + L.T_FIRST]!,
    lastTime: data.doubles[local * L.DOUBLES + L.T_LAST]!,
    packets: client.packets + upstream.packets,
    history: historyText(words, base, clientDirection),
    midstream: client.isn === null,
    tunnel: tunnelText(tunnel),
    client,
    upstream,
    segments,
    contiguousFrom:
      segments.length >= client.packets + upstream.packets
        ? words[base + L.FIRST_FRAME]!
        : firstTailFrame(data, base),
    strangeFrames: NO_FRAMES,
    icmp,
    application: data.applications[local] ?? NO_PAYLOAD,
  }
}

function firstTailFrame(data: ConnectionData, base: number): number {
  const kept = data.words[base + L.ROW_KEPT]!
  const after = kept === 0 ? 0 : data.rows[(kept - 1) * S.ROW_WORDS + S.R_NEXT]!
  return after === 0 ? data.words[base + L.LAST_FRAME]! : data.rows[(after - 1) * S.ROW_WORDS + S.R_FRAME]!
}

function tunnelText(word: number): string | null {
  const name = TUNNELS[word & 0xff] ?? null
  const vni = word >>> 8
  return name === null || vni === 0 ? name : `${name} ${vni}`
}

function readDirection(data: ConnectionData, local: number, direction: 0 | 1): DirectionFacts {
  const w = data.words
  const d = data.doubles
  const mine = local * L.WORDS + L.DIRECTION + direction * L.DIRECTION_WORDS
  const times = local * L.DOUBLES + L.T_DIRECTION + direction * L.T_DIRECTION_DOUBLES
  const bits = w[mine + L.D_BITS]!
  const ttl = w[mine + L.D_TTL]!
  const sizes = w[mine + L.D_SIZES]!
  const seen = (bits & L.DB_SEEN) !== 0
  const payload = (bits & L.DB_PAYLOAD) !== 0
  return {
    packets: w[mine + L.D_PACKETS]!,
    bytes: d[times + L.T_BYTES]!,
    isn: (bits & L.DB_ISN) === 0 ? null : w[mine + L.D_ISN]!,
    next: seen ? w[mine + L.D_NEXT]! : null,
    acked: (bits & L.DB_ACKED) === 0 ? null : w[mine + L.D_ACKED]!,
    unseenBytes: w[mine + L.D_UNSEEN_BYTES]!,
    unseenSegments: w[mine + L.D_UNSEEN_SEGMENTS]!,
    retransmissions: w[mine + L.D_RETRANSMISSIONS]!,
    zeroWindows: w[mine + L.D_ZERO_WINDOWS]!,
    mss: sizes >>> 16,
    windowScale: ((bits >>> L.DB_SCALE_SHIFT) & 15) - 1,
    ttlLow: ttl & 0xff,
    ttlHigh: (ttl >>> 8) & 0xff,
    ttlLast: (ttl >>> 16) & 0xff,
    unfilledChecksums: w[mine + L.D_UNFILLED]!,
    largestPayload: sizes & 0xffff,
    finSeq: (bits & L.DB_FIN) === 0 ? null : w[mine + L.D_FIN]!,
    resets: w[mine + L.D_RESETS]!,
    firstPayloadTime: payload ? d[times + L.T_FIRST_PAYLOAD]! : null,
    lastPayloadTime: payload ? d[times + L.T_LAST_PAYLOAD]! : null,
    lastPayloadFrame: w[mine + L.D_LAST_PAYLOAD_FRAME]!,
    lastTime: seen ? d[times + L.T_LAST_LIVE]! : null,
  }
}

function readSegments(data: ConnectionData, base: number, clientDirection: 0 | 1): Segment[] {
  const { rows } = data
  const times = new Float64Array(rows.buffer, rows.byteOffset, rows.length >>> 1)
  const segments: Segment[] = []
  for (let link = data.words[base + L.ROW_FIRST]!; link !== 0; ) {
    const at = (link - 1) * S.ROW_WORDS
    const bits = rows[at + S.R_BITS]!
    const small = rows[at + S.R_SMALL]!
    const flagsWindow = rows[at + S.R_FLAGS_WINDOW]!
    const from: Side = (bits & S.ROW_FROM_B) === clientDirection ? 'client' : 'upstream'
    segments.push({
      frame: rows[at + S.R_FRAME]!,
      time: times[(link - 1) * S.ROW_DOUBLES + S.R_TIME]!,
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
    link = rows[at + S.R_NEXT]!
  }
  return segments
}
