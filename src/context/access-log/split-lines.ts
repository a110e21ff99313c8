/** Longest line that is read; longer ones are skipped and counted. Bytes. */
export const MOST_LINE_BYTES = 2 ** 20

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** Cuts chunks of bytes into lines, each as a text of its own that holds on to nothing else. */
export class LineSplitter {
  /** Of the last line that was handed out, 1-based; blank ones count. */
  number = 0
  /** Lines that were too long, and the first of them. */
  tooLong = 0
  firstTooLong = 0
  private readonly decoder = new TextDecoder()
  private wide: InstanceType<typeof TextDecoder> | null = null
  private hasBegun = false
  private rest: Uint8Array = new Uint8Array(0)
  private isSkipping = false

  /** Calls back for each line that the chunk completes, without its line end; blank ones are left out. */
  push(chunk: Uint8Array, onLine: (text: string, number: number) => void): void {
    const bytes = this.begun(chunk)
    let start = 0
    for (;;) {
      const end = bytes.indexOf(LINE_FEED, start)
      if (end < 0) break
      this.line(bytes.subarray(start, end), onLine)
      start = end + 1
    }
    this.keep(bytes.subarray(start))
  }

  /** The last line of a file may lack its end. */
  end(onLine: (text: string, number: number) => void): void {
    if (this.rest.length > 0 || this.isSkipping) this.line(new Uint8Array(0), onLine)
  }

  /** UTF-16 (a redirection in PowerShell) is told by its byte-order mark; the mark of UTF-8 is left out. */
  private begun(chunk: Uint8Array): Uint8Array {
    let bytes = chunk
    if (!this.hasBegun && chunk.length > 0) {
      this.hasBegun = true
      const [a, b, c] = chunk
      if (a === 0xff && b === 0xfe) this.wide = new TextDecoder('utf-16le')
      else if (a === 0xef && b === 0xbb && c === 0xbf) bytes = chunk.subarray(3)
    }
    if (this.wide === null) return bytes
    return new TextEncoder().encode(this.wide.decode(bytes, { stream: true }))
  }

  private line(tail: Uint8Array, onLine: (text: string, number: number) => void): void {
    this.number++
    const length = this.rest.length + tail.length
    const isTooLong = this.isSkipping || length > MOST_LINE_BYTES
    const bytes = this.rest.length === 0 || isTooLong ? tail : joined(this.rest, tail)
    this.rest = new Uint8Array(0)
    this.isSkipping = false
    if (isTooLong) {
      if (this.tooLong++ === 0) this.firstTooLong = this.number
      return
    }
    const end = bytes[bytes.length - 1] === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
    const text = this.decoder.decode(bytes.subarray(0, end))
    if (text.trim() !== '') onLine(text, this.number)
  }

  private keep(bytes: Uint8Array): void {
    if (this.isSkipping || bytes.length === 0) return
    if (this.rest.length + bytes.length > MOST_LINE_BYTES) {
      this.isSkipping = true
      this.rest = new Uint8Array(0)
    } else {
      this.rest = joined(this.rest, bytes)
    }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
