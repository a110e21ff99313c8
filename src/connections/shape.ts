import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ApplicationSummary } from '../model/application.ts'
import { closingOrder } from './closing.ts'
import { type ConnectionTable, mix } from './connection-table.ts'
import * as L from './layout.ts'
import type { LiveStates } from './live-states.ts'
import { firstBytesNumber } from './packed-application.ts'
import * as S from './segment-log.ts'

/** Without payload: at most so many segments are told apart one by one. */
const MOST_BARE_ROWS = 8
/** A TLS handshake takes four turns at most: hello, server's flight, client's flight, answer. */
const MOST_HANDSHAKE_TURNS = 4
const BARE = 1
const CLOSED = 2

/**
 * What decides how a connection ended, as a few numbers: connections with equal numbers ended alike, whatever their
 * addresses, sequence numbers, frames and times. Only two kinds are simple enough to say so for sure, and they are
 * nearly all of a large capture: handshakes that came to nothing, and conversations that both sides closed.
 */
export class ShapeReader {
  /** The numbers of the connection that was read last. */
  readonly numbers = new Uint32Array(4 * MOST_BARE_ROWS + 16)
  count = 0
  /** A digest of the segments of each direction, in order: equal at both taps when both saw the same ones; 0 for none. */
  readonly sequence = new Uint32Array(2)
  /** Of a conversation that was closed: the row (+ 1) from which on every segment has a say; 0 otherwise. */
  decisiveFrom = 0
  /** When it was closed first, and when the upstream sent last (RSTs not counted). */
  closeTime = 0
  aliveTime = 0

