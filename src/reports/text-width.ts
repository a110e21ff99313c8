// Wide by Unicode East Asian Width (W and F), in ranges: enough to keep columns straight.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns that a text without colours takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue
    width += WIDE.test(character) ? 2 : 1
  }
  return width
}

/** The text followed by spaces up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

/** The text cut to `width` columns, `mark` last where something was cut. */
export function truncate(text: string, width: number, mark: string): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let used = textWidth(mark)
  for (const character of text) {
    used += textWidth(character)
    if (used > width) break
    kept += character
  }
  return kept.trimEnd() + mark
}

/** Lines of at most `width` columns, broken at spaces; a word that is longer stands alone, uncut, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of unbrokenWords(text)) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(line.trimEnd())
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  lines.push(line)
  return lines
}

const OPENING = /(?:^|[=(])(['"])/
/** A quotation of more words than this may be broken. */
const MOST_QUOTED = 40

/** Words between spaces. A text in quotes is one word: a command with a line break inside its quotes is another command. */
function unbrokenWords(text: string): string[] {
  const pieces = text.split(' ')
  const words: string[] = []
  for (let i = 0; i < pieces.length; i++) {
    const last = closingPiece(pieces, i)
    words.push(last === i ? pieces[i]! : pieces.slice(i, last + 1).join(' '))
    i = last
  }
  return words
}

function closingPiece(pieces: string[], first: number): number {
  const opening = OPENING.exec(pieces[first]!)
  if (opening === null) return first
  const quote = opening[1]!
  const rest = pieces[first]!.slice(opening.index + opening[0].length)
  if (rest.includes(quote)) return first
  for (let i = first + 1; i < pieces.length && i <= first + MOST_QUOTED; i++) {
    if (pieces[i]!.includes(quote)) return i
  }
  return first
}
