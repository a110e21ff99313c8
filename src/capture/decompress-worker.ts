import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { ContainerContext } from '../../native-free-decoders/container/container-parser.ts'
import { BLOCK_BYTES } from './block-bytes.ts'
import { ChunkSource } from './byte-source.ts'
import { ByteWindow } from './byte-window.ts'
import { decompressByScript, type ScriptedCompression } from './decompress-script.ts'
import type { FromDecompressor, ToDecompressor } from './decompress-thread.ts'

/** The entry of a decompression thread: compressed blocks in, decompressed blocks out, a few ahead of the reader. */
const port = parentPort as MessagePort
const say = (message: FromDecompressor, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer)

/** Blocks that may be under way to the reader or wait to be filled again: all the memory that goes back and forth. */
const MOST_BLOCKS = 6

const compressed: Uint8Array[] = []
const free: Uint8Array[] = Array.from({ length: MOST_BLOCKS }, () => new Uint8Array(BLOCK_BYTES))
let hasEnded = false
let wake = () => {}

port.on('message', (message: ToDecompressor) => {
  if (message.kind === 'compressed') compressed.push(message.bytes)
  else if (message.kind === 'used') free.push(message.block)
  else hasEnded = true
  wake()
})

const news = () =>
  new Promise<void>((resolve) => {
    wake = resolve
  })

async function* input(): AsyncGenerator<Uint8Array> {
  for (;;) {
    const bytes = compressed.shift()
    if (bytes !== undefined) {
      yield bytes
      say({ kind: 'want' })
    } else if (hasEnded) {
      return
    } else {
      await news()
    }
  }
}

async function freeBlock(): Promise<Uint8Array> {
  while (free.length === 0) await news()
  return free.pop() as Uint8Array
}

function send(block: Uint8Array, count: number): void {
  say({ kind: 'made', block, count }, [block.buffer as ArrayBuffer])
}

async function decompress(): Promise<void> {
  const context = new ContainerContext()
  const window = new ByteWindow(new ChunkSource(input()))
  const chunks = decompressByScript(workerData as ScriptedCompression, window, context)
  let block = await freeBlock()
  let used = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const count = Math.min(chunk.length - at, BLOCK_BYTES - used)
      block.set(chunk.subarray(at, at + count), used)
      at += count
      used += count
      if (used === BLOCK_BYTES) {
        send(block, used)
        block = await freeBlock()
        used = 0
      }
    }
  }
  if (used > 0) send(block, used)
  say({ kind: 'done', warnings: context.warnings })
}

// What it rejects with becomes the thread's error, as anything that a module throws.
void decompress()
