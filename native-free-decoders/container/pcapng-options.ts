/** The part of the platform's TextDecoder that is used here; this folder is compiled without platform types. */
declare class TextDecoder {
  constructor(label: string)
  decode(bytes: Uint8Array): string
}

/** Option code that ends a list of options (draft-ietf-opsawg-pcapng, section 3.5). */
const END_OF_OPTIONS = 0
const OPTION_HEADER_BYTES = 4

/** Walks the options of a block. Reused for every list, so that walking allocates nothing. */
export class PcapngOptionCursor {
  code = 0
  /** Index of the value's first byte. */
  start = 0
  /** Length of the value without its padding. */
  length = 0
  #view: DataView = new DataView(new ArrayBuffer(0))
  #next = 0
  #end = 0
  #isLittleEndian = true

  begin(view: DataView, at: number, end: number, isLittleEndian: boolean): void {
    this.#view = view
    this.#next = at
    this.#end = end
    this.#isLittleEndian = isLittleEndian
  }

  /** Goes to the next option; false at the end of the list, or where an option does not fit its block. */
  advance(): boolean {
    if (this.#end - this.#next < OPTION_HEADER_BYTES) return false
    this.code = this.#view.getUint16(this.#next, this.#isLittleEndian)
    this.length = this.#view.getUint16(this.#next + 2, this.#isLittleEndian)
    this.start = this.#next + OPTION_HEADER_BYTES
    if (this.code === END_OF_OPTIONS || this.length > this.#end - this.start) return false
    this.#next = this.start + ((this.length + 3) & ~3)
    return true
  }
}

/** A 64-bit counter as a number, or null when it is all ones (not known). Beyond 2⁵³ it is only near. */
export function readCounter(view: DataView, at: number, isLittleEndian: boolean): number | null {
  const high = view.getUint32(isLittleEndian ? at + 4 : at, isLittleEndian)
  const low = view.getUint32(isLittleEndian ? at : at + 4, isLittleEndian)
  if (high === 0xffffffff && low === 0xffffffff) return null
  return high * 0x1_0000_0000 + low
}

/** A UTF-8 option value, at most `maxBytes` of it, without control characters (a file must not steer a terminal). */
export function readText(
  bytes: Uint8Array,
  start: number,
  length: number,
  maxBytes: number,
): string {
  const text = new TextDecoder('utf-8').decode(
    bytes.subarray(start, start + Math.min(length, maxBytes)),
  )
  return text.replace(/\0+$/, '').replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
}
