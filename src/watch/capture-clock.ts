/** Arrivals that are looked at for how much the capturing program holds back. */
const ARRIVALS = 16
/** Nobody waits longer for a line because of it. */
const MOST_HELD_BACK_NS = 30e9

/**
 * The time of a capture that is still being written, ns after its first packet: that of the last packet, and, while
 * nothing arrives, as much later as the clock on the wall went on.
 */
export class CaptureClock {
  private last = 0
  private arrivedAtMs = 0
  private readonly spans = new Float64Array(ARRIVALS)
  private arrivals = 0

  /** Packets up to `last` arrived; `first` is the first of them, where they came after a wait, else null. */
  arrived(first: number | null, last: number, wallMs: number): void {
    // One packet with a wrong time must not put all others into the past.
    this.last = last
    this.arrivedAtMs = wallMs
    if (first === null) return
    const span = Math.min(MOST_HELD_BACK_NS, Math.max(0, last - first))
    this.spans[this.arrivals++ % ARRIVALS] = span
  }

  /** While packets are still being read, their own time is all that counts. */
  get packetTime(): number {
    return this.last
  }

  /**
   * The same while waiting for more. A program that buffers hands over packets of several seconds at once: silence is
   * silence only beyond what it held back of late.
   */
  now(wallMs: number): number {
    const heldBack = this.spans.reduce((most, span) => Math.max(most, span), 0)
    return this.last + Math.max(0, (wallMs - this.arrivedAtMs) * 1e6 - heldBack)
  }
}
