import {
  type ContainerContext,
  type ContainerParser,
  MAX_INTERFACES,
  type RecordColumns,
} from './container-parser.ts'
import { MAX_BLOCK_BYTES, warnTruncated } from './damage.ts'
import { LINK_TYPE_NO_PACKET } from './link-type-name.ts'
import type { PcapngInterface } from './pcapng-interface.ts'
import {
  readInterfaceDescription,
  readInterfaceStatistics,
  TOO_MANY_INTERFACES,
} from './pcapng-interface-block.ts'
import { PcapngOptionCursor, readCounter } from './pcapng-options.ts'

// Every block (draft-ietf-opsawg-pcapng, section 3.1): type, total length, body, total length again.
const TOTAL_LENGTH = 4
const BLOCK_HEADER_BYTES = 8
const TRAILER_BYTES = 4
const SMALLEST_BLOCK = 12

const SECTION_HEADER = 0x0a0d0d0a
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const BYTE_ORDER = 8
const VERSION_MAJOR = 12
const VERSION_MINOR = 14
export const SECTION_HEADER_BYTES = 28

const INTERFACE_DESCRIPTION = 1
const SIMPLE_PACKET = 3
const INTERFACE_STATISTICS = 5

// Enhanced packet block (section 4.3) and the obsolete packet block (appendix A) differ in the first eight bytes.
const ENHANCED_PACKET = 6
const OBSOLETE_PACKET = 2
const PACKET_INTERFACE = 8
const OBSOLETE_DROPS = 10
const TIME_HIGH = 12
const TIME_LOW = 16
const CAPTURED_LENGTH = 20
const ORIGINAL_LENGTH = 24
const PACKET_DATA = 28
const PACKET_FLAGS_OPTION = 2
const PACKET_DROPS_OPTION = 4
const UNKNOWN_DROPS = 0xffff

/** Blocks that are no packets but that Wireshark shows as frames and numbers as such. */
const SYSTEMD_JOURNAL = 9
const CUSTOM = 0x00000bad
const CUSTOM_NOT_COPIED = 0x40000bad
const OTHER_DATA = 8

const SIMPLE_ORIGINAL_LENGTH = 8
const SIMPLE_DATA = 12

/** Body bytes that each known block type needs at least, so that its fixed fields can be read without a check each. */
const SMALLEST: ReadonlyMap<number, number> = new Map([
  [SECTION_HEADER, SECTION_HEADER_BYTES],
  [INTERFACE_DESCRIPTION, 20],
  [OBSOLETE_PACKET, PACKET_DATA + TRAILER_BYTES],
  [SIMPLE_PACKET, SIMPLE_DATA + TRAILER_BYTES],
  [INTERFACE_STATISTICS, 24],
  [ENHANCED_PACKET, PACKET_DATA + TRAILER_BYTES],
])

/** True when a pcapng section header with a valid byte-order magic begins at `at`; twelve bytes must be there. */
export function isPcapng(view: DataView, at: number): boolean {
  return view.getUint32(at) === SECTION_HEADER && sectionByteOrder(view, at) !== null
}

/** True for little-endian, false for big-endian, null when the byte-order magic is neither. */
function sectionByteOrder(view: DataView, at: number): boolean | null {
  if (view.getUint32(at + BYTE_ORDER, true) === BYTE_ORDER_MAGIC) return true
  if (view.getUint32(at + BYTE_ORDER, false) === BYTE_ORDER_MAGIC) return false
  return null
}

/** Parser of a pcapng file from its first byte: any number of sections, each with its own byte order and interfaces. */
export class PcapngParser implements ContainerParser {
  needed = 0
  stopped = false

  readonly #context: ContainerContext
  readonly #option = new PcapngOptionCursor()
  #isLittleEndian = true
  #interfaces: PcapngInterface[] = []
  #offset = 0
  #records = 0
  #lastTime = 0
  #otherInterface = -1
  #sawSimplePacket = false

  constructor(context: ContainerContext) {
    this.#context = context
  }

