import { ACK, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { Outcome } from '../model/outcome.ts'
import type { AlignedSegment, Sighting } from '../model/sighting.ts'
import { anyTap } from './taps.ts'

/**
 * An ACK that answers a SYN without acknowledging it belongs to an earlier connection of the same ports (RFC 9293
 * §3.10.7.3): nothing was sent that it could acknowledge.
 */
function isOfEarlierConnection(syn: AlignedSegment | null, answer: AlignedSegment): boolean {
  const tap = syn === null ? -1 : answer.seen.findIndex((s, i) => s !== null && syn.seen[i] != null)
  if (tap < 0) return false
  return delta(syn!.seen[tap]!.seq + 1, answer.seen[tap]!.ack) !== 0
}

/**
 * What was seen of the three-way handshake. It is complete once the final ACK was sent, seen at either tap or shown
 * by later acknowledged data (VERDICTS §4); a connection whose SYN nobody saw counts as established.
 */
export function readHandshake(sighting: Sighting): Outcome['handshake'] {
  let syn: AlignedSegment | null = null
  let synAck: AlignedSegment | null = null
  let complete = false
  for (const segment of sighting.segments) {
    const s = segment.seen[anyTap(segment)]!
    const flags = s.flags & (SYN | ACK | RST)
    if (flags === SYN && segment.from === 'client') syn ??= segment
    else if (flags === (SYN | ACK) && segment.from === 'upstream') synAck ??= segment
    if (complete || (s.flags & (SYN | RST)) !== 0) continue
    if (segment.from === 'client') {
      // The final ACK acknowledges the upstream's SYN; without the SYN-ACK in view any ACK after a SYN must be it.
      const answer = synAck === null ? null : synAck.seen[anyTap(synAck)]!
      const tap = answer === null ? -1 : segment.seen.findIndex((x, i) => x && synAck?.seen[i])
      if (answer === null || tap < 0) complete = (s.flags & ACK) !== 0
      else complete = delta(synAck!.seen[tap]!.seq, segment.seen[tap]!.ack) >= 1
    } else {
      complete = s.length > 0 || (synAck === null && !isOfEarlierConnection(syn, segment))
    }
  }
  return { syn, synAck, complete }
}
