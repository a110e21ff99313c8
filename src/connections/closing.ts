import { ACK, FIN } from '../../native-free-decoders/decoded-packet.ts'
import * as L from './layout.ts'
import * as S from './segment-log.ts'

/** Bits of CLOSING: it is not simple; somebody sent payload, and by whom it came last; turns from TURNS_SHIFT on. */
const BROKEN = 1
const SPOKE = 2
const LAST_FROM_B = 4
const TURNS_SHIFT = 8
const MOST_TURNS = 0xffff
/** No timer is as short: a longer silence before a FIN may have a name. */
const SHORTEST_TIMER_NS = 1.7e9

/**
 * Notes, segment by segment, how a conversation is closed (see shape.ts): its rows need not be read again when it is
 * retired, when they have long left the processor's caches. `row` was just kept, behind `before` others; `digests`:
 * note a digest of all segments, too.
 */
export function noteClosing(
  words: Uint32Array,
  base: number,
  state: Uint32Array,
  stateBase: number,
  log: S.SegmentLog,
  row: number,
  before: number,
  digests: boolean,
): void {
  const closing = state[stateBase + L.CLOSING]!
  if ((closing & BROKEN) !== 0) return
  const rows = log.words
  const at = row * S.ROW_WORDS
  const fromB = rows[at + S.R_BITS]! & S.ROW_FROM_B
  const flags = rows[at + S.R_FLAGS_WINDOW]! >>> 16
  const length = rows[at + S.R_LENGTH]!
  if (digests) {
    const isn = words[base + L.DIRECTION + fromB * L.DIRECTION_WORDS + L.D_ISN]!
    const otherIsn = words[base + L.DIRECTION + (1 - fromB) * L.DIRECTION_WORDS + L.D_ISN]!
    const ack = (flags & ACK) === 0 ? 0 : (rows[at + S.R_ACK]! - otherIsn) >>> 0
    const to = stateBase + L.CLOSING_SEQUENCE + fromB
    let digest = Math.imul(state[to]! ^ (rows[at + S.R_SEQ]! - isn), 0x85ebca6b)
    digest = Math.imul((digest ^ (digest >>> 15)) + ack, 0xc2b2ae35)
    digest = Math.imul((digest ^ (digest >>> 13)) + length * 0x10001 + flags, 0x27d4eb2f)
    state[to] = digest ^ (digest >>> 16) ^ rows[at + S.R_DIGEST]!
  }
  if ((flags & FIN) !== 0) noteFin(state, stateBase, log, row, length)
  else if (length > 0) {
    // Payload behind a FIN, or none at all, is for those who look at every segment.
    const isSimple =
      state[stateBase + L.FIRST_FIN] === 0 && (rows[at + S.R_SMALL]! & 0xff) !== S.KIND_KEEP_ALIVE
    const last = fromB === 0 ? SPOKE : SPOKE | LAST_FROM_B
    const turns = closing >>> TURNS_SHIFT
    const isTurn = (closing & (SPOKE | LAST_FROM_B)) !== last && turns < MOST_TURNS
    const bits = last | ((isTurn ? turns + 1 : turns) << TURNS_SHIFT)
    state[stateBase + L.CLOSING] = isSimple ? bits : BROKEN
    state[stateBase + L.LAST_PAYLOAD] = row + 1
    state[stateBase + L.BEFORE_LAST_PAYLOAD] = before
  }
}

/** A FIN with payload, repeated, or after a silence that a timer may have ended, is not simple. */
function noteFin(
  state: Uint32Array,
  stateBase: number,
  log: S.SegmentLog,
  row: number,
  length: number,
): void {
  const last = state[stateBase + L.LAST_PAYLOAD]!
  const isLate = last !== 0 && timeOf(log, row + 1) - timeOf(log, last) >= SHORTEST_TIMER_NS
  if (length > 0 || isLate || state[stateBase + L.SECOND_FIN] !== 0) {
    state[stateBase + L.CLOSING] = BROKEN
  } else {
    const isFirst = state[stateBase + L.FIRST_FIN] === 0
    state[stateBase + (isFirst ? L.FIRST_FIN : L.SECOND_FIN)] = row + 1
  }
}

/** A row that is let go cannot be looked at any more. */
export function forgetRow(state: Uint32Array, stateBase: number, row: number): void {
  const link = row + 1
  if (
    link === state[stateBase + L.LAST_PAYLOAD] ||
    link === state[stateBase + L.FIRST_FIN] ||
    link === state[stateBase + L.SECOND_FIN]
  ) {
    state[stateBase + L.CLOSING] = BROKEN
  }
}

/**
 * How both sides closed, by direction: who closed first (bit 0) and who sent payload last (bit 1), 1 for B; -1 when
 * that is not simple: after fewer turns, or where one FIN did not know of the other in order.
 */
export function closingOrder(
  state: Uint32Array,
  stateBase: number,
  log: S.SegmentLog,
  fewestTurns: number,
): number {
  const closing = state[stateBase + L.CLOSING]!
  const second = state[stateBase + L.SECOND_FIN]!
  if ((closing & (BROKEN | SPOKE)) !== SPOKE || second === 0) return -1
  if (closing >>> TURNS_SHIFT < fewestTurns) return -1
  const rows = log.words
  const one = (state[stateBase + L.FIRST_FIN]! - 1) * S.ROW_WORDS
  const two = (second - 1) * S.ROW_WORDS
  const closer = rows[one + S.R_BITS]! & S.ROW_FROM_B
  if ((rows[two + S.R_BITS]! & S.ROW_FROM_B) === closer) return -1
  // The second FIN acknowledges the first, which did not know of it, and all data had arrived by then.
  const known = (rows[one + S.R_SEQ]! + 1) >>> 0
  if (rows[two + S.R_ACK] !== known || rows[one + S.R_ACK] !== rows[two + S.R_SEQ]) return -1
  return closer | ((closing & LAST_FROM_B) === 0 ? 0 : 2)
}

function timeOf(log: S.SegmentLog, link: number): number {
  return log.times[(link - 1) * S.ROW_DOUBLES + S.R_TIME]!
}
