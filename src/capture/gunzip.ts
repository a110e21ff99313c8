import { createGunzip, type Gunzip } from 'node:zlib'
import type { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import type { ByteWindow } from './byte-window.ts'
import { warnCutCompression, warnDamagedCompression } from './compression-damage.ts'

/** Deflate expands at most 1032-fold: what one piece can become is bounded by this. */
const PIECE_BYTES = 16 * 1024

/** Decompresses gzip, several members in a row included. Each piece's output is handed on before the next is read. */
export async function* gunzip(
  window: ByteWindow,
  context: ContainerContext,
): AsyncGenerator<Uint8Array> {
  const stream = createGunzip()
  const output: Buffer[] = []
  stream.on('data', (chunk: Buffer) => output.push(chunk))
  // Without a listener an error between two writes would end the process; `settled` reports it.
  stream.on('error', () => {})
  let produced = 0
  try {
    while (!stream.readableEnded) {
      if (window.length === 0 && !(await window.fill())) break
      const length = Math.min(window.length, PIECE_BYTES)
      const piece = Buffer.from(window.bytes.buffer, window.start, length)
      const error = await settled(stream, (done) => stream.write(piece, done))
      window.start += length
      for (const chunk of output.splice(0)) {
        produced += chunk.length
        yield chunk
      }
      if (error) {
        warnDamagedCompression(context, 'gzip', produced, error.message)
        return
      }
    }
    if (stream.readableEnded) {
      await readTrailing(context, window, produced)
      return
    }
    const error = await settled(stream, () => stream.end())
    for (const chunk of output.splice(0)) {
      produced += chunk.length
      yield chunk
    }
    if (error) warnCutCompression(context, 'gzip', produced)
  } finally {
    stream.destroy()
  }
}

/** Resolves when the write is done, the stream has ended, or it has failed (with the error). */
function settled(
  stream: Gunzip,
  start: (done: () => void) => void,
): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const finish = (error: NodeJS.ErrnoException | null) => {
      stream.off('error', finish)
      stream.off('end', onEnd)
      resolve(error)
    }
    const onEnd = () => finish(null)
    stream.on('error', finish)
    stream.on('end', onEnd)
    start(() => {
      if (!stream.errored) finish(null)
    })
  })
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
