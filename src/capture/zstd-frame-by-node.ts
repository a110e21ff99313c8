import type { Transform } from 'node:stream'
import zlib, { type Zlib } from 'node:zlib'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'
import { NodeDecompressor } from './node-decompressor.ts'
import type { FrameHeader } from './zstd-frame.ts'

/** The largest block of zstd: it decompresses several times faster than gzip, and so hands over more at once. */
const STEP_BYTES = 128 * 1024

// Node has it since 22.15 and 23.8; the type definitions are those of the oldest Node that is supported.
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: { chunkSize: number }) => Transform & Zlib
}

export const hasNodeZstd = createZstdDecompress !== undefined

/** A frame by Node's own zstd, checksum included: several times faster than by a script, and in a thread of Node's pool. */
export async function* zstdFrameByNode(
  window: ByteWindow,
  _header: FrameHeader,
  context: ContainerContext,
  produced: number,
): AsyncGenerator<Uint8Array, number | null> {
  if (createZstdDecompress === undefined) throw new TypeError('this Node has no zstd')
  const decompressor = new NodeDecompressor(createZstdDecompress({ chunkSize: STEP_BYTES }))
  try {
    // It stops at the end of the frame only when something follows in the same piece; otherwise it takes the next too.
    while (!decompressor.hasEnded) {
      const isAtEnd = window.length === 0 && !(await window.fill())
      const before = decompressor.consumed
      const steps = isAtEnd
        ? decompressor.end()
        : decompressor.push(window.bytes.subarray(window.start, window.end))
      for await (const chunk of steps) {
        produced += chunk.length
        yield chunk
      }
      if (decompressor.error !== null) {
        if (isAtEnd) warnCutCompression(context, 'zstd', produced)
        else warnDamagedCompression(context, 'zstd', produced, decompressor.error.message)
        return null
      }
      window.start += decompressor.consumed - before
    }
    return produced
  } finally {
    decompressor.close()
  }
}
