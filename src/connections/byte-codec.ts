/** Writes numbers and strings into bytes that are large enough. */
export class ByteWriter {
  private bytes: Uint8Array = new Uint8Array(0)
  at = 0

  start(bytes: Uint8Array, at: number): void {
    this.bytes = bytes
    this.at = at
  }

  /** A whole number from 0 to 2⁵³: seven bits a byte, the lowest first (LEB128). */
  number(value: number): void {
    let large = value
    while (large > 0x7fffffff) {
      this.bytes[this.at++] = (large % 0x80) | 0x80
      large = Math.floor(large / 0x80)
    }
    let rest = large | 0
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>= 7
    }
    this.bytes[this.at++] = rest
  }

  /** UTF-16 code units, a byte each where all of them fit. */
  text(text: string): void {
    let wide = false
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) wide = true
    this.number(text.length * 2 + (wide ? 1 : 0))
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      this.bytes[this.at++] = unit
      if (wide) this.bytes[this.at++] = unit >>> 8
    }
  }

  double(value: number): void {
    new DataView(this.bytes.buffer, this.bytes.byteOffset).setFloat64(this.at, value)
    this.at += 8
  }
}

/** Reads what a `ByteWriter` wrote. */
export class ByteReader {
  private bytes: Uint8Array
  private at: number

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes
    this.at = at
  }

  number(): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  text(): string {
    const head = this.number()
    const wide = (head & 1) === 1
    let text = ''
    for (let left = Math.floor(head / 2); left > 0; left--) {
      let unit = this.bytes[this.at++]!
      if (wide) unit |= this.bytes[this.at++]! << 8
      text += String.fromCharCode(unit)
    }
    return text
  }

  double(): number {
    const value = new DataView(this.bytes.buffer, this.bytes.byteOffset).getFloat64(this.at)
    this.at += 8
    return value
  }
}
