import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import * as L from './layout.ts'

/**
 * Zeek's history letters (docs.zeek.org, conn.log `history`): one letter for the first event of each kind and
 * direction, upper case for the client's side once roles are known. Stored in the state as one byte each:
 * the letter's code, with bit 5 (lower case) set for endpoint B.
 */
const ORDER = 'SHAFRDWTGI^Q'

export const EVENT_SYN = 0
export const EVENT_SYN_ACK = 1
export const EVENT_ACK = 2
export const EVENT_FIN = 3
export const EVENT_RST = 4
export const EVENT_DATA = 5
export const EVENT_ZERO_WINDOW = 6
export const EVENT_RETRANSMISSION = 7
export const EVENT_GAP = 8
/** FIN and RST in one segment. */
export const EVENT_INCONSISTENT = 9
/** SYN with FIN or RST in one segment. */
export const EVENT_MULTI_FLAG = 11

/** The event of a segment with SYN, FIN or RST: more than one of them make a letter of their own, as in Zeek. */
export function controlEvent(flags: number): number {
  const syn = (flags & SYN) !== 0
  const fin = (flags & FIN) !== 0
  const rst = (flags & RST) !== 0
  if (syn && (fin || rst)) return EVENT_MULTI_FLAG
  if (fin && rst) return EVENT_INCONSISTENT
  if (rst) return EVENT_RST
  if (fin) return EVENT_FIN
  return (flags & ACK) === 0 ? EVENT_SYN : EVENT_SYN_ACK
}

/** Adds the letter of `event` for direction `d` unless it stands already. */
export function addHistory(state: Uint32Array, base: number, d: 0 | 1, event: number): void {
  const mask = base + L.S_DIRECTION + d * L.S_DIRECTION_WORDS + L.S_HISTORY
  // Asked of every segment, and nearly always known: small enough to be inlined.
  if ((state[mask]! & (1 << event)) === 0) addLetter(state, base, d, event, mask)
}

function addLetter(state: Uint32Array, base: number, d: 0 | 1, event: number, mask: number): void {
  state[mask]! |= 1 << event
  const length = state[base + L.HISTORY_LENGTH]!
  if (length >= L.HISTORY_BYTES) return
  const letter = ORDER.charCodeAt(event) | (d === 1 ? 0x20 : 0)
  const at = base + L.HISTORY + (length >> 2)
  state[at]! |= letter << ((length & 3) * 8)
  state[base + L.HISTORY_LENGTH] = length + 1
}

/** The history as text, upper case for `clientDirection`. */
export function historyText(state: Uint32Array, base: number, clientDirection: 0 | 1): string {
  let text = ''
  const length = state[base + L.HISTORY_LENGTH]!
  for (let i = 0; i < length; i++) {
    const code = (state[base + L.HISTORY + (i >> 2)]! >>> ((i & 3) * 8)) & 0xff
    const fromB = (code & 0x20) !== 0
    const letter = String.fromCharCode(code & ~0x20)
    text += fromB === (clientDirection === 1) ? letter : letter.toLowerCase()
  }
  return text
}
