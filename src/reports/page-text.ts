import { asciiText } from './text-escape.ts'
import { type TextOptions, type TextStyle, textStyle } from './text-style.ts'
import { wrap } from './text-width.ts'

/** Columns by which a section stands to the right of its heading. */
const INDENT = 2

/**
 * A page of `docs/findings` for a terminal. Of Markdown it knows what those pages are written in: headings, paragraphs
 * and list items of one line each, fenced commands; in them code, emphasis and links.
 */
export function pageText(markdown: string, options: TextOptions): string {
  const style = textStyle(options)
  const lines: string[] = []
  let fenced = false
  for (const line of markdown.trim().split('\n')) {
    if (line.startsWith('```')) fenced = !fenced
    else if (fenced) lines.push(commandLine(line, style))
    else lines.push(...blockLines(line, options.width, style))
  }
  const text = `${lines.join('\n')}\n`
  return options.ascii ? asciiText(text) : text
}

/** Commands are never broken, so that they can be copied. */
function commandLine(line: string, style: TextStyle): string {
  return line === '' ? '' : ' '.repeat(2 * INDENT) + style.cyan(line)
}

function blockLines(line: string, width: number, style: TextStyle): string[] {
  if (line === '') return ['']
  const heading = /^#+ (.*)$/.exec(line)
  if (heading) return wrap(plainText(heading[1]!), width).map(style.bold)
  const item = /^- (.*)$/.exec(line)
  return item
    ? hanging(`${style.bullet} `, plainText(item[1]!), width)
    : hanging('', plainText(line), width)
}

function hanging(mark: string, text: string, width: number): string[] {
  const indent = ' '.repeat(INDENT)
  return wrap(text, width - INDENT - mark.length).map(
    (line, i) => indent + (i === 0 ? mark : ' '.repeat(mark.length)) + line.replaceAll(HELD, ' '),
  )
}

/** Stands for a space at which a line must not end: the no-break space. */
const HELD = '\u00a0'

/**
 * Links as their text, emphasis as plain words. Code keeps its backticks, which tell where a name begins and ends, and is
 * not broken.
 */
function plainText(line: string): string {
  return line
    .split(/(`[^`]*`)/)
    .map((piece) =>
      piece.startsWith('`') ? piece.replaceAll(' ', HELD) : piece.replace(EMPHASIS, '$1'),
    )
    .join('')
    .replace(/\[([^\][]*)\]\([^()\s]*\)/g, '$1')
}

const EMPHASIS = /\*\*?([^*]+)\*\*?/g
