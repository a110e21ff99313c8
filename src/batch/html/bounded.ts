import { html, type Markup } from '../../reports/html/markup.ts'

/** Longest name or reason on the page; one that is cut says so. */
const MOST_CHARACTERS = 240

/** As many of these as stay within so many bytes, and how many are left out. */
export function within(items: Iterable<Markup>, bytes: number): { shown: Markup[]; left: number } {
  const encoder = new TextEncoder()
  const shown: Markup[] = []
  let left = 0
  let room = bytes
  for (const item of items) {
    if (left === 0) room -= encoder.encode(item.markup).length
    if (room < 0) left++
    else shown.push(item)
  }
  return { shown, left }
}

/** The text, or its beginning and its length where it is too long. */
export function short(text: string): string {
  if (text.length <= MOST_CHARACTERS) return text
  return `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`
}

/** A list within so many bytes; says how many are left out. */
export function boundedList(items: readonly Markup[], bytes: number, all = 0): Markup {
  const { shown, left } = within(
    items.map((item) => html`<li>${item}</li>`),
    bytes,
  )
  const more = left + Math.max(0, all - shown.length - left)
  return html`<ul>${shown}${more > 0 ? html`<li class="muted">${more} more are not listed here</li>` : null}</ul>`
}

/** A table that can be scrolled by keyboard where it is too wide. */
export function table(
  name: string,
  columns: readonly [title: string, numeric: boolean][],
  bodies: Markup,
  id: string | null = null,
): Markup {
  const heads = columns.map(
    ([title, numeric]) => html`<th scope="col"${numeric ? html` class="n"` : null}>${title}</th>`,
  )
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table${id === null ? null : html` id="${id}"`}><caption>${name}</caption><thead><tr>${heads}</tr></thead>
${bodies}
</table></div>`
}
