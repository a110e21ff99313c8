/** A 32-bit hash of a text: tells apart what a capture holds, and is no secret. */
export function textHash(text: string): number {
  let h = text.length
  for (let at = 0; at < text.length; at++) h = mixed(h, text.charCodeAt(at))
  return finished(h)
}

/** `textHash` of the text whose characters are the first bytes. */
export function textBytesHash(bytes: Uint8Array, length: number): number {
  let h = length
  for (let at = 0; at < length; at++) h = mixed(h, bytes[at]!)
  return finished(h)
}

function mixed(hash: number, unit: number): number {
  const h = Math.imul(hash ^ unit, 0x85ebca6b)
  return h ^ (h >>> 15)
}

function finished(hash: number): number {
  const h = Math.imul(hash, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A 53-bit hash of bytes[start, end), never 0: among a million texts two alike are not to be expected. */
export function bytesHash(bytes: Uint8Array, start: number, end: number): number {
  let a = 0x9e3779b9 ^ (end - start)
  let b = 0x7f4a7c15
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    a = Math.imul(a ^ byte, 0x85ebca77)
    b = Math.imul(b ^ byte, 0xc2b2ae3d)
    a ^= a >>> 15
    b ^= b >>> 13
  }
  a = Math.imul(a ^ (b >>> 16), 0x27d4eb2f)
  b = Math.imul(b ^ (a >>> 15), 0x165667b1)
  return ((b ^ (b >>> 14)) & 0x1fffff) * 2 ** 32 + ((a ^ (a >>> 16)) >>> 0) || 1
}
