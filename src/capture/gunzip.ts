import { createGunzip } from 'node:zlib'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'
import { NodeDecompressor, STEP_BYTES } from './node-decompressor.ts'

/** Decompresses gzip, several members in a row included. */
export async function* gunzip(
  window: ByteWindow,
  context: ContainerContext,
): AsyncGenerator<Uint8Array> {
  const decompressor = new NodeDecompressor(createGunzip({ chunkSize: STEP_BYTES }))
  let produced = 0
  try {
    while (!decompressor.hasEnded) {
      if (window.length === 0 && !(await window.fill())) break
      const piece = window.bytes.subarray(window.start, window.end)
      const before = decompressor.consumed
      for await (const chunk of decompressor.push(piece)) {
        produced += chunk.length
        yield chunk
      }
      window.start += decompressor.consumed - before
      if (decompressor.error) {
        warnDamagedCompression(context, 'gzip', produced, decompressor.error.message)
        return
      }
    }
    if (decompressor.hasEnded) {
      await readTrailing(context, window, produced)
      return
    }
    for await (const chunk of decompressor.end()) {
      produced += chunk.length
      yield chunk
    }
    if (decompressor.error) warnCutCompression(context, 'gzip', produced)
  } finally {
    decompressor.close()
  }
}

/** Padding with zeros is ordinary; of anything else the reader is told, once. */
async function readTrailing(
  context: ContainerContext,
  window: ByteWindow,
  produced: number,
): Promise<void> {
  let isTold = false
  do {
    if (!isTold && window.bytes.subarray(window.start, window.end).some((byte) => byte !== 0)) {
      isTold = true
      context.warn(
        'trailing-bytes',
        'bytes that are no gzip data follow the compressed capture: they are not read',
        produced,
      )
    }
    window.start = window.end
  } while (await window.fill())
}