  /** False when the connection is not of a simple kind. `client` is the direction of the client. */
  read(
    { words, doubles }: ConnectionTable,
    id: number,
    states: LiveStates,
    slot: number,
    log: S.SegmentLog,
    client: 0 | 1,
    application: ApplicationSummary | null,
  ): boolean {
    this.count = 0
    this.decisiveFrom = 0
    const base = id * L.WORDS
    const state = states.words
    const stateBase = slot * L.STATE_WORDS
    const rowCount = state[stateBase + L.KEPT_COUNT]! + state[stateBase + L.TAIL_COUNT]!
    const a = stateBase + L.S_DIRECTION
    const b = a + L.S_DIRECTION_WORDS
    const isWhole = state[a + L.S_PACKETS]! + state[b + L.S_PACKETS]! === rowCount
    const bitsA = words[base + L.DIRECTION + L.D_BITS]!
    const bitsB = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_BITS]!
    const first = state[stateBase + L.ROW_FIRST]!
    if (((bitsA | bitsB) & L.DB_PAYLOAD) === 0) {
      return isWhole && rowCount <= MOST_BARE_ROWS && this.bare(words, base, log, first, client)
    }
    const isClosed = (bitsA & bitsB & L.DB_FIN) !== 0 && (words[base + L.BITS]! & L.BIT_RESET) === 0
    if (!isClosed || application === null) return false
    if (!this.closed(words, base, state, stateBase, log, client, application, isWhole)) return false
    const rowTime = (link: number) => log.times[(link - 1) * S.ROW_DOUBLES + S.R_TIME]!
    this.decisiveFrom = state[stateBase + L.LAST_PAYLOAD]!
    this.closeTime = rowTime(state[stateBase + L.FIRST_FIN]!)
    const times = slot * L.STATE_DOUBLES + L.S_TIMES + (1 - client) * L.S_TIMES_DOUBLES
    const isAnswered = ((client === 0 ? bitsB : bitsA) & L.DB_PAYLOAD) !== 0
    this.aliveTime = isAnswered
      ? states.doubles[times + L.ST_LAST_PAYLOAD]!
      : doubles[id * L.DOUBLES + L.T_FIRST]!
    // Segments that were let go cannot be held against those of another tap.
    for (let d = 0; d < 2; d++)
      this.sequence[d] = isWhole ? state[stateBase + L.CLOSING_SEQUENCE + d]! : 0
    return true
  }

  /** Handshakes that were never completed: every field of every segment that a verdict may look at. */
  private bare(
    words: Uint32Array,
    base: number,
    log: S.SegmentLog,
    firstLink: number,
    client: 0 | 1,
  ): boolean {
    const { numbers, sequence } = this
    const rows = log.words
    sequence.fill(0)
    let n = 0
    numbers[n++] = BARE
    let lastIpId = 0
    let spoken = 0
    for (let link = firstLink; link !== 0; ) {
      const at = (link - 1) * S.ROW_WORDS
      const next = rows[at + S.R_NEXT]!
      const bits = rows[at + S.R_BITS]!
      const d = (bits & S.ROW_FROM_B) as 0 | 1
      const flags = rows[at + S.R_FLAGS_WINDOW]! >>> 16
      // What follows a RST may show that it was ignored, and that is a matter of time.
      if ((flags & RST) !== 0 && next !== 0) return false
      // Some stacks say in a RST why they send it: no number of the shape tells.
      if (rows[at + S.R_LENGTH] !== 0) return false
      if ((flags & FIN) !== 0 || (d === client && (flags & (SYN | RST)) === 0)) return false
      // Whether a RST goes on from its sender's clock is a matter of time too.
      if ((flags & RST) !== 0 && (spoken & (1 << d)) !== 0) return false
      if ((flags & (SYN | RST)) === 0) spoken |= 1 << d
      const seq = relative(words, base, d, rows[at + S.R_SEQ]!)
      const ack =
        (flags & ACK) === 0 ? 0 : relative(words, base, d === 0 ? 1 : 0, rows[at + S.R_ACK]!)
      if (seq < 0 || ack < 0) return false
      const ipId = rows[at + S.R_IP_ID]! | 0
      const identity = ipId <= 0 ? 0 : ipId === lastIpId ? 1 : 2
      if (ipId > 0) lastIpId = ipId
      numbers[n++] =
        ((bits & SHAPE_BITS) |
          (d === client ? 0 : FROM_UPSTREAM) |
          (identity << 12) |
          (ipId < 0 ? 1 << 14 : 0)) >>>
        0
      numbers[n++] = rows[at + S.R_FLAGS_WINDOW]!
      numbers[n++] = (rows[at + S.R_SMALL]! | (seq << 24) | (ack << 28)) >>> 0
      sequence[d] = mix(sequence[d]!, flags, seq, ack)
      this.closeTime = log.times[(link - 1) * S.ROW_DOUBLES + S.R_TIME]!
      this.aliveTime = this.closeTime
      link = next
    }
    this.count = n
    return true
  }

  /** Conversations that both sides closed, and nobody reset. */
  private closed(
    words: Uint32Array,
    base: number,
    state: Uint32Array,
    stateBase: number,
    log: S.SegmentLog,
    client: 0 | 1,
    application: ApplicationSummary,
    isWhole: boolean,
  ): boolean {
    const said = applicationShape(application)
    if (said < 0) return false
    const { tls } = application
    // Where the walk lost its place, a handshake that failed looks like a session of few turns.
    const fewest = isWhole && tls !== null && !isSession(tls) ? MOST_HANDSHAKE_TURNS + 1 : 0
    const mine = base + L.DIRECTION + client * L.DIRECTION_WORDS
    const theirs = base + L.DIRECTION + (1 - client) * L.DIRECTION_WORDS
    const opened = L.DB_SYN | L.DB_ISN | L.DB_ACKED
    if ((words[mine + L.D_BITS]! & opened) !== opened) return false
    if ((words[theirs + L.D_BITS]! & L.DB_SYN_ACK) === 0) return false
    // The client acknowledged the SYN-ACK.
    if (delta(words[theirs + L.D_ISN]!, words[mine + L.D_ACKED]!) < 1) return false
    if (words[mine + L.D_UNSEEN_SEGMENTS] !== 0 || words[theirs + L.D_UNSEEN_SEGMENTS] !== 0)
      return false
    const order = closingOrder(state, stateBase, log, fewest)
    if (order < 0) return false
    this.numbers[0] = CLOSED
    this.numbers[1] = said
    // By role: 1 for the upstream.
    this.numbers[2] = client === 0 ? order : order ^ 3
    this.count = 3
    return true
  }
}

/** In the place of the direction, which says nothing of roles. */
const FROM_UPSTREAM = 1

