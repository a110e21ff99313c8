import * as L from './layout.ts'
import * as S from './segment-log.ts'

/** SYN, SYN-ACK and ACK. */
const HANDSHAKE_ROWS = 3

/** Releases the rows of a connection from the first one (+ 1) on, one by one. */
export function releaseRows(log: S.SegmentLog, first: number): void {
  for (let link = first; link !== 0; ) {
    const next = nextOf(log, link)
    log.release(link - 1)
    link = next
  }
}

/**
 * Passes over the segments between the handshake and the last payload (`until`, + 1), which no answer looks at. The
 * first rows of a connection that never let one go lie side by side, and none of the others is read. They are released
 * with the whole run.
 */
export function passOverMiddle(
  log: S.SegmentLog,
  state: Uint32Array,
  stateBase: number,
  until: number,
): void {
  const dropped = state[stateBase + L.BEFORE_LAST_PAYLOAD]! - HANDSHAKE_ROWS
  if (dropped <= 0) return
  const last = state[stateBase + L.ROW_FIRST]! + HANDSHAKE_ROWS - 1
  joinRows(log, state, stateBase, last, until, dropped)
}

/** The same where rows were let go before: these are released. */
export function dropMiddle(
  log: S.SegmentLog,
  state: Uint32Array,
  stateBase: number,
  until: number,
): void {
  let last = state[stateBase + L.ROW_FIRST]!
  for (let kept = 1; kept < HANDSHAKE_ROWS && last !== until; kept++) last = nextOf(log, last)
  if (last === until) return
  let dropped = 0
  let link = nextOf(log, last)
  while (link !== until) {
    const after = nextOf(log, link)
    log.release(link - 1)
    link = after
    dropped++
  }
  if (dropped > 0) joinRows(log, state, stateBase, last, until, dropped)
}

function joinRows(
  log: S.SegmentLog,
  state: Uint32Array,
  stateBase: number,
  last: number,
  until: number,
  dropped: number,
): void {
  log.words[(last - 1) * S.ROW_WORDS + S.R_NEXT] = until
  const all = state[stateBase + L.KEPT_COUNT]! + state[stateBase + L.TAIL_COUNT]!
  state[stateBase + L.KEPT_COUNT] = HANDSHAKE_ROWS
  state[stateBase + L.TAIL_COUNT] = all - dropped - HANDSHAKE_ROWS
}

function nextOf(log: S.SegmentLog, link: number): number {
  return log.words[(link - 1) * S.ROW_WORDS + S.R_NEXT]!
}
