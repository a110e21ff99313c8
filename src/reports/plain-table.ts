import { createRequire } from 'node:module'
import type { default as TableConstructor } from 'cli-table3'
import type { TextStyle } from './text-style.ts'
import { textWidth, wrap } from './text-width.ts'

export interface Column {
  title: string
  align: 'left' | 'right'
  /** The narrowest it may become, its texts broken between words, where the table is wider than the screen; absent: it keeps its width. */
  least?: number
}

const require = createRequire(import.meta.url)

const GAP = 2
const NOTHING = ''
const NO_BORDERS = {
  top: NOTHING,
  'top-mid': NOTHING,
  'top-left': NOTHING,
  'top-right': NOTHING,
  bottom: NOTHING,
  'bottom-mid': NOTHING,
  'bottom-left': NOTHING,
  'bottom-right': NOTHING,
  left: NOTHING,
  'left-mid': NOTHING,
  mid: NOTHING,
  'mid-mid': NOTHING,
  right: NOTHING,
  'right-mid': NOTHING,
  middle: NOTHING,
}

/** Whether a table of these rows keeps to `width` with no text cut. */
export function tableFits(columns: Column[], rows: string[][], width: number): boolean {
  const widths = fitWidths(columns, rows, width - GAP)
  return widths.reduce((sum, columnWidth) => sum + columnWidth + GAP, 0) <= width
}

/** A table without borders, indented by two, that keeps to `width` by narrowing the columns that may be narrowed. */
export function plainTable(
  columns: Column[],
  rows: string[][],
  width: number,
  style: TextStyle,
): string[] {
  const widths = fitWidths(columns, rows, width - GAP)
  // Required with the first table: many reports have none, and the package takes as long to load as all of this folder.
  const Table = require('cli-table3') as typeof TableConstructor
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
    head: columns.map((column) => column.title),
    colWidths: widths.map((columnWidth) => columnWidth + GAP),
    colAligns: columns.map((column) => column.align),
    truncate: style.ellipsis,
  })
  for (const row of rows) {
    table.push(row.map((text, i) => wrap(text, widths[i]!).join('\n')))
  }
  const [head, ...lines] = table.toString().split('\n')
  return [style.dim(`  ${head!.trimEnd()}`), ...lines.map((line) => `  ${line.trimEnd()}`)]
}

function fitWidths(columns: Column[], rows: string[][], width: number): number[] {
  const widths = columns.map((column, i) =>
    Math.max(textWidth(column.title), ...rows.map((row) => textWidth(row[i] ?? ''))),
  )
  let excess = widths.reduce((sum, columnWidth) => sum + columnWidth + GAP, 0) - GAP - width
  while (excess > 0) {
    let widest = -1
    columns.forEach(({ least }, i) => {
      const shrinkable = least !== undefined && widths[i]! > least
      if (shrinkable && (widest < 0 || widths[i]! > widths[widest]!)) widest = i
    })
    if (widest < 0) break
    widths[widest]!--
    excess--
  }
  return widths
}
