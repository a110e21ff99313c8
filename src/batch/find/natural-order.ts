const ZERO = 48
const NINE = 57

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

/**
 * Orders text with numbers in it by their value: x2 before x10. The same in every locale; 0 only for equal texts, since
 * x1 and x01 are told apart by their characters.
 */
export function compareNatural(a: string, b: string): number {
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(j)
    if (isDigit(x) && isDigit(y)) {
      const end = endOfDigits(a, i)
      const otherEnd = endOfDigits(b, j)
      const order = compareNumbers(
        a,
        startOfNumber(a, i, end),
        end,
        b,
        startOfNumber(b, j, otherEnd),
        otherEnd,
      )
      if (order !== 0) return order
      i = end
      j = otherEnd
    } else if (x !== y) {
      return x - y
    } else {
      i++
      j++
    }
  }
  const order = a.length - i - (b.length - j)
  return order !== 0 ? order : compareCharacters(a, b)
}

/** Orders lists of names, such as the folders of a path, one name after the other. */
export function comparePlaces(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = compareNatural(a[i]!, b[i]!)
    if (order !== 0) return order
  }
  return a.length - b.length
}

export function compareCharacters(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function endOfDigits(text: string, from: number): number {
  let end = from
  while (end < text.length && isDigit(text.charCodeAt(end))) end++
  return end
}

function startOfNumber(text: string, from: number, end: number): number {
  let start = from
  while (start < end - 1 && text.charCodeAt(start) === ZERO) start++
  return start
}

/** Digit by digit: a number in a name may be longer than any that can be computed with. */
function compareNumbers(
  a: string,
  start: number,
  end: number,
  b: string,
  otherStart: number,
  otherEnd: number,
): number {
  const byLength = end - start - (otherEnd - otherStart)
  if (byLength !== 0) return byLength
  for (let k = 0; k < end - start; k++) {
    const order = a.charCodeAt(start + k) - b.charCodeAt(otherStart + k)
    if (order !== 0) return order
  }
  return 0
}
