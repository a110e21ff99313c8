const NOTHING = new Uint8Array(0)
/** Not larger than what V8 keeps beside the object; most of what is held fits. */
const SMALLEST = 64
/** What is larger is let go of with its content: a connection that is quiet keeps little. */
const LARGEST_KEPT = 256

/** The first bytes of something that comes in pieces, up to a limit. Its memory is used again. */
export class HeldBytes {
  /** As many as came; those beyond the limit are counted only. */
  length = 0
  /** Valid up to `kept`. */
  bytes: Uint8Array = NOTHING
  private readonly limit: number

  constructor(limit: number) {
    this.limit = limit
  }

  get kept(): number {
    return Math.min(this.length, this.limit)
  }

  clear(): void {
    this.length = 0
    if (this.bytes.length > LARGEST_KEPT) this.bytes = NOTHING
  }

  append(bytes: Uint8Array, start: number, end: number): void {
    const from = this.length
    this.length += end - start
    const wanted = this.kept
    if (wanted <= from) return
    if (this.bytes.length < wanted) {
      const larger = new Uint8Array(Math.min(this.limit, Math.max(wanted, 2 * from, SMALLEST)))
      larger.set(this.bytes.subarray(0, from))
      this.bytes = larger
    }
    const held = this.bytes
    for (let at = from; at < wanted; at++) held[at] = bytes[start + at - from]!
  }
}
