/** A bounded string of bytes[start, end): what is not printable ASCII becomes a dot, as in a hex dump. */
export function printable(bytes: Uint8Array, start: number, end: number, limit: number): string {
  const stop = Math.min(end, start + limit)
  let text = ''
  for (let at = start; at < stop; at++) {
    const byte = bytes[at]!
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
  }
  return text
}

/** `printable`, but the string that is held already is kept when it says the same: repeated heads allocate nothing. */
export function printableOrSame(
  held: string | null,
  bytes: Uint8Array,
  start: number,
  end: number,
  limit: number,
): string {
  const length = Math.min(end - start, limit)
  if (held === null || held.length !== length) return printable(bytes, start, end, limit)
  for (let index = 0; index < length; index++) {
    if (bytes[start + index] !== held.charCodeAt(index)) return printable(bytes, start, end, limit)
  }
  return held
}
