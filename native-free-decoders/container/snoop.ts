import type { ContainerContext, ContainerParser, RecordColumns } from './container-parser.ts'
import {
  captureLengthLimit,
  MAX_BLOCK_BYTES,
  warnBadRecordLength,
  warnTruncated,
} from './damage.ts'
import { linkTypeName } from './link-type-name.ts'

// File header (RFC 1761), always big-endian.
const MAGIC_HIGH = 0x736e6f6f
const MAGIC_LOW = 0x70000000
const DATALINK = 12
export const SNOOP_HEADER_BYTES = 16

// Record header.
const ORIGINAL_LENGTH = 0
const INCLUDED_LENGTH = 4
const RECORD_LENGTH = 8
const CUMULATIVE_DROPS = 12
const SECONDS = 16
const MICROSECONDS = 20
const RECORD_HEADER_BYTES = 24

/** LINKTYPE_ numbers of the snoop datalink types that carry IP on anything still in use. */
const LINK_TYPES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [2, 6],
  [4, 1],
  [8, 10],
])
/** Other datalink types are kept above the LINKTYPE_ numbers, so that nothing takes them for one. */
const NO_LINK_TYPE = 0x10000

/** True when a snoop file (Solaris, RFC 1761) begins at `at`; eight bytes must be there. */
export function isSnoop(view: DataView, at: number): boolean {
  return view.getUint32(at) === MAGIC_HIGH && view.getUint32(at + 4) === MAGIC_LOW
}

/** Parser of the records that follow a snoop file header. */
export class SnoopParser implements ContainerParser {
  needed = 0
  stopped = false

  readonly #context: ContainerContext
  readonly #interface: number
  readonly #limit = captureLengthLimit(0)
  #offset = SNOOP_HEADER_BYTES
  #records = 0
  #dropped = -1
  #baseSeconds = 0
  #baseNanoseconds = 0

  /** The file header is at `at` and complete. */
  constructor(view: DataView, at: number, context: ContainerContext) {
    const datalink = view.getUint32(at + DATALINK)
    const linkType = LINK_TYPES.get(datalink)
    this.#context = context
    this.#interface = Math.max(
      0,
      linkType === undefined
        ? context.addInterface(0, NO_LINK_TYPE + datalink, 0, null, null, `snoop-${datalink}`)
        : context.addInterface(0, linkType, 0, null, null, linkTypeName(linkType)),
    )
  }

  parse(
    _bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    columns: RecordColumns,
  ): number {
    let at = start
    this.needed = 0
    while (columns.count < columns.capacity) {
      if (end - at < RECORD_HEADER_BYTES) {
        this.needed = RECORD_HEADER_BYTES
        break
      }
      const included = view.getUint32(at + INCLUDED_LENGTH)
      const length = view.getUint32(at + RECORD_LENGTH)
      if (
        included > this.#limit ||
        length > MAX_BLOCK_BYTES ||
        length < RECORD_HEADER_BYTES + included
      ) {
        this.stopped = true
        const limit = Math.min(this.#limit, Math.max(0, length - RECORD_HEADER_BYTES))
        warnBadRecordLength(this.#context, this.#records + 1, this.#offset, included, limit)
        break
      }
      if (end - at < length) {
        this.needed = length
        break
      }
      const seconds = view.getUint32(at + SECONDS)
      const nanoseconds = view.getUint32(at + MICROSECONDS) * 1000
      if (this.#records === 0) this.#findBase(seconds, nanoseconds)
      const count = columns.count++
      columns.offsets[count] = at + RECORD_HEADER_BYTES
      columns.capturedLengths[count] = included
      columns.originalLengths[count] = view.getUint32(at + ORIGINAL_LENGTH)
      columns.times[count] =
        (seconds - this.#baseSeconds) * 1e9 + (nanoseconds - this.#baseNanoseconds)
      columns.interfaces[count] = this.#interface
      columns.directions[count] = 0
      this.#noteDropped(view.getUint32(at + CUMULATIVE_DROPS))
      this.#records++
      this.#offset += length
      at += length
    }
    return at
  }

  finish(remaining: number): void {
    if (remaining === 0 || this.stopped) return
    warnTruncated(
      this.#context,
      `record ${this.#records + 1}`,
      this.#offset,
      this.needed - remaining,
      remaining < RECORD_HEADER_BYTES,
    )
  }

  #findBase(seconds: number, nanoseconds: number): void {
    this.#context.baseNs ??= BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)
    this.#baseSeconds = Number(this.#context.baseNs / 1_000_000_000n)
    this.#baseNanoseconds = Number(this.#context.baseNs % 1_000_000_000n)
  }

  /** The counter runs from the capture's beginning; a smaller value than before is no loss. */
  #noteDropped(cumulative: number): void {
    if (cumulative <= this.#dropped) return
    this.#context.addDropped(cumulative - Math.max(0, this.#dropped))
    this.#dropped = cumulative
  }
}
