import type { ByteSource } from './byte-source.ts'

/** Large enough that reading costs little, small enough to stay in the processor's cache. */
const WINDOW_BYTES = 512 * 1024

/**
 * The reused buffer through which a file passes. `bytes[start … end)` is what was read and not consumed yet; `fill`
 * moves it to the front and reads behind it. The buffer doubles when it is full of one unfinished item, so it never
 * holds more than twice what the file really contains.
 */
export class ByteWindow {
  bytes: Uint8Array
  view: DataView
  start = 0
  end = 0
  hasEnded = false
  readonly #source: ByteSource

  constructor(source: ByteSource) {
    this.#source = source
    this.bytes = new Uint8Array(WINDOW_BYTES)
    this.view = new DataView(this.bytes.buffer)
  }

  get length(): number {
    return this.end - this.start
  }

  /** Reads once. The promise or value is false when the source has ended. */
  fill(): boolean | Promise<boolean> {
    if (this.hasEnded) return false
    this.#makeRoom()
    const count = this.#source.read(this.bytes, this.end, this.bytes.length)
    return typeof count === 'number' ? this.#advance(count) : this.#later(count)
  }

  /** Reads until so many bytes are in view, or the source ends. */
  async atLeast(count: number): Promise<boolean> {
    while (this.length < count) {
      if (!(await this.fill())) return false
    }
    return true
  }

  async #later(count: Promise<number>): Promise<boolean> {
    return this.#advance(await count)
  }

  #advance(count: number): boolean {
    this.end += count
    this.hasEnded = count === 0
    return count > 0
  }

  #makeRoom(): void {
    if (this.start > 0) {
      this.bytes.copyWithin(0, this.start, this.end)
      this.end -= this.start
      this.start = 0
    }
    if (this.end < this.bytes.length) return
    const larger = new Uint8Array(this.bytes.length * 2)
    larger.set(this.bytes)
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}
