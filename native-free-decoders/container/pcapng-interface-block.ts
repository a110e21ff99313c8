import type { ContainerContext } from './container-parser.ts'
import { canonicalLinkType } from './link-type-name.ts'
import { PcapngInterface, ticksPerSecond } from './pcapng-interface.ts'
import { PcapngOptionCursor, readCounter, readText } from './pcapng-options.ts'

// Interface description block (draft-ietf-opsawg-pcapng, section 4.2), offsets from the block's beginning.
const LINK_TYPE = 8
const SNAP_LENGTH = 12
const DESCRIPTION_OPTIONS = 16
const IF_NAME = 2
const IF_TSRESOL = 9
const IF_FILTER = 11
const IF_TSOFFSET = 14
/** First byte of `if_filter`: the rest is the filter as text. */
const FILTER_IS_TEXT = 0
const MAX_NAME_BYTES = 256
const MAX_FILTER_BYTES = 1024

// Interface statistics block (section 4.6).
const STATISTICS_OPTIONS = 20
const ISB_IFDROP = 5
const ISB_OSDROP = 7

export const TOO_MANY_INTERFACES =
  'the file describes more interfaces than are kept: packets of the others are left out'

const option = new PcapngOptionCursor()

/**
 * Reads the interface description block at `at`; `end` is where its trailing length begins, `place` its number in the
 * section.
 */
export function readInterfaceDescription(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  isLittleEndian: boolean,
  place: number,
  offset: number,
  context: ContainerContext,
): PcapngInterface {
  const linkType = canonicalLinkType(view.getUint16(at + LINK_TYPE, isLittleEndian))
  const snapLength = view.getUint32(at + SNAP_LENGTH, isLittleEndian)
  let name: string | null = null
  let filter: string | null = null
  let ticks: bigint | undefined
  let offsetSeconds = 0n
  option.begin(view, at + DESCRIPTION_OPTIONS, end, isLittleEndian)
  while (option.advance()) {
    const { code, start, length } = option
    if (code === IF_NAME) {
      name = readText(bytes, start, length, MAX_NAME_BYTES)
    } else if (code === IF_FILTER && length > 1 && bytes[start] === FILTER_IS_TEXT) {
      filter = readText(bytes, start + 1, length - 1, MAX_FILTER_BYTES)
    } else if (code === IF_TSOFFSET && length === 8) {
      offsetSeconds = view.getBigInt64(start, isLittleEndian)
    } else if (code === IF_TSRESOL && length >= 1) {
      ticks = ticksPerSecond(bytes[start] as number) ?? undefined
      if (ticks === undefined) {
        context.warn(
          'bad-time-resolution',
          `interface ${place} states a time resolution that no clock has (if_tsresol ${bytes[start]}): its times are read as microseconds`,
          offset,
        )
      }
    }
  }
  const index = context.addInterface(place, linkType, snapLength, name, filter)
  if (index < 0) {
    context.warn('too-many-interfaces', TOO_MANY_INTERFACES, offset)
  }
  return new PcapngInterface(index, snapLength, ticks, offsetSeconds)
}

/** Reads the loss counters of the interface statistics block at `at`. */
export function readInterfaceStatistics(
  view: DataView,
  at: number,
  end: number,
  isLittleEndian: boolean,
  statisticsOf: PcapngInterface,
  context: ContainerContext,
): void {
  let dropped: number | null = null
  option.begin(view, at + STATISTICS_OPTIONS, end, isLittleEndian)
  while (option.advance()) {
    if ((option.code !== ISB_IFDROP && option.code !== ISB_OSDROP) || option.length !== 8) continue
    const counted = readCounter(view, option.start, isLittleEndian)
    if (counted !== null) dropped = (dropped ?? 0) + counted
  }
  if (dropped !== null) statisticsOf.noteStatistics(dropped, context)
}
