import type { Transform } from 'node:stream'
import type { Zlib } from 'node:zlib'

/**
 * Decompressed bytes per step. Fewer and larger steps cost less to hand over; but of the step in which damage is found,
 * Node gives nothing.
 */
export const STEP_BYTES = 32 * 1024

/**
 * A decompressor of `node:zlib`, always one step ahead of its reader: Node decompresses in a thread of its pool, and
 * taking a step's output starts the next step.
 *
 * Node's streams hand over no more than one step, so a piece of any size and ratio may be given at once.
 */
export class NodeDecompressor {
  /** Why the data cannot be decompressed any further; what was made before has been handed on. */
  error: Error | null = null
  readonly #stream: Transform & Zlib
  #wake: () => void = () => {}

  /** The stream must make steps (`chunkSize`) of `STEP_BYTES`. */
  constructor(stream: Transform & Zlib) {
    this.#stream = stream
    stream.on('readable', () => this.#wake())
    stream.on('end', () => this.#wake())
    stream.on('error', (error) => {
      this.error = error
      this.#wake()
    })
  }

  /** How many of the bytes that were given have been used: all of them, unless the compressed data ended before. */
  get consumed(): number {
    return this.#stream.bytesWritten
  }

  /** True when the compressed data have ended, even if more bytes were given. */
  get hasEnded(): boolean {
    return this.#stream.readableEnded
  }

  /** What becomes of `piece`, step by step; its bytes must stay as they are until the last of them has been taken. */
  push(piece: Uint8Array): AsyncGenerator<Uint8Array> {
    return this.#steps((done) => this.#stream.write(piece, done))
  }

  /** What was held back; `error` tells whether the data were complete. */
  end(): AsyncGenerator<Uint8Array> {
    return this.#steps(() => this.#stream.end())
  }

  close(): void {
    this.#stream.destroy()
  }

  async *#steps(start: (done: (error?: Error | null) => void) => void): AsyncGenerator<Uint8Array> {
    const stream = this.#stream
    let isDone = false
    start((error) => {
      isDone = true
      this.error ??= error ?? null
      this.#wake()
    })
    for (;;) {
      const made = stream.read()
      if (made !== null) {
        yield made
        continue
      }
      if (isDone || this.error !== null || stream.readableEnded) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
