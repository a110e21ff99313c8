import type { NsInterval } from './clock.ts'
import type { ConnectionView, Side } from './connection.ts'
import type { Segment } from './segment.ts'

/** One capture point, as far as one connection is concerned. */
export interface Tap {
  /** Capture id of the report. */
  capture: string
  /** Whose side the tap is on; null where a single capture does not say. */
  side: Side | null
  /** What it saw of the connection; null: nothing. */
  view: ConnectionView | null
  /** Relative ns of the capture's first and last packet. */
  captureStart: number
  captureEnd: number
  /** The tap is known to be in that host, not merely in front of it. */
  inHost: TapPosition | null
  /** Why packets may be missing from this capture; empty when nothing speaks for loss. */
  loss: string[]
  /** TTLs that this connection's endpoint on a side uses in this capture, over all connections; null when it has no other. */
  usualTtl: ((side: Side) => { low: number; high: number } | null) | null
}

export interface TapPosition {
  host: Side
  basis: string
  /** By --at. */
  told: boolean
}

/** One segment of a connection with its sighting at each tap (index as in `Sighting.taps`). */
export interface AlignedSegment {
  from: Side
  seen: (Segment | null)[]
  /** Lies inside the byte range that the other tap saw in other pieces (segmentation offload). */
  covered: boolean
}

/** One connection with everything that all taps saw of it. */
export interface Sighting {
  taps: Tap[]
  /** In an order that agrees with the file order of each tap. */
  segments: AlignedSegment[]
  clock: SharedClock | null
  /** Why nothing here can be certain (captures that contradict each other); null when nothing speaks against it. */
  doubt: string | null
  /** It was told on which side each tap is: a single capture's side is only guessed. */
  isPlaced: boolean
}

/** What two taps know of each other's time. Times are relative ns of the tap named. */
export interface SharedClock {
  /** Is the first moment surely before the second? With gap and uncertainty where they can be known. */
  compare(
    first: { tap: number; time: number },
    second: { tap: number; time: number },
  ): {
    order: 'before' | 'after' | 'undetermined'
    gapNs: number | null
    uncertaintyNs: number | null
  }
  /** A time of one tap in the clock of another: an interval, possibly unbounded. */
  translate(from: number, time: number, to: number): NsInterval
}
