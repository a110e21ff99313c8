import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { RstscopeError } from '../../errors.ts'
import type { Connection } from '../../model/report.ts'
import { readLines } from '../read-rows.ts'
import { type Cell, CONNECTION_COLUMNS, type ColumnType } from './connection-columns.ts'

/**
 * The rows of one sample's connections on their way to the table of all: a line that names columns and sample, a line
 * of cells for each connection, and a line with their number, without which the file is cut off.
 */
const PARTS_SCHEMA = 'rstscope.connection-rows/1'
const CHUNK_CHARACTERS = 1 << 18

/** Writes the rows of a sample; tells how many. The file has its name only when it is whole. */
export function writeRows(path: string, sample: string, connections: Iterable<Connection>): number {
  const unfinished = `${path}.part`
  const file = openSync(unfinished, 'w')
  let isOpen = true
  try {
    let count = 0
    let pending = `${JSON.stringify(headOf(sample))}\n`
    for (const connection of connections) {
      pending += `${JSON.stringify(CONNECTION_COLUMNS.map((column) => column.of(connection, sample)))}\n`
      count++
      if (pending.length >= CHUNK_CHARACTERS) {
        writeAll(file, pending)
        pending = ''
      }
    }
    writeAll(file, `${pending}${JSON.stringify({ rows: count })}\n`)
    closeSync(file)
    isOpen = false
    renameSync(unfinished, path)
    return count
  } catch (error) {
    if (isOpen) closeSync(file)
    rmSync(unfinished, { force: true })
    throw error
  }
}

function headOf(sample: string): object {
  return { schema: PARTS_SCHEMA, sample, columns: CONNECTION_COLUMNS.map(({ name }) => name) }
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
}

const IS: Record<ColumnType, (cell: unknown) => boolean> = {
  text: (cell) => typeof cell === 'string',
  boolean: (cell) => typeof cell === 'boolean',
  number: (cell) => typeof cell === 'number',
  small: (cell) => Number.isInteger(cell) && (cell as number) >= 0 && (cell as number) < 2 ** 31,
  count: (cell) => Number.isSafeInteger(cell) && (cell as number) >= 0,
  time: Number.isSafeInteger,
}

/** The rows of such a file, each checked. Throws RSTSCOPE_NOT_A_REPORT with the number of a line that is none. */
export function* readPart(path: string): Iterable<Cell[]> {
  let number = 0
  let rows = 0
  let isWhole = false
  let columns = ''
  for (const line of readLines(path)) {
    number++
    const value = parsed(line)
    if (number === 1) {
      const { schema, columns: names } = (value ?? {}) as { schema?: unknown; columns?: unknown }
      columns = JSON.stringify(CONNECTION_COLUMNS.map(({ name }) => name))
      if (schema !== PARTS_SCHEMA || JSON.stringify(names) !== columns) {
        throw notRows(path, number, 'it was written by another version, or is none at all')
      }
    } else if (isWhole) {
      throw notRows(path, number, 'there is more after its end')
    } else if (Array.isArray(value)) {
      checkCells(value, path, number)
      rows++
      yield value as Cell[]
    } else if ((value as { rows?: unknown } | undefined)?.rows === rows) {
      isWhole = true
    } else {
      throw notRows(path, number, 'no row')
    }
  }
  if (!isWhole) throw notRows(path, number, 'it is cut off')
}

function checkCells(cells: unknown[], path: string, number: number): void {
  if (cells.length !== CONNECTION_COLUMNS.length) {
    throw notRows(path, number, `${cells.length} cells, not ${CONNECTION_COLUMNS.length}`)
  }
  CONNECTION_COLUMNS.forEach(({ name, type, nullable }, i) => {
    const cell = cells[i]
    if (cell === null ? nullable : IS[type](cell)) return
    throw notRows(path, number, `${name} is no ${type}`)
  })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function notRows(path: string, line: number, what: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_NOT_A_REPORT',
    `${path}:${line}: no rows of connections: ${what}`,
    'run the batch again without --resume: it writes them anew',
  )
}
