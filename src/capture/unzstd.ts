import { Decompress } from 'fzstd'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { isSkippable, skipFrame, ZSTD_MAGIC } from './compressed-frame.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'

// Frame header (RFC 8878, section 3.1.1.1).
const DESCRIPTOR = 4
const WINDOW_DESCRIPTOR = 5
const IS_SINGLE_SEGMENT = 0x20
const HAS_CHECKSUM = 0x04
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]

/** What `zstd -d` accepts without being told to use more memory. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024
const LARGEST_FRAME_HEADER = 18

const BLOCK_HEADER_BYTES = 3
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

/**
 * Decompresses zstd frames, several in a row and skippable ones included. Frames and blocks are cut out here and the
 * decoder gets one block at a time, so that no more than a block is decompressed ahead and a cut is told from damage.
 */
export async function* unzstd(
  window: ByteWindow,
  context: ContainerContext,
): AsyncGenerator<Uint8Array> {
  let produced = 0
  const output: Uint8Array[] = []
  const damaged = (reason: string) => warnDamagedCompression(context, 'zstd', produced, reason)

  while (await window.atLeast(1)) {
    if (!(await window.atLeast(6))) return warnCutCompression(context, 'zstd', produced)
    const magic = window.view.getUint32(window.start, true)
    if (isSkippable(magic)) {
      if (await skipFrame(window)) continue
      return warnCutCompression(context, 'zstd', produced)
    }
    if (magic !== ZSTD_MAGIC) return damaged('no frame begins here')
    await window.atLeast(LARGEST_FRAME_HEADER)
    const header = frameHeader(window)
    if (window.length < header.bytes) return warnCutCompression(context, 'zstd', produced)
    if (header.windowBytes > MAX_WINDOW_BYTES) {
      return damaged(`it needs a window of ${header.windowBytes} bytes`)
    }
    const decoder = new Decompress((chunk) => output.push(chunk))
    let prefix = header.bytes
    for (let isLast = false; !isLast; ) {
      if (!(await window.atLeast(prefix + BLOCK_HEADER_BYTES))) {
        return warnCutCompression(context, 'zstd', produced)
      }
      const at = window.start + prefix
      const low = window.view.getUint16(at, true)
      const field = low | ((window.bytes[at + 2] as number) << 16)
      isLast = (field & 1) === 1
      const type = (field >> 1) & 3
      if (type === RESERVED_BLOCK) return damaged('a block of reserved type')
      const tail = isLast ? header.checksumBytes : 0
      const length = prefix + BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : field >> 3) + tail
      if (!(await window.atLeast(length))) return warnCutCompression(context, 'zstd', produced)
      try {
        // The decoder keeps what it is given until it has seen enough: it must not be a part of the reused window.
        const piece = window.bytes.slice(window.start, window.start + length)
        decoder.push(piece, isLast)
      } catch (error) {
        return damaged(error instanceof Error ? error.message : String(error))
      }
      window.start += length
      prefix = 0
      for (const chunk of output.splice(0)) {
        produced += chunk.length
        yield chunk
      }
    }
  }
}

interface FrameHeader {
  bytes: number
  windowBytes: number
  checksumBytes: number
}

/** Reads the frame header at the window's start; what lies behind the window's end counts as zero. */
function frameHeader(window: ByteWindow): FrameHeader {
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
