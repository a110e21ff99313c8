/** What the surroundings allow. Decided by the caller; a rendering never sniffs. */
export interface TextOptions {
  /** Columns, at least 60. */
  width: number
  color: boolean
  ascii: boolean
}

type Paint = (text: string) => string

/** Colours and line-drawing characters for one rendering. */
export interface TextStyle {
  bold: Paint
  dim: Paint
  red: Paint
  yellow: Paint
  green: Paint
  cyan: Paint
  line: string
  doubleLine: string
  dashed: string
  bar: string
  foldedBar: string
  right: string
  left: string
  lost: string
  cross: string
  bullet: string
  ellipsis: string
}

const UTF_8 = {
  line: '─',
  doubleLine: '═',
  dashed: '┄',
  bar: '│',
  foldedBar: '┆',
  right: '▶',
  left: '◀',
  lost: '╳',
  cross: '┼',
  bullet: '•',
  ellipsis: '…',
}

const ASCII = {
  line: '-',
  doubleLine: '=',
  dashed: '.',
  bar: '|',
  foldedBar: ':',
  right: '>',
  left: '<',
  lost: 'x',
  cross: '+',
  bullet: '*',
  ellipsis: '...',
}

function sgr(open: number, close: number): Paint {
  return (text) => (text === '' ? text : `\x1b[${open}m${text}\x1b[${close}m`)
}

/** The style for these options. Colour repeats what words and shapes already say. */
export function textStyle(options: TextOptions): TextStyle {
  const plain: Paint = (text) => text
  const paint = (open: number, close: number): Paint => (options.color ? sgr(open, close) : plain)
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    yellow: paint(33, 39),
    green: paint(32, 39),
    cyan: paint(36, 39),
    ...(options.ascii ? ASCII : UTF_8),
  }
}
