import { escapeText } from '../text-escape.ts'

/**
 * Names in a report come from the wire, from logs and from file names. Outside of code stand words only: letters,
 * digits and the punctuation of a sentence. Everything else (addresses, paths, `#38`, `@name`, links, tags) stands in
 * code, where no platform makes a link, a mention, a reference or an element of it.
 */

/** Longer texts are cut: no field of a report is longer unless somebody made it so. */
const MOST_CHARACTERS = 2000

// A word with the punctuation around it: `(keepalive-race).`, `4.140`, `client's`.
const LEADING = /^[("“‘]{0,3}/
const TRAILING = /[)."”’',;:!?…]{0,4}$/
const WORD =
  /^(?:[\p{L}\p{M}]+(?:[-'’+][\p{L}\p{M}]+){0,9}|[≈±≥≤×]?\p{Nd}+(?:[.:]\p{Nd}+)?%?|[≈±])$/u
// What no platform gives a meaning to between two words.
const SIGN = /^[→←↔≈±=–—×·+-]$/u
/** As the first word it would begin a list. */
const BEGINS_LIST = /^\p{Nd}+[.)]/u

/** The text safe to stand in inline Markdown, a table cell included. */
export function inline(text: string): string {
  return words(text, code)
}

/** The same for a line of HTML, where Markdown is not read. */
export function inlineHtml(text: string): string {
  return words(text, (word) => `<code>${escapeHtml(word)}</code>`)
}

/** A text as code: nothing in it means anything, and none of it ends the code. */
export function code(text: string): string {
  // A table bar would end the cell, in code too.
  return `\`${fencedText(text).replaceAll('|', '\\x7c')}\``
}

/** What may stand in a line of a fenced block: no control or bidi character and no backtick. */
export function fencedText(text: string): string {
  return clean(text).replaceAll('`', '\\x60')
}

function words(text: string, asCode: (word: string) => string): string {
  const parts = clean(text).split(/\s+/).filter(Boolean)
  return parts.map((word, i) => oneWord(word, i === 0, asCode)).join(' ')
}

function oneWord(word: string, isFirst: boolean, asCode: (word: string) => string): string {
  if (isFirst && (SIGN.test(word) || BEGINS_LIST.test(word))) return asCode(word)
  if (SIGN.test(word)) return word
  const before = LEADING.exec(word)![0]
  const after = TRAILING.exec(word.slice(before.length))![0]
  const middle = word.slice(before.length, word.length - after.length)
  const shown = middle === '' || isPlain(middle) ? middle : asCode(middle)
  return `${before}${shown}${after}`
}

// `a/b` and `GH-12` may name a repository and an issue; a long hexadecimal word may name a commit.
function isPlain(word: string): boolean {
  return WORD.test(word) && !/^[\da-f]{7,}$/i.test(word)
}

function clean(text: string): string {
  const harmless = escapeText(text)
  if (harmless.length <= MOST_CHARACTERS) return harmless
  const kept = harmless.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, '')
  return `${kept}… (${harmless.length - kept.length} more characters)`
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('`', '&#96;')
}
