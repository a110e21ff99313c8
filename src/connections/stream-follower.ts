import type { ApplicationWalker } from '../../native-free-decoders/application/application-walker.ts'
import type { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import { advance, delta } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionStore, Said } from './connection-store.ts'
import * as H from './history.ts'
import * as L from './layout.ts'
import { deliver, Reassembler } from './reassembler.ts'

/** Brings payload into order and hands it to the walker of its connection. */
export class StreamFollower {
  readonly reassembler: Reassembler
  private readonly store: ConnectionStore

  constructor(store: ConnectionStore, mostHeldBytes?: number) {
    this.store = store
    this.reassembler = new Reassembler(mostHeldBytes)
  }

  /** Takes the payload of one segment that begins at `seq`. */
  payload(
    id: number,
    slot: number,
    d: 0 | 1,
    seq: number,
    p: DecodedPacket,
    bytes: Uint8Array,
    frame: number,
    time: number,
  ): void {
    const { walkers, said } = this.store
    const { words } = this.store.table
    const state = this.store.states.words
    const mine = id * L.WORDS + L.DIRECTION + d * L.DIRECTION_WORDS
    const myState = slot * L.STATE_WORDS + L.S_DIRECTION + d * L.S_DIRECTION_WORDS
    if ((words[mine + L.D_BITS]! & L.DB_EXPECTED) === 0) {
      state[myState + L.S_EXPECTED] = seq
      words[mine + L.D_BITS]! |= L.DB_EXPECTED
    }
    let walker = walkers[slot] as ApplicationWalker | null
    if (walker === null) {
      const heard = said[slot] as Said | null
      if (heard !== null) {
        // Nobody listens any more; the place in the stream still counts, and what was heard is not all.
        const end = advance(seq, p.payloadLength)
        if (delta(state[myState + L.S_EXPECTED]!, end) > 0) {
          state[myState + L.S_EXPECTED] = end
          heard.application.lostPlace = true
        }
        return
      }
      walker = this.store.idleWalkers.take()
      walkers[slot] = walker
    }
    const source = p.reassembled ?? bytes
    const stream = id * 2 + d
    let holding = (words[mine + L.D_BITS]! & L.DB_HOLDING) !== 0
    if (holding && this.holeIsAcknowledged(id, d)) {
      this.skipHole(id, slot, d, frame, time)
      holding = this.reassembler.firstHeld(stream) >= 0
    }
    const offset = delta(seq, state[myState + L.S_EXPECTED]!)
    if (offset >= 0) {
      if (offset < p.payloadLength) {
        const start = p.payloadOffset
        const length = p.payloadLength
        deliver(walker, d, source, start, p.payloadCaptured, length, offset, frame, time)
        state[myState + L.S_EXPECTED] = advance(seq, length)
        if (holding) {
          this.drain(stream, d, myState, walker)
          holding = this.reassembler.firstHeld(stream) >= 0
        }
      }
    } else if (delta(state[myState + L.S_EXPECTED]!, seq) > 0) {
      const kept = this.reassembler.hold(
        stream,
        seq,
        p.payloadLength,
        source,
        p.payloadOffset,
        p.payloadCaptured,
        frame,
        time,
      )
      holding = true
      if (!kept) {
        while (this.reassembler.firstHeld(stream) >= 0) this.skipHole(id, slot, d, frame, time)
        const hole = delta(state[myState + L.S_EXPECTED]!, seq)
        if (hole > 0) walker.skip(d, hole, frame, time)
        const rest = Math.max(0, -hole)
        const length = p.payloadLength
        deliver(walker, d, source, p.payloadOffset, p.payloadCaptured, length, rest, frame, time)
        state[myState + L.S_EXPECTED] = advance(seq, length)
        holding = false
      }
    }
    if (holding) words[mine + L.D_BITS]! |= L.DB_HOLDING
    else words[mine + L.D_BITS]! &= ~L.DB_HOLDING
  }

  /** Delivers what still waits behind holes, at the end of the capture. */
  finish(time: number): void {
    for (const stream of this.reassembler.streams()) this.finishStream(stream, time)
  }

  /** The same for one direction of one connection: its id × 2 + direction. */
  finishStream(stream: number, time: number): void {
    const { words } = this.store.table
    const id = stream >>> 1
    const d = (stream & 1) as 0 | 1
    const slot = this.store.slotOf(id)
    while (this.reassembler.firstHeld(stream) >= 0) this.skipHole(id, slot, d, 0, time)
    words[id * L.WORDS + L.DIRECTION + d * L.DIRECTION_WORDS + L.D_BITS]! &= ~L.DB_HOLDING
  }

  private drain(stream: number, d: 0 | 1, myState: number, walker: ApplicationWalker): void {
    const state = this.store.states.words
    state[myState + L.S_EXPECTED] = this.reassembler.drain(
      stream,
      d,
      state[myState + L.S_EXPECTED]!,
      walker,
    )
  }

  /** The other side acknowledged what lies in front of the first held segment: this capture will not see it. */
  private holeIsAcknowledged(id: number, d: 0 | 1): boolean {
    const { words } = this.store.table
    const theirs = id * L.WORDS + L.DIRECTION + (1 - d) * L.DIRECTION_WORDS
    if ((words[theirs + L.D_BITS]! & L.DB_ACKED) === 0) return false
    const held = this.reassembler.firstHeld(id * 2 + d)
    return held >= 0 && delta(held, words[theirs + L.D_ACKED]!) >= 0
  }

  /** Goes over the hole in front of the first held segment; counts it when the receiver had those bytes. */
  private skipHole(id: number, slot: number, d: 0 | 1, frame: number, time: number): void {
    const { words } = this.store.table
    const state = this.store.states.words
    const mine = id * L.WORDS + L.DIRECTION + d * L.DIRECTION_WORDS
    const myState = slot * L.STATE_WORDS + L.S_DIRECTION + d * L.S_DIRECTION_WORDS
    const stream = id * 2 + d
    const walker = this.store.walkers[slot]
    const held = this.reassembler.firstHeld(stream)
    if (held < 0) return
    if (walker == null) {
      this.reassembler.discard(stream)
      return
    }
    const hole = delta(state[myState + L.S_EXPECTED]!, held)
    if (hole > 0) {
      walker.skip(d, hole, frame, time)
      if (this.holeIsAcknowledged(id, d)) {
        state[myState + L.S_UNSEEN_BYTES]! += hole
        words[mine + L.D_UNSEEN_SEGMENTS]!++
        H.addHistory(state, slot * L.STATE_WORDS, d, H.EVENT_GAP)
      }
    }
    // Wherever the hole led, the next held segment is expected now: every call makes progress.
    state[myState + L.S_EXPECTED] = held
    this.drain(stream, d, myState, walker)
  }
}
