import { Decompress } from 'fzstd'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'
import type { FrameHeader } from './zstd-frame.ts'

const BLOCK_HEADER_BYTES = 3
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

/**
 * A frame by the package fzstd. Blocks are cut out here and the decoder gets one at a time, so that no more than a
 * block is decompressed ahead and a cut is told from damage. Checksums are passed over.
 */
export async function* zstdFrameByScript(
  window: ByteWindow,
  header: FrameHeader,
  context: ContainerContext,
  produced: number,
): AsyncGenerator<Uint8Array, number | null> {
  const output: Uint8Array[] = []
  const cut = () => {
    warnCutCompression(context, 'zstd', produced)
    return null
  }
  const damaged = (reason: string) => {
    warnDamagedCompression(context, 'zstd', produced, reason)
    return null
  }

  const decoder = new Decompress((chunk) => output.push(chunk))
  let prefix = header.bytes
  for (let isLast = false; !isLast; ) {
    if (!(await window.atLeast(prefix + BLOCK_HEADER_BYTES))) return cut()
    const at = window.start + prefix
    const low = window.view.getUint16(at, true)
    const field = low | ((window.bytes[at + 2] as number) << 16)
    isLast = (field & 1) === 1
    const type = (field >> 1) & 3
    if (type === RESERVED_BLOCK) return damaged('a block of reserved type')
    const tail = isLast ? header.checksumBytes : 0
    const length = prefix + BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : field >> 3) + tail
    if (!(await window.atLeast(length))) return cut()
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
  return produced
}
