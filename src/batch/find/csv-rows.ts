/** One row of a CSV text: its fields, and the line on which it begins. */
export interface CsvRow {
  line: number
  fields: string[]
}

/** What is wrong with a CSV text, and on which line. */
export class CsvError extends Error {
  readonly line: number

  constructor(message: string, line: number) {
    super(message)
    this.line = line
  }
}

/** The rows of a CSV text (RFC 4180; line ends of any kind). Empty lines are left out. Throws a `CsvError`. */
export function* csvRows(text: string): Iterable<CsvRow> {
  let line = 1
  let at = 0
  while (at < text.length) {
    const row: CsvRow = { line, fields: [] }
    for (;;) {
      const field = text[at] === '"' ? quoted(text, at, line) : plain(text, at)
      row.fields.push(field.value)
      at = field.end
      line += field.lines
      if (text[at] !== ',') break
      at++
    }
    if (at < text.length) {
      at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1
      line++
    }
    if (row.fields.length > 1 || row.fields[0] !== '') yield row
  }
}

interface Field {
  value: string
  end: number
  /** Line ends within it. */
  lines: number
}

function plain(text: string, at: number): Field {
  let end = at
  while (end < text.length && !',\r\n'.includes(text[end]!)) end++
  return { value: text.slice(at, end), end, lines: 0 }
}

function quoted(text: string, at: number, line: number): Field {
  const parts: string[] = []
  let start = at + 1
  for (;;) {
    const end = text.indexOf('"', start)
    if (end < 0) throw new CsvError('a quoted field does not end', line)
    parts.push(text.slice(start, end))
    if (text[end + 1] !== '"') {
      const value = parts.join('"')
      const after = text[end + 1]
      if (after !== undefined && !',\r\n'.includes(after)) {
        throw new CsvError('characters follow the closing quote of a field', line)
      }
      return { value, end: end + 1, lines: value.match(/\r\n|\r|\n/g)?.length ?? 0 }
    }
    start = end + 2
  }
}
