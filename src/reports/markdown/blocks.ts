import { fencedText, inlineHtml } from './inline.ts'

/** A part of the page that is kept or left out as a whole. */
export interface Block {
  /** What it is, for the sentence that says what was left out. */
  name: string
  text: string
  /** What is left out first has the highest number; 0 always stays. */
  rank: number
}

/** Rows of cells, each cell already inline Markdown. */
export function table(header: string[], rows: string[][], right: number[] = []): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  const rule = header.map((_, i) => (right.includes(i) ? '---:' : '---'))
  return [line(header), `|${rule.join('|')}|`, ...rows.map(line)].join('\n')
}

/** The first few of a list, and how many more there are. */
export function firstOf(items: string[], most: number): string[] {
  const more = items.length - most
  return more > 0 ? [...items.slice(0, most), `${more} more`] : items
}

export function bullets(items: string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

export function numbered(items: string[]): string {
  return items.map((item, i) => `${i + 1}. ${item}`).join('\n')
}

/** Lines as they are. No line can end the block: they hold no backtick. */
export function fenced(lines: string[], language = 'text'): string {
  return ['```'.concat(language), ...lines.map(fencedText), '```'].join('\n')
}

/** Folded away under a summary; blank lines make the content Markdown again. */
export function details(summary: string, content: string): string {
  return `<details><summary>${inlineHtml(summary)}</summary>\n\n${content}\n\n</details>`
}

/**
 * The blocks within so many characters, in their order: what is least needed is left out as a whole, and a sentence
 * says what.
 */
export function withinBudget(blocks: Block[], most: number): string {
  const kept = [...blocks]
  const left = new Map<string, number>()
  const notice = () => {
    if (left.size === 0) return []
    const names = [...left].map(([name, times]) => (times > 1 ? `${name} (${times})` : name))
    return [
      `*Cut to ${most} characters; left out: ${names.join(', ')}. The JSON report has all of it.*`,
    ]
  }
  const page = () => `${[...kept.map(({ text }) => text), ...notice()].join('\n\n')}\n`
  for (;;) {
    const text = page()
    if (text.length <= most) return text
    const rank = Math.max(...kept.map((block) => block.rank))
    if (rank === 0) return text
    const at = kept.findLastIndex((block) => block.rank === rank)
    const [{ name }] = kept.splice(at, 1) as [Block]
    left.set(name, (left.get(name) ?? 0) + 1)
  }
}
