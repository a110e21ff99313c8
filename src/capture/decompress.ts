import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import type { ByteWindow } from './byte-window.ts'
import { isSkippable, LZ4_MAGIC, ZSTD_MAGIC } from './compressed-frame.ts'

export type Compression = NonNullable<CaptureFacts['compression']>

const GZIP_MAGIC = 0x1f8b
/** A worker takes about 50 ms to start: as long as a script decompresses some MB. What is smaller comes in one go. */
const WORTH_A_THREAD = 2 * 1024 * 1024
/** How far to look behind skippable frames for the frame that tells zstd from lz4. */
const MAX_SKIPPED_BYTES = 256 * 1024

/** The compression that a file's first bytes announce; at least four must be in view. */
export async function sniffCompression(window: ByteWindow): Promise<Compression | null> {
  if (window.view.getUint16(window.start) === GZIP_MAGIC) return 'gzip'
  let skipped = 0
  for (;;) {
    if (!(await window.atLeast(skipped + 4))) return null
    const magic = window.view.getUint32(window.start + skipped, true)
    if (magic === ZSTD_MAGIC) return 'zstd'
    if (magic === LZ4_MAGIC) return 'lz4'
    if (!isSkippable(magic) || !(await window.atLeast(skipped + 8))) return null
    skipped += 8 + window.view.getUint32(window.start + skipped + 4, true)
    if (skipped > MAX_SKIPPED_BYTES) return null
  }
}

/**
 * The decompressed bytes of `window`, chunk by chunk, made ahead of their reader in another thread where that pays.
 * What is cut or damaged ends early with a warning; a chunk is valid until the next one is asked for.
 */
export async function decompress(
  compression: Compression,
  window: ByteWindow,
  context: ContainerContext,
  mayStartThread: boolean,
): Promise<AsyncGenerator<Uint8Array>> {
  if (compression === 'gzip') {
    const { gunzip } = await import('./gunzip.ts')
    return gunzip(window, context)
  }
  if (compression === 'zstd') {
    const { hasNodeZstd, zstdFrameByNode } = await import('./zstd-frame-by-node.ts')
    if (hasNodeZstd) {
      const { unzstd } = await import('./unzstd.ts')
      return unzstd(window, context, zstdFrameByNode)
    }
  }
  if (mayStartThread && (await window.atLeast(WORTH_A_THREAD))) {
    const { decompressInThread } = await import('./decompress-thread.ts')
    return decompressInThread(compression, window, context)
  }
  const { decompressByScript } = await import('./decompress-script.ts')
  return decompressByScript(compression, window, context)
}
