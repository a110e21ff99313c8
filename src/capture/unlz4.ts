import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import { decodeLz4Block, LZ4_DAMAGED } from '../../native-free-decoders/container/lz4-block.ts'
import type { ByteWindow } from './byte-window.ts'
import { isSkippable, LZ4_MAGIC, skipFrame } from './compressed-frame.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'

// Frame descriptor (LZ4 frame format description 1.6.4).
const FLAGS = 4
const BLOCK_DESCRIPTOR = 5
const VERSION_MASK = 0xc0
const VERSION_1 = 0x40
const BLOCKS_ARE_INDEPENDENT = 0x20
const HAS_BLOCK_CHECKSUM = 0x10
const HAS_CONTENT_SIZE = 0x08
const HAS_CONTENT_CHECKSUM = 0x04
const HAS_DICTIONARY = 0x01

const IS_UNCOMPRESSED = 0x80000000
const DICTIONARY_BYTES = 64 * 1024

/** Decompresses lz4 frames, several in a row and skippable ones included. Checksums are passed over. */
export async function* unlz4(
  window: ByteWindow,
  context: ContainerContext,
): AsyncGenerator<Uint8Array> {
  let produced = 0
  const damaged = (reason: string) => warnDamagedCompression(context, 'lz4', produced, reason)

  while (await window.atLeast(1)) {
    if (!(await window.atLeast(7))) return warnCutCompression(context, 'lz4', produced)
    const magic = window.view.getUint32(window.start, true)
    if (isSkippable(magic)) {
      if (await skipFrame(window)) continue
      return warnCutCompression(context, 'lz4', produced)
    }
    const flags = window.bytes[window.start + FLAGS] as number
    const sizeCode = ((window.bytes[window.start + BLOCK_DESCRIPTOR] as number) >> 4) & 7
    if (magic !== LZ4_MAGIC) return damaged('no frame begins here')
    if ((flags & VERSION_MASK) !== VERSION_1 || sizeCode < 4) return damaged('unknown frame header')
    if (flags & HAS_DICTIONARY) return damaged('it needs a dictionary')
    const headerBytes = 7 + (flags & HAS_CONTENT_SIZE ? 8 : 0)
    if (!(await window.atLeast(headerBytes))) return warnCutCompression(context, 'lz4', produced)
    window.start += headerBytes

    const maxBlock = 1 << (2 * sizeCode + 8)
    const output = new Uint8Array(DICTIONARY_BYTES + maxBlock)
    const checksumBytes = flags & HAS_BLOCK_CHECKSUM ? 4 : 0
    let history = 0
    for (;;) {
      if (!(await window.atLeast(4))) return warnCutCompression(context, 'lz4', produced)
      const field = window.view.getUint32(window.start, true)
      if (field === 0) break
      const length = field & ~IS_UNCOMPRESSED
      if (length > maxBlock) return damaged('a block is larger than its frame allows')
      if (!(await window.atLeast(4 + length + checksumBytes))) {
        return warnCutCompression(context, 'lz4', produced)
      }
      const from = window.start + 4
      let end: number
      if (field & IS_UNCOMPRESSED) {
        output.set(window.bytes.subarray(from, from + length), history)
        end = history + length
      } else {
        const room = output.subarray(0, history + maxBlock)
        end = decodeLz4Block(window.bytes, from, from + length, room, history)
        if (end === LZ4_DAMAGED) return damaged('a block does not decode')
      }
      window.start += 4 + length + checksumBytes
      produced += end - history
      yield output.subarray(history, end)
      history = 0
      if (!(flags & BLOCKS_ARE_INDEPENDENT)) {
        history = Math.min(end, DICTIONARY_BYTES)
        output.copyWithin(0, end - history, end)
      }
    }
    const tail = 4 + (flags & HAS_CONTENT_CHECKSUM ? 4 : 0)
    if (!(await window.atLeast(tail))) return warnCutCompression(context, 'lz4', produced)
    window.start += tail
  }
}
