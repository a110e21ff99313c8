import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { RstscopeError } from '../errors.ts'

/** Where bytes come from. Pulled, so that nothing is read before there is room for it. */
export interface ByteSource {
  /** Length in bytes, null when it is not known before the end. */
  readonly totalBytes: number | null
  /**
   * True when reading on to the end is possible without waiting for anybody (a file, bytes in memory); a pipe may stay
   * open for ever.
   */
  readonly isAtRest: boolean
  /** Reads into `target[start … end)` and says how many bytes; 0 is the end. */
  read(target: Uint8Array, start: number, end: number): number | Promise<number>
  close(): void
}

/** A plain file, read synchronously: the fastest way there is, and a batch of records follows each read. */
export function fileSource(path: string): ByteSource {
  const descriptor = openSync(path, 'r')
  let isOpen = true
  return {
    totalBytes: fstatSync(descriptor).size,
    isAtRest: true,
    read: (target, start, end) => readSync(descriptor, target, start, end - start, null),
    close() {
      if (isOpen) closeSync(descriptor)
      isOpen = false
    },
  }
}

export function memorySource(bytes: Uint8Array): ByteSource {
  let at = 0
  return {
    totalBytes: bytes.length,
    isAtRest: true,
    read(target, start, end) {
      const count = Math.min(end - start, bytes.length - at)
      target.set(bytes.subarray(at, at + count), start)
      at += count
      return count
    },
    close() {},
  }
}

/** Anything that yields chunks: a pipe, a socket, a decompressor. An abort ends a wait for the next chunk at once. */
export class ChunkSource implements ByteSource {
  readonly totalBytes = null
  readonly isAtRest = false

  readonly #iterator: AsyncIterator<Uint8Array>
  readonly #signal: AbortSignal | undefined
  readonly #destroy: (() => void) | null
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0
  #hasEnded = false

  constructor(chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal) {
    this.#iterator = chunks[Symbol.asyncIterator]()
    this.#signal = signal
    const { destroy } = chunks as { destroy?: unknown }
    this.#destroy = typeof destroy === 'function' ? () => destroy.call(chunks) : null
  }

  read(target: Uint8Array, start: number, end: number): number | Promise<number> {
    if (this.#at < this.#chunk.length) return this.#take(target, start, end)
    return this.#readNext(target, start, end)
  }

  close(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    // An iterator that waits for its own source answers only when that source does: nobody waits for it here.
    if (this.#destroy) this.#destroy()
    else this.#iterator.return?.()?.then(undefined, () => {})
  }

  async #readNext(target: Uint8Array, start: number, end: number): Promise<number> {
    while (!this.#hasEnded && this.#at === this.#chunk.length) {
      const result = await this.#nextOrAbort()
      if (result.done) {
        this.#hasEnded = true
      } else {
        if (!(result.value instanceof Uint8Array)) {
          throw new RstscopeError('RSTSCOPE_USAGE', 'the stream yields something other than bytes')
        }
        this.#chunk = result.value
        this.#at = 0
      }
    }
    return this.#hasEnded ? 0 : this.#take(target, start, end)
  }

  #nextOrAbort(): Promise<IteratorResult<Uint8Array>> {
    const signal = this.#signal
    if (!signal) return this.#iterator.next()
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(interrupted(signal))
      if (signal.aborted) return onAbort()
      signal.addEventListener('abort', onAbort, { once: true })
      this.#iterator
        .next()
        .then(resolve, reject)
        .finally(() => signal.removeEventListener('abort', onAbort))
    })
  }

  #take(target: Uint8Array, start: number, end: number): number {
    const count = Math.min(end - start, this.#chunk.length - this.#at)
    target.set(this.#chunk.subarray(this.#at, this.#at + count), start)
    this.#at += count
    return count
  }
}

export function interrupted(signal: AbortSignal): RstscopeError {
  return new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted', null, { cause: signal.reason })
}
