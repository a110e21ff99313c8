import { type DecodedPacket, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import * as L from './layout.ts'
import * as S from './segment-log.ts'

/**
 * One past the last byte (or FIN) that segments of this direction held without a hole. SND.NXT may lie beyond it: an
 * ACK carries it too.
 */
export function seenUpTo(
  words: Uint32Array,
  mine: number,
  state: Uint32Array,
  myState: number,
): number {
  const bits = words[mine + L.D_BITS]!
  if ((bits & L.DB_EXPECTED) === 0) return words[mine + L.D_NEXT]!
  const expected = state[myState + L.S_EXPECTED]!
  const finished = (bits & L.DB_FIN) !== 0 && state[myState + L.S_FIN] === expected
  return finished ? advance(expected, 1) : expected
}

/** How a segment relates to what its sender had sent before it. */
export function kindOf(
  p: DecodedPacket,
  words: Uint32Array,
  mine: number,
  theirs: number,
  state: Uint32Array,
  myState: number,
  theirState: number,
): number {
  const bits = words[mine + L.D_BITS]!
  if ((p.flags & RST) !== 0 || (bits & L.DB_SEEN) === 0) return S.KIND_NEW
  if ((p.flags & SYN) !== 0) {
    return (bits & L.DB_ISN) !== 0 && words[mine + L.D_ISN] === p.seq
      ? S.KIND_RETRANSMISSION
      : S.KIND_NEW
  }
  const next = words[mine + L.D_NEXT]!
  const size = p.payloadLength + ((p.flags & FIN) !== 0 ? 1 : 0)
  const lead = delta(next, advance(p.seq, size))
  if ((p.flags & FIN) === 0 && p.payloadLength <= 1 && delta(p.seq, next) === 1) {
    return S.KIND_KEEP_ALIVE
  }
  if (size === 0) return S.KIND_WINDOW_OR_ACK
  const closedWindow =
    (words[theirs + L.D_BITS]! & L.DB_SEEN) !== 0 && state[theirState + L.S_WINDOW] === 0
  if (p.payloadLength === 1 && closedWindow) return S.KIND_ZERO_WINDOW_PROBE
  if (lead > 0) return S.KIND_NEW
  const fillsHole = (bits & L.DB_HOLDING) !== 0 && delta(state[myState + L.S_EXPECTED]!, p.seq) >= 0
  return fillsHole ? S.KIND_OUT_OF_ORDER : S.KIND_RETRANSMISSION
}

/** Notes the TTL of a segment without RST: lowest, highest and last. */
export function noteTtl(words: Uint32Array, mine: number, ttl: number): void {
  const old = words[mine + L.D_TTL]!
  if (old === ttl * 0x10101) return
  const low = old === 0 ? ttl : Math.min(old & 0xff, ttl)
  const high = Math.max((old >>> 8) & 0xff, ttl)
  words[mine + L.D_TTL] = low | (high << 8) | (ttl << 16)
}

/** Bytes that the digest covers: few enough to survive the usual snap lengths, enough to reach into a ClientHello's random. */
const DIGEST_BYTES = 24

/** A 32-bit digest of the first payload bytes, the same at every tap; 0 when the snap length cut them. */
export function digest(view: DataView, p: DecodedPacket, bytes: Uint8Array): number {
  const wanted = Math.min(p.payloadLength, DIGEST_BYTES)
  if (p.payloadCaptured < wanted) return 0
  let h = wanted
  if (p.reassembled === null && wanted === DIGEST_BYTES) {
    for (let i = 0; i < DIGEST_BYTES; i += 4) {
      h = Math.imul(h ^ view.getUint32(p.payloadOffset + i), 0x85ebca6b)
      h ^= h >>> 15
    }
  } else {
    const source = p.reassembled ?? bytes
    for (let i = 0; i < wanted; i += 4) {
      let word = 0
      for (let k = i; k < i + 4; k++)
        word = (word << 8) | (k < wanted ? source[p.payloadOffset + k]! : 0)
      h = Math.imul(h ^ word, 0x85ebca6b)
      h ^= h >>> 15
    }
  }
  h ^= h >>> 13
  return h === 0 ? 1 : h >>> 0
}