  parse(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    columns: RecordColumns,
  ): number {
    let at = start
    this.needed = 0
    while (columns.count < columns.capacity) {
      if (end - at < SMALLEST_BLOCK) {
        this.needed = SMALLEST_BLOCK
        break
      }
      let type = view.getUint32(at, this.#isLittleEndian)
      if (type === SECTION_HEADER && !this.#readByteOrder(view, at)) break
      const total = view.getUint32(at + TOTAL_LENGTH, this.#isLittleEndian)
      if (total < SMALLEST_BLOCK || total > MAX_BLOCK_BYTES || (total & 3) !== 0) {
        this.#stop(
          'bad-block-length',
          `the block at byte ${this.#offset} claims a length of ${total} bytes: the file is damaged there and not read further`,
        )
        break
      }
      if (end - at < total) {
        this.needed = total
        break
      }
      const blockEnd = at + total - TRAILER_BYTES
      if (view.getUint32(blockEnd, this.#isLittleEndian) !== total) {
        this.#warn(
          'block-length-mismatch',
          `the block at byte ${this.#offset} states two different lengths, ${total} and ${view.getUint32(blockEnd, this.#isLittleEndian)}: the first is used`,
        )
      }
      if (total < (SMALLEST.get(type) ?? 0)) {
        this.#warn(
          'short-block',
          `the block of type ${type} at byte ${this.#offset} is too short for its fields: it is left out`,
        )
        type = -1
      }
      if (type === ENHANCED_PACKET || type === OBSOLETE_PACKET) {
        this.#packet(view, at, blockEnd, type === ENHANCED_PACKET, columns)
      } else if (type === SIMPLE_PACKET) {
        this.#simplePacket(view, at, blockEnd, columns)
      } else if (type === CUSTOM || type === CUSTOM_NOT_COPIED || type === SYSTEMD_JOURNAL) {
        this.#frameWithoutPacket(at, blockEnd, columns)
      } else {
        this.#otherBlock(type, bytes, view, at, blockEnd)
      }
      at += total
      this.#offset += total
    }
    return at
  }

  finish(remaining: number): void {
    if (remaining === 0 || this.stopped) return
    warnTruncated(
      this.#context,
      'a block',
      this.#offset,
      this.needed - remaining,
      remaining < BLOCK_HEADER_BYTES,
    )
  }

  #packet(
    view: DataView,
    at: number,
    blockEnd: number,
    isEnhanced: boolean,
    columns: RecordColumns,
  ): void {
    const little = this.#isLittleEndian
    const number = isEnhanced
      ? view.getUint32(at + PACKET_INTERFACE, little)
      : view.getUint16(at + PACKET_INTERFACE, little)
    const on = this.#interfaces[number]
    if (on === undefined || on.index < 0) {
      this.#warnNoInterface(number)
      return
    }
    let captured = view.getUint32(at + CAPTURED_LENGTH, little)
    const room = blockEnd - at - PACKET_DATA
    if (captured > room) {
      this.#warnLongRecord(captured, room)
      captured = room
    }
    this.#lastTime = on.timeOf(
      view.getUint32(at + TIME_HIGH, little),
      view.getUint32(at + TIME_LOW, little),
      this.#context,
    )
    const original = view.getUint32(at + ORIGINAL_LENGTH, little)
    this.#append(columns, at + PACKET_DATA, captured, original, on.index)

    if (!isEnhanced) {
      const drops = view.getUint16(at + OBSOLETE_DROPS, little)
      if (drops !== UNKNOWN_DROPS) on.noteDroppedBefore(drops, this.#context)
    }
    const options = at + PACKET_DATA + ((captured + 3) & ~3)
    if (options < blockEnd) {
      this.#packetOptions(view, options, blockEnd, on, columns, columns.count - 1)
    }
  }

