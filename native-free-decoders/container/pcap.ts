import type { ContainerContext, ContainerParser, RecordColumns } from './container-parser.ts'
import { captureLengthLimit, warnBadRecordLength, warnTruncated } from './damage.ts'
import { canonicalLinkType } from './link-type-name.ts'

// File header (draft-ietf-opsawg-pcap, section 4).
const MAGIC = 0
const VERSION_MAJOR = 4
const VERSION_MINOR = 6
const SNAP_LENGTH = 16
const LINK_TYPE = 20
export const PCAP_HEADER_BYTES = 24

// Record header (section 5).
const SECONDS = 0
const FRACTION = 4
const CAPTURED_LENGTH = 8
const ORIGINAL_LENGTH = 12
const RECORD_HEADER_BYTES = 16
/** Alexey Kuznetzov's patched libpcap adds interface index, protocol and packet type. */
const MODIFIED_RECORD_HEADER_BYTES = 24

const MAGIC_MICROSECOND = 0xa1b2c3d4
const MAGIC_NANOSECOND = 0xa1b23c4d
const MAGIC_MODIFIED = 0xa1b2cd34

/** The bits above hold the FCS length and say nothing about the link type. */
const LINK_TYPE_MASK = 0x03ffffff

export interface PcapHeader {
  format: 'pcap' | 'pcap-nanosecond' | 'pcap-modified'
  isLittleEndian: boolean
  versionMajor: number
  versionMinor: number
  snapLength: number
  linkType: number
}

/** The format that four bytes announce, or null when they do not begin a classic pcap file. */
export function pcapMagic(
  view: DataView,
  at: number,
): Pick<PcapHeader, 'format' | 'isLittleEndian'> | null {
  for (const isLittleEndian of [true, false]) {
    switch (view.getUint32(at + MAGIC, isLittleEndian)) {
      case MAGIC_MICROSECOND:
        return { format: 'pcap', isLittleEndian }
      case MAGIC_NANOSECOND:
        return { format: 'pcap-nanosecond', isLittleEndian }
      case MAGIC_MODIFIED:
        return { format: 'pcap-modified', isLittleEndian }
    }
  }
  return null
}

/** Reads the file header; the caller has made sure that `PCAP_HEADER_BYTES` are there. */
export function readPcapHeader(view: DataView, at: number): PcapHeader | null {
  const magic = pcapMagic(view, at)
  if (!magic) return null
  const little = magic.isLittleEndian
  return {
    format: magic.format,
    isLittleEndian: little,
    versionMajor: view.getUint16(at + VERSION_MAJOR, little),
    versionMinor: view.getUint16(at + VERSION_MINOR, little),
    snapLength: view.getUint32(at + SNAP_LENGTH, little),
    linkType: canonicalLinkType(view.getUint32(at + LINK_TYPE, little) & LINK_TYPE_MASK),
  }
}

/** Enters the file's only interface, and warns of a version that nobody writes. */
export function addPcapInterface(header: PcapHeader, context: ContainerContext): number {
  const { versionMajor, versionMinor } = header
  if (versionMajor !== 2 || versionMinor !== 4) {
    context.warn(
      'unusual-version',
      `the file says format version ${versionMajor}.${versionMinor}, which is not in use any more`,
      VERSION_MAJOR,
    )
  }
  const index = context.addInterface(0, header.linkType, header.snapLength, null, null)
  if (index >= 0) return index
  context.warn('too-many-interfaces', 'the interface table is full', null)
  return 0
}

/** Parser of the records that follow a classic pcap file header. */
export class PcapParser implements ContainerParser {
  needed = 0
  stopped = false

  readonly #context: ContainerContext
  readonly #isLittleEndian: boolean
  readonly #nsPerFraction: number
  readonly #headerBytes: number
  readonly #limit: number
  readonly #interface: number
  readonly #capturedAt: number
  readonly #originalAt: number
  #offset = PCAP_HEADER_BYTES
  #records = 0
  #baseSeconds = 0
  #baseNanoseconds = 0
  #hasBase = false

  constructor(header: PcapHeader, context: ContainerContext) {
    this.#context = context
    this.#isLittleEndian = header.isLittleEndian
    this.#nsPerFraction = header.format === 'pcap-nanosecond' ? 1 : 1000
    this.#headerBytes =
      header.format === 'pcap-modified' ? MODIFIED_RECORD_HEADER_BYTES : RECORD_HEADER_BYTES
    this.#limit = captureLengthLimit(header.snapLength)
    this.#interface = addPcapInterface(header, context)
    // Before version 2.3 the original length came first.
    const isOriginalFirst = header.versionMajor === 2 && header.versionMinor < 3
    this.#capturedAt = isOriginalFirst ? ORIGINAL_LENGTH : CAPTURED_LENGTH
    this.#originalAt = isOriginalFirst ? CAPTURED_LENGTH : ORIGINAL_LENGTH
  }

  parse(
    _bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    columns: RecordColumns,
  ): number {
    const little = this.#isLittleEndian
    const headerBytes = this.#headerBytes
    const limit = this.#limit
    const capturedAt = this.#capturedAt
    const originalAt = this.#originalAt
    const nsPerFraction = this.#nsPerFraction
    const { offsets, capturedLengths, originalLengths, times, interfaces, directions } = columns
    if (!this.#hasBase) this.#findBase(view, start, end)
    const baseSeconds = this.#baseSeconds
    const baseNanoseconds = this.#baseNanoseconds

    let at = start
    let count = columns.count
    this.needed = 0
    while (count < columns.capacity) {
      if (end - at < headerBytes) {
        this.needed = headerBytes
        break
      }
      const captured = view.getUint32(at + capturedAt, little)
      if (captured > limit) {
        this.stopped = true
        const record = this.#records + count - columns.count + 1
        warnBadRecordLength(this.#context, record, this.#offset + at - start, captured, limit)
        break
      }
      const next = at + headerBytes + captured
      if (next > end) {
        this.needed = next - at
        break
      }
      offsets[count] = at + headerBytes
      capturedLengths[count] = captured
      originalLengths[count] = view.getUint32(at + originalAt, little)
      times[count] =
        (view.getUint32(at + SECONDS, little) - baseSeconds) * 1e9 +
        (view.getUint32(at + FRACTION, little) * nsPerFraction - baseNanoseconds)
      interfaces[count] = this.#interface
      directions[count] = 0
      count++
      at = next
    }
    this.#records += count - columns.count
    this.#offset += at - start
    columns.count = count
    return at
  }

  finish(remaining: number): void {
    if (remaining === 0 || this.stopped) return
    warnTruncated(
      this.#context,
      `record ${this.#records + 1}`,
      this.#offset,
      this.needed - remaining,
      remaining < this.#headerBytes,
    )
  }

  /** The zero of all times is the first record's time, unless an earlier file of the set has given it. */
  #findBase(view: DataView, at: number, end: number): void {
    if (end - at < this.#headerBytes) return
    const captured = view.getUint32(at + this.#capturedAt, this.#isLittleEndian)
    if (captured > this.#limit || captured > end - at - this.#headerBytes) return
    const seconds = view.getUint32(at + SECONDS, this.#isLittleEndian)
    const nanoseconds = view.getUint32(at + FRACTION, this.#isLittleEndian) * this.#nsPerFraction
    this.#context.baseNs ??= BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)
    this.#baseSeconds = Number(this.#context.baseNs / 1_000_000_000n)
    this.#baseNanoseconds = Number(this.#context.baseNs % 1_000_000_000n)
    this.#hasBase = true
  }
}
