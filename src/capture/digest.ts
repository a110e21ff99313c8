import { BLOCK_BYTES } from './block-bytes.ts'
import type { BlockThread } from './block-thread.ts'

/** To the hashing thread: `count` bytes of a block, or null for the end. */
export type ToHasher = { block: Uint8Array; count: number } | null
/** Back: each block when it has been hashed, and the digest, hex, after the end. */
export type FromHasher = Uint8Array | string

/** A worker takes about 50 ms to start: what is shorter than 4 MB is hashed before that. */
const WORTH_A_THREAD = 16
/** How far reading may be ahead of hashing: 6 MB. */
const MOST_BLOCKS = 24

/**
 * SHA-256 of bytes as they pass. Hashing takes several times as long as walking records, so it is done in a thread of
 * its own.
 */
export class Digest {
  #thread: BlockThread<ToHasher, FromHasher> | null = null
  /** Full blocks, as long as there is no thread. */
  #full: Uint8Array<ArrayBuffer>[] = []
  #blocks = 1
  #block = new Uint8Array(BLOCK_BYTES)
  #used = 0

  /** Copies the bytes; waits when hashing is too far behind. */
  async update(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, BLOCK_BYTES - this.#used)
      this.#block.set(bytes.subarray(at, at + count), this.#used)
      at += count
      this.#used += count
      if (this.#used === BLOCK_BYTES) await this.#handOver()
    }
  }

  /** The digest of everything so far, hex. Nothing may be added afterwards. */
  async hex(): Promise<string> {
    const thread = this.#thread
    if (thread === null) {
      // Loaded here: most runs hash nothing, and it takes Node 2 ms.
      const { createHash } = await import('node:crypto')
      const hash = createHash('sha256')
      for (const block of this.#full) hash.update(block)
      return hash.update(this.#block.subarray(0, this.#used)).digest('hex')
    }
    post(thread, this.#block, this.#used)
    thread.post(null)
    for (;;) {
      const message = await thread.next()
      if (typeof message === 'string') return message
    }
  }

  close(): void {
    this.#thread?.close()
  }

  async #handOver(): Promise<void> {
    this.#full.push(this.#block)
    if (this.#full.length === WORTH_A_THREAD && this.#thread === null) {
      const { BlockThread } = await import('./block-thread.ts')
      this.#thread = new BlockThread('hash-worker.js')
    }
    const thread = this.#thread
    if (thread !== null) {
      for (const block of this.#full) post(thread, block, BLOCK_BYTES)
      this.#full = []
    }
    this.#block = await this.#emptyBlock()
    this.#used = 0
  }

  async #emptyBlock(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#thread !== null && this.#blocks === MOST_BLOCKS) {
      return (await this.#thread.next()) as Uint8Array<ArrayBuffer>
    }
    this.#blocks++
    return new Uint8Array(BLOCK_BYTES)
  }
}

function post(
  thread: BlockThread<ToHasher, FromHasher>,
  block: Uint8Array<ArrayBuffer>,
  count: number,
): void {
  thread.post({ block, count }, [block.buffer])
}
