/** An IPv4 address as text. */
export function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`
}

/** An IPv6 address as text in the form of RFC 5952. */
export function ipv6Text(a: number, b: number, c: number, d: number): string {
  if (a === 0 && b === 0 && c === 0xffff) return `::ffff:${ipv4Text(d)}`
  const groups: number[] = []
  for (const word of [a, b, c, d]) groups.push(word >>> 16, word & 0xffff)
  let bestStart = -1
  let bestLength = 1
  for (let i = 0; i < 8; ) {
    let j = i
    while (j < 8 && groups[j] === 0) j++
    if (j - i > bestLength) {
      bestStart = i
      bestLength = j - i
    }
    i = j + 1
  }
  const hex = groups.map((g) => g.toString(16))
  if (bestStart < 0) return hex.join(':')
  return `${hex.slice(0, bestStart).join(':')}::${hex.slice(bestStart + bestLength).join(':')}`
}

/** The words of an address that one of the two functions above wrote: one of IPv4, four of IPv6. */
export function addressWords(text: string): Uint32Array {
  if (!text.includes(':')) return Uint32Array.of(ipv4Word(text))
  const [head, tail] = text.split('::') as [string, string | undefined]
  const last = tail?.includes('.') ? `ffff:${groupsOf(ipv4Word(tail.slice('ffff:'.length)))}` : tail
  const before = head === '' ? [] : head.split(':')
  const after = last === undefined || last === '' ? [] : last.split(':')
  const zeros = new Array(8 - before.length - after.length).fill('0')
  const groups = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16))
  return Uint32Array.from([0, 2, 4, 6], (at) => (groups[at]! << 16) | groups[at + 1]!)
}

function ipv4Word(text: string): number {
  let word = 0
  let byte = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code !== DOT) byte = byte * 10 + code - DIGIT_0
    else {
      word = (word << 8) | byte
      byte = 0
    }
  }
  return (word << 8) | byte
}

const DOT = 46
const DIGIT_0 = 48

function groupsOf(word: number): string {
  return `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`
}