/** The segments of a handshake that was never completed, as its shape tells them: 0 from the client, 1 from the upstream. */
export function bareSegments(numbers: Uint32Array): { from: number[]; flags: number[] } | null {
  if (numbers[0] !== BARE) return null
  const from: number[] = []
  const flags: number[] = []
  for (let i = 1; i < numbers.length; i += 3) {
    from.push(numbers[i]! & FROM_UPSTREAM)
    flags.push(numbers[i + 1]! >>> 16)
  }
  return { from, flags }
}

/** Of a row's bits: all that a verdict may look at but the direction, which is told by role. */
const SHAPE_BITS =
  S.ROW_TIMESTAMPS |
  S.ROW_SACK |
  S.ROW_SENDER_NEXT |
  S.ROW_OTHER_ACK |
  S.ROW_UNFILLED |
  S.ROW_OPTIONS_CUT |
  (3 << S.ROW_DIRECTION_SHIFT)

/**
 * A sequence number counted from its side's first: 0 for a literal zero without one, −1 where it is no small number or
 * nothing is known to count from. Four bits.
 */
function relative(words: Uint32Array, base: number, d: 0 | 1, value: number): number {
  const mine = base + L.DIRECTION + d * L.DIRECTION_WORDS
  const bits = words[mine + L.D_BITS]!
  if ((bits & (L.DB_ISN | L.DB_ISN_INFERRED)) === 0) return value === 0 ? 0 : -1
  // A literal zero means something to a RST; numbers that happen to be zero are left to those who look closer.
  if (value === 0) return -1
  const distance = (value - words[mine + L.D_ISN]!) >>> 0
  return distance < 14 ? distance + 1 : -1
}

/** What was said, as far as the end of an orderly closed connection depends on it; -1 where time matters too. */
function applicationShape(a: ApplicationSummary): number {
  const { tls, http, lostPlace } = a
  if (a.h2 != null) return -1
  const firsts = firstBytesNumber(a.clientFirst) | (firstBytesNumber(a.upstreamFirst) << 4)
  const bits = (lostPlace ? 1 << 8 : 0) | firsts
  if (a.clientFirst === 'not-captured' || a.upstreamFirst === 'not-captured') return -1
  if ((a.clientFirst === 'tls') !== (a.upstreamFirst === 'tls')) return -1
  if (tls !== null) {
    if (http !== null || (tls.clientHello === null && !isSession(tls))) return -1
    const isRefused = tls.alert !== null && tls.alert.name !== 'encrypted'
    if (!isSession(tls) && (!lostPlace || isRefused || tls.stage === 'client-hello')) return -1
    return (
      bits |
      (1 << 9) |
      (isSession(tls) ? 1 << 10 : 0) |
      ((tls.upstreamRecordMissing ?? 0) > 0 ? 1 << 11 : 0) |
      ((tls.clientRecordMissing ?? 0) > 0 ? 1 << 12 : 0) |
      (tls.clientEndsWithAlertSize || tls.upstreamEndsWithAlertSize ? 1 << 13 : 0) |
      (tls.stage === 'established' ? 1 << 14 : 0) |
      (tls.stage === 'client-hello' ? 1 << 17 : 0)
    )
  }
  if (http === null) return bits
  if (http.localReply != null) return -1
  // These say why the server closed.
  if (http.lastStatus === 400 || http.lastStatus === 408) return -1
  if (lostPlace) {
    return IN_MESSAGE.has(http.upstreamState)
      ? -1
      : bits | (http.upstreamState === 'lost' ? 1 << 15 : 0)
  }
  // Whole exchanges only: what was cut is for those who look closer.
  const isWhole =
    http.clientState === 'between-messages' &&
    http.upstreamState === 'between-messages' &&
    http.requests === http.responses
  return isWhole && a.protocol === 'http/1' ? bits | (1 << 16) : -1
}

const IN_MESSAGE: ReadonlySet<string> = new Set(['in-head', 'in-body', 'until-close'])

/** Has TLS come into use? */
function isSession(tls: NonNullable<ApplicationSummary['tls']>): boolean {
  return tls.stage === 'established' || tls.upstreamApplicationData !== null
}
