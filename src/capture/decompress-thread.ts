import type {
  ContainerContext,
  ContainerWarning,
} from '../../native-free-decoders/container/container-parser.ts'
import { BLOCK_BYTES } from './block-bytes.ts'
import { BlockThread } from './block-thread.ts'
import type { ByteWindow } from './byte-window.ts'
import type { ScriptedCompression } from './decompress-script.ts'

/** What the thread is sent: compressed bytes, their end, or a block of its own that may be filled again. */
export type ToDecompressor =
  | { kind: 'compressed'; bytes: Uint8Array }
  | { kind: 'end' }
  | { kind: 'used'; block: Uint8Array }

/** What the thread says: that it wants more, `count` bytes of a block, or that there is no more. */
export type FromDecompressor =
  | { kind: 'want' }
  | { kind: 'made'; block: Uint8Array; count: number }
  | { kind: 'done'; warnings: ContainerWarning[] }

/** Compressed blocks under way to the thread: while one is worked on, the next is there. */
const BLOCKS_AHEAD = 2

/**
 * Decompresses in a thread of its own what is decompressed by a script, ahead of the reader by a few blocks. The bytes
 * and warnings are the same as without a thread.
 */
export async function* decompressInThread(
  compression: ScriptedCompression,
  window: ByteWindow,
  context: ContainerContext,
): AsyncGenerator<Uint8Array> {
  const thread = new BlockThread<ToDecompressor, FromDecompressor>(
    'decompress-worker.js',
    compression,
  )
  let wanted = BLOCKS_AHEAD
  let hasEnded = false
  try {
    for (;;) {
      for (; wanted > 0 && !hasEnded; wanted--) {
        hasEnded = window.length === 0 && !(await window.fill())
        if (hasEnded) {
          thread.post({ kind: 'end' })
        } else {
          const end = Math.min(window.end, window.start + BLOCK_BYTES)
          const bytes = window.bytes.slice(window.start, end)
          window.start = end
          thread.post({ kind: 'compressed', bytes }, [bytes.buffer])
        }
      }
      const message = await thread.next()
      switch (message.kind) {
        case 'want':
          wanted++
          break
        case 'made': {
          const { block, count } = message
          yield block.subarray(0, count)
          thread.post({ kind: 'used', block }, [block.buffer as ArrayBuffer])
          break
        }
        case 'done':
          for (const { code, message: text, offset } of message.warnings) {
            context.warn(code, text, offset)
          }
          return
      }
    }
  } finally {
    thread.close()
  }
}
