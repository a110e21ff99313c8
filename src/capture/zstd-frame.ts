import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'

// Frame header (RFC 8878, section 3.1.1.1).
const DESCRIPTOR = 4
const WINDOW_DESCRIPTOR = 5
const IS_SINGLE_SEGMENT = 0x20
const HAS_CHECKSUM = 0x04
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]

/** What `zstd -d` accepts without being told to use more memory. */
export const MAX_WINDOW_BYTES = 128 * 1024 * 1024
export const LARGEST_FRAME_HEADER = 18

/**
 * Decompresses the frame at the window's beginning, chunk by chunk. `produced` bytes were decompressed before it;
 * returns how many there are behind it, or null after a warning that nothing behind is read.
 */
export type ZstdFrameDecoder = (
  window: ByteWindow,
  header: FrameHeader,
  context: ContainerContext,
  produced: number,
) => AsyncGenerator<Uint8Array, number | null>

export interface FrameHeader {
  bytes: number
  windowBytes: number
  checksumBytes: number
}

/** Reads the frame header at the window's start; what lies behind the window's end counts as zero. */
export function frameHeader(window: ByteWindow): FrameHeader {
  const byte = (index: number) =>
    index < window.length ? (window.bytes[window.start + index] as number) : 0
  const descriptor = byte(DESCRIPTOR)
  const isSingle = (descriptor & IS_SINGLE_SEGMENT) !== 0
  const sizeCode = descriptor >> 6
  const sizeBytes = sizeCode === 0 ? (isSingle ? 1 : 0) : 1 << sizeCode
  const sizeAt = (isSingle ? 5 : 6) + (DICTIONARY_ID_BYTES[descriptor & 3] as number)
  let windowBytes = 0
  if (isSingle) {
    for (let i = sizeBytes - 1; i >= 0; i--) windowBytes = windowBytes * 256 + byte(sizeAt + i)
    if (sizeCode === 1) windowBytes += 256
  } else {
    const base = 2 ** (10 + (byte(WINDOW_DESCRIPTOR) >> 3))
    windowBytes = base + (base / 8) * (byte(WINDOW_DESCRIPTOR) & 7)
  }
  return {
    bytes: sizeAt + sizeBytes,
    windowBytes,
    checksumBytes: descriptor & HAS_CHECKSUM ? 4 : 0,
  }
}
