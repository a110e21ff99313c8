import { escapeText } from '../text-escape.ts'

/** Text that is HTML already. Made by `html` only, so that no string of a report gets there unescaped. */
export interface Markup {
  readonly markup: string
}

/** What may stand in a template: strings and numbers are escaped, markup is not. */
export type Piece = string | number | Markup | null | readonly Piece[]

/** A single name or sentence longer than this is cut, and says so. */
const LONGEST_TEXT = 2000

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Harmless in element content and in quoted attributes: controls and bidi characters written out too. */
export function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** A text that is bounded elsewhere, with its line breaks. */
export function wholeLines(text: string): Markup {
  return { markup: text.split('\n').map(escapeHtml).join('\n') }
}

function shortened(text: string): string {
  if (text.length <= LONGEST_TEXT) return text
  // A pair of surrogates is not cut in two.
  const start = Array.from(text.slice(0, 2 * LONGEST_TEXT)).slice(0, LONGEST_TEXT)
  return `${start.join('')}… (shortened, ${text.length} characters in all)`
}

/** A template whose values are escaped. Attribute values stand in double quotes. */
export function html(strings: TemplateStringsArray, ...pieces: Piece[]): Markup {
  return {
    markup: strings.reduce((text, string, i) => `${text}${pieceText(pieces[i - 1]!)}${string}`),
  }
}

function pieceText(piece: Piece): string {
  if (piece === null) return ''
  if (typeof piece === 'string') return escapeHtml(shortened(piece))
  if (typeof piece === 'number') return String(piece)
  return isMarkup(piece) ? piece.markup : piece.map(pieceText).join('')
}

function isMarkup(piece: Markup | readonly Piece[]): piece is Markup {
  return 'markup' in piece
}

/** Our own constant text, such as the style sheet. Never for what a report holds. */
export function trusted(markup: string): Markup {
  return { markup }
}

/** A list of at most `most` items; says how many are left out. */
export function list(items: readonly Piece[], most: number, kind: 'ul' | 'ol' = 'ul'): Markup {
  const shown = items.slice(0, most).map((item) => html`<li>${item}</li>`)
  const left = items.length - shown.length
  if (left > 0) shown.push(html`<li class="muted">${left} more are not listed here</li>`)
  return kind === 'ol' ? html`<ol>${shown}</ol>` : html`<ul>${shown}</ul>`
}

export const NOTHING: Markup = { markup: '' }
