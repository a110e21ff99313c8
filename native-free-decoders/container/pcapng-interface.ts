import type { ContainerContext } from './container-parser.ts'

const NS_PER_SECOND = 1_000_000_000n
const DEFAULT_TICKS_PER_SECOND = 1_000_000n

/** Exponents from which one tick of a 64-bit counter would be shorter than anything a clock shows (10⁻¹⁹ s, 2⁻⁶³ s). */
const MAX_DECIMAL_EXPONENT = 19
const MAX_BINARY_EXPONENT = 63

/** Ticks per second that an `if_tsresol` byte states, or null when it states nonsense. */
export function ticksPerSecond(resolution: number): bigint | null {
  const exponent = resolution & 0x7f
  if ((resolution & 0x80) !== 0) {
    return exponent > MAX_BINARY_EXPONENT ? null : 2n ** BigInt(exponent)
  }
  return exponent > MAX_DECIMAL_EXPONENT ? null : 10n ** BigInt(exponent)
}

/** An interface of one pcapng section: its clock and its loss counters. */
export class PcapngInterface {
  /** Index in the table of the whole capture, or -1 when the table was full. */
  readonly index: number
  readonly snapLength: number

  readonly #ticksPerSecond: bigint
  readonly #offsetNs: bigint
  /** Whole nanoseconds per tick, 0 when a tick is no whole number of them. */
  readonly #nsPerTick: number
  #isCalibrated = false
  #originHigh = 0
  #originLow = 0
  #originNs = 0
  #droppedByStatistics = 0
  #droppedBetweenPackets = 0
  #droppedReported = -1

  constructor(
    index: number,
    snapLength: number,
    ticks: bigint = DEFAULT_TICKS_PER_SECOND,
    offsetSeconds = 0n,
  ) {
    this.index = index
    this.snapLength = snapLength
    this.#ticksPerSecond = ticks
    this.#offsetNs = offsetSeconds * NS_PER_SECOND
    this.#nsPerTick = NS_PER_SECOND % ticks === 0n ? Number(NS_PER_SECOND / ticks) : 0
  }

  /**
   * Nanoseconds after the zero of the context, which this sets when nothing has yet. Counts from the interface's first
   * record, so that plain numbers stay exact for 104 days; resolutions that are no whole nanoseconds are rare and take
   * the slow way, rounded down as Wireshark does.
   */
  timeOf(high: number, low: number, context: ContainerContext): number {
    if (!this.#isCalibrated) {
      const absolute = this.#absoluteNs(high, low)
      context.baseNs ??= absolute
      this.#originHigh = high
      this.#originLow = low
      this.#originNs = Number(absolute - context.baseNs)
      this.#isCalibrated = true
    }
    if (this.#nsPerTick === 0) {
      return Number(this.#absoluteNs(high, low) - (context.baseNs as bigint))
    }
    const ticks = (high - this.#originHigh) * 0x1_0000_0000 + (low - this.#originLow)
    return ticks * this.#nsPerTick + this.#originNs
  }

  /** Takes the totals of an interface statistics block; the latest and largest counts. */
  noteStatistics(dropped: number, context: ContainerContext): void {
    this.#droppedByStatistics = Math.max(this.#droppedByStatistics, dropped)
    this.#reportDropped(context)
  }

  /** Takes the losses that a packet reports since the packet before it. */
  noteDroppedBefore(dropped: number, context: ContainerContext): void {
    this.#droppedBetweenPackets += dropped
    this.#reportDropped(context)
  }

  /** Both counters count the same losses: the larger one holds. */
  #reportDropped(context: ContainerContext): void {
    const dropped = Math.max(this.#droppedByStatistics, this.#droppedBetweenPackets)
    if (dropped === this.#droppedReported) return
    context.addDropped(dropped - Math.max(0, this.#droppedReported))
    this.#droppedReported = dropped
  }

  #absoluteNs(high: number, low: number): bigint {
    const ticks = (BigInt(high) << 32n) | BigInt(low)
    return (ticks * NS_PER_SECOND) / this.#ticksPerSecond + this.#offsetNs
  }
}
