/** By how much the one's-complement sum of a range grew, as a number from 0 to 0xffff (RFC 1071, RFC 1624). */
export function difference(before: DataView, after: DataView, from: number, to: number): number {
  const end = Math.min(to, after.byteLength)
  return folded(sum(after, from, end) + (0xffff - folded(sum(before, from, end))))
}

/** A checksum field after what it covers grew by `change`. */
export function adjusted(field: number, change: number): number {
  // RFC 1624 §3: HC' = ~(~HC + ~m + m'). Both zeros of one's complement mean the same; a change of nothing changes nothing.
  const grown = folded(change)
  return grown === 0 || grown === 0xffff ? field : ~folded((~field & 0xffff) + grown) & 0xffff
}

function sum(view: DataView, from: number, end: number): number {
  let total = 0
  for (let at = from; at + 2 <= end; at += 2) total += view.getUint16(at)
  return (end - from) % 2 === 1 ? total + (view.getUint8(end - 1) << 8) : total
}

function folded(total: number): number {
  let left = total
  while (left > 0xffff) left = (left & 0xffff) + Math.floor(left / 0x1_0000)
  return left
}
