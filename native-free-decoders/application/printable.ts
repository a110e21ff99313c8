/** A bounded string of bytes[start, end): what is not printable ASCII becomes a dot, as in a hex dump. */
export function printable(bytes: Uint8Array, start: number, end: number, limit: number): string {
  const stop = Math.min(end, start + limit)
  let text = ''
  let at = start
  // Eight at a time: a string that grows byte by byte is a long chain of small ones.
  for (; at + 8 <= stop; at += 8) {
    text += String.fromCharCode(
      printableByte(bytes[at]!),
      printableByte(bytes[at + 1]!),
      printableByte(bytes[at + 2]!),
      printableByte(bytes[at + 3]!),
      printableByte(bytes[at + 4]!),
      printableByte(bytes[at + 5]!),
      printableByte(bytes[at + 6]!),
      printableByte(bytes[at + 7]!),
    )
  }
  for (; at < stop; at++) text += String.fromCharCode(printableByte(bytes[at]!))
  return text
}

function printableByte(byte: number): number {
  return byte >= 0x20 && byte < 0x7f ? byte : DOT
}

const DOT = 0x2e
const NOTHING = new Uint8Array(0)
/** Not larger than what V8 keeps beside the object; most texts fit. */
const SMALLEST = 64

/**
 * A bounded text that is said again and again: it is held as printable bytes, and made a string only when it is asked
 * for. The memory, and the string, are used again where the same is said, also by another connection.
 */
export class HeldText {
  isSet = false
  /** Of the text that was set last. */
  length = 0
  /** Valid up to `length`. */
  bytes: Uint8Array = NOTHING
  private readonly limit: number
  /** The same as a string; null until it is asked for. */
  private string: string | null = null

  constructor(limit: number) {
    this.limit = limit
  }

  clear(): void {
    this.isSet = false
  }

  set(bytes: Uint8Array, start: number, end: number): void {
    const length = Math.min(end - start, this.limit)
    if (this.bytes.length < length) {
      this.bytes = new Uint8Array(length <= SMALLEST ? SMALLEST : this.limit)
    }
    const held = this.bytes
    let isSame = length === this.length
    for (let index = 0; index < length; index++) {
      const byte = printableByte(bytes[start + index]!)
      if (held[index] === byte) continue
      held[index] = byte
      isSame = false
    }
    if (!isSame) this.string = null
    this.length = length
    this.isSet = true
  }

  /** Whether this is the text. */
  is(text: string): boolean {
    return this.isSet && this.length === text.length && this.text === text
  }

  get text(): string | null {
    if (!this.isSet) return null
    this.string ??= printable(this.bytes, 0, this.length, this.limit)
    return this.string
  }
}
