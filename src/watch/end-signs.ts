import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionStore } from '../connections/connection-store.ts'
import * as L from '../connections/layout.ts'

/** Signs that a connection may have ended, each stronger than the one before; what its packets say decides. */
export const NO_SIGN = 0
/** A RST, or a FIN of either side, and nothing for a moment. */
export const CLOSED = 1
/** No payload either way, and no SYN or SYN-ACK where a kernel would have repeated it. */
export const UNANSWERED = 2
/** Something is owed or was just begun, and nothing comes. */
export const SILENT = 3
/** No packet for so long that nobody waits any more. */
export const GONE = 4

/** The last ACK, further copies of a RST and what crossed it on the way come within this time. */
const SETTLE_NS = 0.4e9
const LEAST_UNANSWERED_NS = 3.5e9
/** Kernels double the time to the next SYN; so much later than that it is not coming. */
const LATE_NS = 2e9
const SILENT_NS = 10e9
/** A connection of no more kept segments may still be in its handshakes. */
const FEW_ROWS = 24

/** The strongest sign that a connection has ended by `now`; times in ns of the capture. */
export function endSign(
  store: ConnectionStore,
  id: number,
  now: number,
  goneAfterNs: number,
): number {
  const { words, doubles } = store.table
  const base = id * L.WORDS
  const last = doubles[id * L.DOUBLES + L.T_LAST]!
  const quiet = now - last
  if (quiet < SETTLE_NS) return NO_SIGN
  if (quiet >= goneAfterNs) return GONE
  const a = words[base + L.DIRECTION + L.D_BITS]!
  const b = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_BITS]!
  if (quiet >= SILENT_NS && isWaiting(store, id, a, b)) return SILENT
  if (((a | b) & L.DB_PAYLOAD) === 0) {
    const lasted = last - doubles[id * L.DOUBLES + L.T_FIRST]!
    if (quiet >= Math.max(LEAST_UNANSWERED_NS, lasted + LATE_NS)) return UNANSWERED
  }
  const isReset = (words[base + L.BITS]! & L.BIT_RESET) !== 0
  return isReset || (a & b & L.DB_FIN) !== 0 ? CLOSED : NO_SIGN
}

function isWaiting(store: ConnectionStore, id: number, a: number, b: number): boolean {
  const { words } = store.table
  const base = id * L.WORDS
  if (((a | b) & L.DB_FIN) !== 0) return true
  for (let d = 0; d < 2; d++) {
    const mine = base + L.DIRECTION + d * L.DIRECTION_WORDS
    const theirs = base + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
    const bits = (d === 0 ? a : b) & L.DB_SEEN
    const acked = (d === 0 ? b : a) & L.DB_ACKED
    if (bits === 0) continue
    if (acked === 0 || delta(words[theirs + L.D_ACKED]!, words[mine + L.D_NEXT]!) > 0) return true
  }
  if ((words[base + L.BITS]! & L.BIT_RETIRED) !== 0) return true
  const state = words[base + L.STATE]! * L.STATE_WORDS
  const live = store.states.words
  return live[state + L.KEPT_COUNT]! + live[state + L.TAIL_COUNT]! <= FEW_ROWS
}
