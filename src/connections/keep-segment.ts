import { forgetRow } from './closing.ts'
import * as L from './layout.ts'
import * as S from './segment-log.ts'

/** Rows at the beginning of a connection that stay. */
const HEAD_ROWS = 12
/** Rows of the sliding tail. */
const TAIL_ROWS = 48
/** Bound for all rows that stay: head, SYN, FIN, RST and samples. */
const MOST_KEPT = 160
/** Bound for samples: they must leave room for what decides. */
const MOST_SAMPLED = 64
/** Rows before the first RST of a direction that stay with it: what it answers is among them. */
const BEFORE_RESET = 16
/** A segment a second stays as a sample for the clock relation of long connections. */
const SAMPLE_NS = 1e9

/**
 * Appends a row to a connection's list and lets go of the oldest row of the tail when it is full: the first
 * segments, all SYN, FIN and RST (within a bound), a sample each second and the last segments stay.
 */
export function keepRow(log: S.SegmentLog, state: Uint32Array, base: number, row: number): void {
  const last = state[base + L.ROW_LAST]!
  const rows = log.words
  rows[row * S.ROW_WORDS + S.R_NEXT] = 0
  rows[row * S.ROW_WORDS + S.R_PREVIOUS] = last
  if (last === 0) state[base + L.ROW_FIRST] = row + 1
  else rows[(last - 1) * S.ROW_WORDS + S.R_NEXT] = row + 1
  state[base + L.ROW_LAST] = row + 1

  if (state[base + L.KEPT_COUNT]! < HEAD_ROWS) {
    state[base + L.KEPT_COUNT]!++
    state[base + L.ROW_KEPT] = row + 1
    return
  }
  state[base + L.TAIL_COUNT]!++
  while (state[base + L.TAIL_COUNT]! > TAIL_ROWS) letGo(log, state, base)
}

/** The oldest tail row leaves, or stays for good when it is a control segment or a sample. */
function letGo(log: S.SegmentLog, state: Uint32Array, base: number): void {
  const rows = log.words
  const kept = state[base + L.ROW_KEPT]! - 1
  const oldest = rows[kept * S.ROW_WORDS + S.R_NEXT]! - 1
  state[base + L.TAIL_COUNT]!--
  const count = state[base + L.KEPT_COUNT]!
  const bits = rows[oldest * S.ROW_WORDS + S.R_BITS]!
  const stays =
    (bits & S.ROW_PINNED) !== 0 ||
    ((bits & S.ROW_CONTROL) !== 0 && count < MOST_KEPT) ||
    (count < MOST_SAMPLED && timeOf(log, oldest) - timeOf(log, kept) >= SAMPLE_NS)
  if (stays) {
    state[base + L.KEPT_COUNT]!++
    state[base + L.ROW_KEPT] = oldest + 1
    return
  }
  const after = rows[oldest * S.ROW_WORDS + S.R_NEXT]!
  rows[kept * S.ROW_WORDS + S.R_NEXT] = after
  rows[(after - 1) * S.ROW_WORDS + S.R_PREVIOUS] = kept + 1
  forgetRow(state, base, oldest)
  log.release(oldest)
}

function timeOf(log: S.SegmentLog, row: number): number {
  return log.times[row * S.ROW_DOUBLES + S.R_TIME]!
}

/** The first RST of a direction, and the last segments before it, stay whatever comes after. */
export function pinReset(log: S.SegmentLog, row: number): void {
  let at = row
  for (let i = 0; i <= BEFORE_RESET && at >= 0; i++) {
    log.words[at * S.ROW_WORDS + S.R_BITS]! |= S.ROW_PINNED
    at = log.words[at * S.ROW_WORDS + S.R_PREVIOUS]! - 1
  }
}
