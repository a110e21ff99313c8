import * as L from './layout.ts'
import { grown } from './segment-log.ts'

/** States of the connections that live: a pool of fixed-size slots, reused when a connection is retired. */
export class LiveStates {
  words: Uint32Array
  /** The same memory, for the doubles. */
  doubles: Float64Array
  /** Connection of each slot, + 1; 0 for a free one. */
  owners: Uint32Array
  /** Slots that were ever used. */
  used = 0
  private readonly free: number[] = []
  private capacity: number

  constructor(capacity = 1024) {
    this.capacity = capacity
    this.words = new Uint32Array(capacity * L.STATE_WORDS)
    this.doubles = new Float64Array(this.words.buffer)
    this.owners = new Uint32Array(capacity)
  }

  /** A slot for this connection, all zero. */
  take(connection: number): number {
    let slot = this.free.pop()
    if (slot === undefined) {
      if (this.used === this.capacity) this.grow()
      slot = this.used++
    } else {
      // Faster than fill() for so few.
      const { words } = this
      const end = (slot + 1) * L.STATE_WORDS
      for (let i = slot * L.STATE_WORDS; i < end; i++) words[i] = 0
    }
    this.owners[slot] = connection + 1
    return slot
  }

  release(slot: number): void {
    this.owners[slot] = 0
    this.free.push(slot)
  }

  private grow(): void {
    this.capacity *= 2
    this.words = grown(this.words, new Uint32Array(this.capacity * L.STATE_WORDS))
    this.doubles = new Float64Array(this.words.buffer)
    this.owners = grown(this.owners, new Uint32Array(this.capacity))
  }
}