  #packetOptions(
    view: DataView,
    start: number,
    end: number,
    on: PcapngInterface,
    columns: RecordColumns,
    record: number,
  ): void {
    const little = this.#isLittleEndian
    const option = this.#option
    option.begin(view, start, end, little)
    while (option.advance()) {
      if (option.code === PACKET_FLAGS_OPTION && option.length === 4) {
        const direction = view.getUint32(option.start, little) & 3
        columns.directions[record] = direction === 3 ? 0 : direction
      } else if (option.code === PACKET_DROPS_OPTION && option.length === 8) {
        const drops = readCounter(view, option.start, little)
        if (drops !== null) on.noteDroppedBefore(drops, this.#context)
      }
    }
  }

  /** A simple packet belongs to the section's first interface and carries no time: it gets that of the record before. */
  #simplePacket(view: DataView, at: number, blockEnd: number, columns: RecordColumns): void {
    const on = this.#interfaces[0]
    if (on === undefined || on.index < 0) {
      this.#warnNoInterface(0)
      return
    }
    const original = view.getUint32(at + SIMPLE_ORIGINAL_LENGTH, this.#isLittleEndian)
    const expected = on.snapLength === 0 ? original : Math.min(original, on.snapLength)
    const room = blockEnd - at - SIMPLE_DATA
    if (expected > room) this.#warnLongRecord(expected, room)
    if (!this.#sawSimplePacket) {
      this.#sawSimplePacket = true
      this.#warn(
        'no-packet-times',
        `simple packet blocks, the first at byte ${this.#offset}, carry no time: each is given that of the record before it`,
      )
    }
    this.#append(columns, at + SIMPLE_DATA, Math.min(expected, room), original, on.index)
  }

  /** Counted so that frame numbers are those that Wireshark shows; its link type tells that nothing is to decode. */
  #frameWithoutPacket(at: number, blockEnd: number, columns: RecordColumns): void {
    if (this.#otherInterface < 0) {
      const index = this.#context.addInterface(-1, LINK_TYPE_NO_PACKET, 0, null, null)
      this.#otherInterface = Math.max(0, index)
    }
    const length = blockEnd - at - OTHER_DATA
    this.#append(columns, at + OTHER_DATA, length, length, this.#otherInterface)
  }

  #append(
    columns: RecordColumns,
    offset: number,
    captured: number,
    original: number,
    index: number,
  ): void {
    const count = columns.count
    columns.offsets[count] = offset
    columns.capturedLengths[count] = captured
    columns.originalLengths[count] = original
    columns.times[count] = this.#lastTime
    columns.interfaces[count] = index
    columns.directions[count] = 0
    columns.count = count + 1
    this.#records++
  }

  #otherBlock(type: number, bytes: Uint8Array, view: DataView, at: number, blockEnd: number): void {
    const little = this.#isLittleEndian
    if (type === SECTION_HEADER) {
      this.#interfaces = []
      const major = view.getUint16(at + VERSION_MAJOR, little)
      if (major !== 1) {
        const minor = view.getUint16(at + VERSION_MINOR, little)
        this.#warn(
          'unusual-version',
          `the section at byte ${this.#offset} says format version ${major}.${minor}; it is read as 1.0`,
        )
      }
    } else if (type === INTERFACE_DESCRIPTION) {
      const place = this.#interfaces.length
      if (place >= MAX_INTERFACES) {
        this.#warn('too-many-interfaces', TOO_MANY_INTERFACES)
        return
      }
      this.#interfaces.push(
        readInterfaceDescription(
          bytes,
          view,
          at,
          blockEnd,
          little,
          place,
          this.#offset,
          this.#context,
        ),
      )
    } else if (type === INTERFACE_STATISTICS) {
      const on = this.#interfaces[view.getUint32(at + PACKET_INTERFACE, little)]
      if (on) readInterfaceStatistics(view, at, blockEnd, little, on, this.#context)
    }
  }

  #readByteOrder(view: DataView, at: number): boolean {
    const order = sectionByteOrder(view, at)
    if (order === null) {
      this.#stop(
        'bad-section-header',
        `the section header at byte ${this.#offset} has no valid byte-order magic: the file is damaged there and not read further`,
      )
      return false
    }
    this.#isLittleEndian = order
    return true
  }

  #warnNoInterface(number: number): void {
    this.#warn(
      'unknown-interface',
      `the packet at byte ${this.#offset} is of interface ${number}, which its section does not describe: it is left out`,
    )
  }

  #warnLongRecord(captured: number, room: number): void {
    this.#warn(
      'bad-record-length',
      `record ${this.#records + 1} at byte ${this.#offset} claims ${captured} captured bytes, its block has room for ${room}: only those are read`,
    )
  }

  #warn(code: string, message: string): void {
    this.#context.warn(code, message, this.#offset)
  }

  #stop(code: string, message: string): void {
    this.stopped = true
    this.#warn(code, message)
  }
}
