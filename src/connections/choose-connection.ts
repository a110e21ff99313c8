import { ACK, type DecodedPacket, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionTable } from './connection-table.ts'
import * as L from './layout.ts'

/** Within a window of what a direction sent last: surely the same connection. */
const CLOSE = 1 << 17
/** How far from what a direction sent last a segment may lie and still be taken for the same connection. */
const NEAR = 1 << 25

/**
 * Which connection of its 4-tuple a segment belongs to: an id, or -1 when it starts a new one. A SYN with another
 * ISN starts one; a repeated or reordered SYN does not; trailing segments go to the connection whose numbers they fit.
 */
export function chooseConnection(table: ConnectionTable, newest: number, p: DecodedPacket): number {
  if (newest < 0) return -1
  if ((p.flags & SYN) !== 0 && (p.flags & RST) === 0) {
    return (p.flags & ACK) === 0 ? forSyn(table, newest, p) : forSynAck(table, newest, p)
  }
  const words = table.words
  const base = newest * L.WORDS
  const older = words[base + L.OLDER]! - 1
  const ended = hasEnded(words, base)
  if (older < 0 && !ended) return newest
  // Linux's ISNs of one tuple grow slowly: an older connection's numbers may be near the newer one's too.
  for (let reach = CLOSE; reach <= NEAR; reach *= NEAR / CLOSE) {
    for (let id = newest; id >= 0; id = words[id * L.WORDS + L.OLDER]! - 1) {
      if (fits(table, id, p, reach)) return id
    }
  }
  // Data that fits nothing, after an end: the tuple was used again and the SYN is not in the capture.
  return ended && p.payloadLength > 0 && (p.flags & RST) === 0 ? -1 : newest
}

function forSyn(table: ConnectionTable, newest: number, p: DecodedPacket): number {
  const words = table.words
  for (let id = newest; id >= 0; id = words[id * L.WORDS + L.OLDER]! - 1) {
    const at = direction(table, id)
    if ((words[at + L.D_BITS]! & L.DB_ISN) !== 0 && words[at + L.D_ISN] === p.seq) return id
  }
  const mine = direction(table, newest)
  const theirs = opposite(table, newest)
  const myBits = words[mine + L.D_BITS]!
  const theirBits = words[theirs + L.D_BITS]!
  if ((myBits & L.DB_ISN) !== 0) return -1
  const simultaneousOpen = (theirBits & L.DB_SYN) !== 0 && (myBits & L.DB_SEEN) === 0
  const answered =
    (theirBits & L.DB_SYN_ACK) !== 0 && words[theirs + L.D_ACKED] === advance(p.seq, 1)
  const reordered = (myBits & L.DB_SEEN) !== 0 && words[mine + L.D_FIRST_SEQ] === advance(p.seq, 1)
  return simultaneousOpen || answered || reordered ? newest : -1
}

function forSynAck(table: ConnectionTable, newest: number, p: DecodedPacket): number {
  const words = table.words
  for (let id = newest; id >= 0; id = words[id * L.WORDS + L.OLDER]! - 1) {
    const mine = direction(table, id)
    const theirs = opposite(table, id)
    const myBits = words[mine + L.D_BITS]!
    if ((myBits & L.DB_SYN_ACK) !== 0 && words[mine + L.D_ISN] === p.seq) return id
    if ((words[theirs + L.D_BITS]! & L.DB_ISN) !== 0) {
      const past = delta(words[theirs + L.D_ISN]!, p.ack)
      if (past >= 1 && past <= 1 + 65536) return id
    } else if ((myBits & L.DB_SEEN) === 0 || words[mine + L.D_FIRST_SEQ] === advance(p.seq, 1)) {
      return id
    }
  }
  return hasEnded(words, newest * L.WORDS) ? -1 : newest
}

function hasEnded(words: Uint32Array, base: number): boolean {
  if ((words[base + L.BITS]! & L.BIT_RESET) !== 0) return true
  const a = words[base + L.DIRECTION + L.D_BITS]!
  const b = words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_BITS]!
  return (a & b & L.DB_FIN) !== 0
}

/** Do the sequence and acknowledgement numbers lie within `reach` of what this connection used? */
function fits(table: ConnectionTable, id: number, p: DecodedPacket, reach: number): boolean {
  const words = table.words
  const mine = direction(table, id)
  const theirs = opposite(table, id)
  const myBits = words[mine + L.D_BITS]!
  const theirBits = words[theirs + L.D_BITS]!
  if ((myBits & L.DB_SEEN) !== 0) {
    if (Math.abs(delta(words[mine + L.D_NEXT]!, p.seq)) > reach) return false
  } else if ((theirBits & L.DB_ACKED) !== 0) {
    if (Math.abs(delta(words[theirs + L.D_ACKED]!, p.seq)) > reach) return false
  }
  if ((p.flags & ACK) !== 0 && (theirBits & L.DB_SEEN) !== 0) {
    if (Math.abs(delta(words[theirs + L.D_NEXT]!, p.ack)) > reach) return false
  }
  return true
}

function direction(table: ConnectionTable, id: number): number {
  return id * L.WORDS + L.DIRECTION + table.direction(id) * L.DIRECTION_WORDS
}

function opposite(table: ConnectionTable, id: number): number {
  return id * L.WORDS + L.DIRECTION + (1 - table.direction(id)) * L.DIRECTION_WORDS
}
