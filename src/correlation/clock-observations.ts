import { RST } from '../../native-free-decoders/decoded-packet.ts'
import type { ClockObservations } from '../model/clock.ts'
import type { AlignedSegment } from '../model/sighting.ts'

/** Segments longer than this were built or taken apart by offload: their capture time is not that of one packet. */
const LONGEST_SINGLE = 9000

/** Collects the times of segments that are surely the same copy at both taps (VERDICTS §7). */
export class ObservationCollector {
  private count = 0
  private client = new Float64Array(1024)
  private upstream = new Float64Array(1024)
  private direction = new Uint8Array(1024)

  add(segments: readonly AlignedSegment[]): void {
    for (const { from, seen } of segments) {
      const a = seen[0]
      const b = seen[1]
      if (a == null || b == null || a.length > LONGEST_SINGLE) continue
      // A passive RST has neither IP ID nor timestamps: two of them look alike.
      const anonymous = a.ipId <= 0 && !a.hasTimestamps
      if (anonymous && (a.flags & RST) !== 0) continue
      // Copies make the earliest time uncertain by which interface saw it first; retransmissions need an identity.
      if (anonymous && a.kind === 'retransmission') continue
      this.push(a.time, b.time, from === 'client' ? 0 : 1)
    }
  }

  private push(client: number, upstream: number, direction: number): void {
    if (this.count === this.client.length) this.grow()
    this.client[this.count] = client
    this.upstream[this.count] = upstream
    this.direction[this.count] = direction
    this.count++
  }

  /** Smallest and largest difference of the two clocks over all pairs, in ns; null without pairs. */
  range(baseDeltaNs: number): { low: number; high: number } | null {
    if (this.count === 0) return null
    let low = Number.POSITIVE_INFINITY
    let high = Number.NEGATIVE_INFINITY
    for (let i = 0; i < this.count; i++) {
      const difference = this.upstream[i]! - this.client[i]! + baseDeltaNs
      if (difference < low) low = difference
      if (difference > high) high = difference
    }
    return { low, high }
  }

  private grow(): void {
    const size = this.client.length * 2
    const client = new Float64Array(size)
    client.set(this.client)
    this.client = client
    const upstream = new Float64Array(size)
    upstream.set(this.upstream)
    this.upstream = upstream
    const direction = new Uint8Array(size)
    direction.set(this.direction)
    this.direction = direction
  }

  result(baseDeltaNs: bigint): ClockObservations {
    return {
      count: this.count,
      clientTime: this.client.subarray(0, this.count),
      upstreamTime: this.upstream.subarray(0, this.count),
      direction: this.direction.subarray(0, this.count),
      baseDeltaNs,
    }
  }
}
