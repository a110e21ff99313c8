import {
  DecodedPacket,
  PACKET_TCP,
  STOP_MALFORMED,
} from '../native-free-decoders/decoded-packet.ts'
import { openCapture } from './capture/open-capture.ts'
import { PacketDecoder } from './packets/decode-packet.ts'

const SYN = 0x02
const ACK = 0x10
const RST_OR_FIN = 0x05

/** What the capture of a handshake's packet tells of where it was taken. */
export type TapHint = 'client' | 'upstream' | null

/** A SYN-ACK, or a SYN, at one tap. */
export interface SeenHandshake {
  /** TTL or hop limit on its arrival at the tap. */
  ttl: number
  /** Microseconds since 1970. */
  timeUs: number
  /** The host in which it looks to be taken: the sender's, if the capture calls it outgoing or its checksum is not filled. */
  hint: TapHint
}

/** Handshakes by a hash of their initial sequence numbers, which survive address translation. */
export interface Handshakes {
  /** SYN-ACKs: both numbers. */
  answered: ReadonlyMap<number, SeenHandshake>
  /** SYNs: the client's number and its timestamp; SYNs without one are left out. */
  asked: ReadonlyMap<number, SeenHandshake>
  /** Whether nothing was left out for the bounds. */
  isComplete: boolean
}

export interface HandshakeOptions {
  /** Packets that are read at most. */
  mostPackets: number
  /** Handshakes of each kind that are kept at most: those with the smallest hash, so that captures keep the same ones. */
  mostKept: number
  signal?: AbortSignal | undefined
}

/** Reads the handshakes of a capture, or of a rotated set. Rejects with a `RstscopeError` when it cannot be read. */
export async function readHandshakes(
  paths: readonly string[],
  { mostPackets, mostKept, signal }: HandshakeOptions,
): Promise<Handshakes> {
  const reader = await openCapture(paths, { hash: false, signal })
  const decoder = new PacketDecoder()
  const packet = new DecodedPacket()
  const answered = new SmallestHashes(mostKept)
  const asked = new SmallestHashes(mostKept)
  let packets = 0
  try {
    for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
      const { interfaces, baseNs } = reader.facts
      for (let i = 0; i < batch.count; i++) {
        decoder.decode(
          batch.view,
          batch.bytes,
          batch.offsets[i]!,
          batch.capturedLengths[i]!,
          batch.originalLengths[i]!,
          interfaces[batch.interfaces[i]!]?.linkType ?? 1,
          batch.times[i]!,
          packet,
        )
        if (packet.kind !== PACKET_TCP || packet.stop === STOP_MALFORMED) continue
        if ((packet.flags & SYN) === 0 || (packet.flags & RST_OR_FIN) !== 0) continue
        const isAnswer = (packet.flags & ACK) !== 0
        if (!isAnswer && !packet.hasTimestamps) continue
        const key = isAnswer ? hashOf(packet.seq, packet.ack - 1) : hashOf(packet.seq, packet.tsVal)
        const timeUs = Math.round((Number(baseNs) + batch.times[i]!) / 1000)
        const hint = hintOf(packet, batch.directions[i]!, isAnswer)
        ;(isAnswer ? answered : asked).add(key, { ttl: packet.ttl, timeUs, hint })
      }
      packets += batch.count
      if (packets >= mostPackets) {
        return { answered: answered.kept(), asked: asked.kept(), isComplete: false }
      }
    }
  } finally {
    await reader.close()
  }
  const isComplete = !answered.isFull && !asked.isFull
  return { answered: answered.kept(), asked: asked.kept(), isComplete }
}

/** In the sender's host packets leave, and checksums may be left to the card; in the other they arrive. */
function hintOf(packet: DecodedPacket, recorded: number, isAnswer: boolean): TapHint {
  const [sender, receiver]: TapHint[] = isAnswer ? ['upstream', 'client'] : ['client', 'upstream']
  const direction = packet.direction || recorded
  if (direction === 2) return sender!
  if (direction === 1) return receiver!
  return packet.checksumUnfilled ? sender! : null
}

/** 53 bits of two 32-bit numbers, spread evenly (the finalizer of MurmurHash3, twice). */
function hashOf(a: number, b: number): number {
  const high = spread(spread(a) ^ b)
  const low = spread(high ^ Math.imul(a, 0x9e3779b1))
  return (high >>> 0) * 0x20_0000 + (low >>> 11)
}

function spread(value: number): number {
  let x = value | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

/** Keeps what has the smallest hashes: of any two captures, the same of what both hold. */
class SmallestHashes {
  isFull = false
  readonly #most: number
  #kept = new Map<number, SeenHandshake>()
  #limit = Number.POSITIVE_INFINITY

  constructor(most: number) {
    this.#most = most
  }

  add(key: number, seen: SeenHandshake): void {
    // The first is kept: one that was sent again, or was seen at two interfaces, is the same connection.
    if (key >= this.#limit || this.#kept.has(key)) return
    this.#kept.set(key, seen)
    if (this.#kept.size >= 2 * this.#most) this.#trim()
  }

  #trim(): void {
    if (this.#kept.size <= this.#most) return
    this.isFull = true
    const sorted = [...this.#kept].sort(([a], [b]) => a - b)
    this.#limit = sorted[this.#most]![0]
    this.#kept = new Map(sorted.slice(0, this.#most))
  }

  kept(): ReadonlyMap<number, SeenHandshake> {
    this.#trim()
    return this.#kept
  }
}
