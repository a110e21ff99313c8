import { renameSync, rmSync } from 'node:fs'
import type { ParquetWriter, SchemaElement } from 'hyparquet-writer'
import type { Connection } from '../../model/report.ts'
import { type Cell, CONNECTION_COLUMNS, type ConnectionColumn } from './connection-columns.ts'
import { readPart } from './row-parts.ts'

/** Rows that stand in memory until they are written, some 50 MB of them; readers skip whole groups by their statistics. */
const GROUP_ROWS = 25_000
/** Texts of a column that are kept once. */
const MOST_KNOWN = 1000
/** Columns by which a reader may skip groups; for the others that would cost more than it saves. */
const WITH_STATISTICS = new Set([
  'sample',
  'started_at',
  'ended_at',
  'reset_at',
  'upstream_address',
])

/**
 * One row for each connection of all samples, as a Parquet file. Rows are written in groups, so that memory does not
 * grow with them; the same rows in the same order give the same bytes. The file has its name only when it is whole.
 */
export class ConnectionTable {
  /** Rows so far. */
  rows = 0
  private readonly path: string
  private readonly writer: ParquetWriter
  private columns: Cell[][] = emptyColumns()
  private filled = 0
  private readonly known = CONNECTION_COLUMNS.map(() => new Map<string, string>())

  private constructor(path: string, writer: ParquetWriter) {
    this.path = path
    this.writer = writer
  }

  /** Starts a file; rejects where it cannot be written. */
  static async open(path: string): Promise<ConnectionTable> {
    // Only a batch that asks for a table needs the package.
    const { fileWriter, ParquetWriter } = await import('hyparquet-writer')
    const writer = new ParquetWriter({
      writer: fileWriter(unfinished(path)),
      schema: SCHEMA,
      createdBy: 'rstscope',
    })
    return new ConnectionTable(path, writer)
  }

  add(sample: string, connection: Connection): void {
    this.addCells(CONNECTION_COLUMNS.map((column) => column.of(connection, sample)))
  }

  /** A row as `CONNECTION_COLUMNS` has it. True where it completed a group, which is then on disk. */
  addCells(cells: readonly Cell[]): boolean {
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!
      this.columns[i]![this.filled] = typeof cell === 'string' ? this.oneOf(i, cell) : cell
    }
    this.rows++
    this.filled++
    if (this.filled < GROUP_ROWS) return false
    this.writeGroup()
    return true
  }

  finish(): void {
    if (this.filled > 0) this.writeGroup()
    this.writer.finish()
    renameSync(unfinished(this.path), this.path)
  }

  /** Leaves nothing behind. */
  discard(): void {
    rmSync(unfinished(this.path), { force: true })
  }

  /** The same string for equal texts of a column that has few: rows read from a file have a copy each. */
  private oneOf(column: number, text: string): string {
    const known = this.known[column]!
    const first = known.get(text)
    if (first !== undefined) return first
    if (known.size < MOST_KNOWN) known.set(text, text)
    return text
  }

  private writeGroup(): void {
    const data = this.columns.map((column) => column.slice(0, this.filled))
    this.writer.write({
      columnData: CONNECTION_COLUMNS.map(({ name, type }, i) => ({
        name,
        statistics: WITH_STATISTICS.has(name),
        data: type === 'count' || type === 'time' ? data[i]!.map(asInteger) : data[i]!,
      })),
      rowGroupSize: GROUP_ROWS,
    })
    this.filled = 0
    for (const known of this.known) known.clear()
  }
}

/**
 * Makes one table of the rows that samples left, in the order of the parts. Tells how many rows there are. Rejects when
 * the signal aborts, and with RSTSCOPE_NOT_A_REPORT where a part is damaged; no file is left then.
 */
export async function joinParts(
  parts: Iterable<string>,
  path: string,
  signal?: AbortSignal,
): Promise<number> {
  const table = await ConnectionTable.open(path)
  try {
    for (const part of parts) {
      for (const cells of readPart(part)) {
        // Writing a group takes a while: signals are heard between two of them.
        if (table.addCells(cells)) await new Promise(setImmediate)
        signal?.throwIfAborted()
      }
    }
    table.finish()
  } catch (error) {
    table.discard()
    throw error
  }
  return table.rows
}

function unfinished(path: string): string {
  return `${path}.part`
}

function emptyColumns(): Cell[][] {
  return CONNECTION_COLUMNS.map(() => new Array<Cell>(GROUP_ROWS).fill(null))
}

function asInteger(cell: Cell): bigint | null {
  return cell === null ? null : BigInt(cell)
}

const SCHEMA: SchemaElement[] = [
  { name: 'connections', num_children: CONNECTION_COLUMNS.length },
  ...CONNECTION_COLUMNS.map(elementOf),
]

function elementOf({ name, type, nullable }: ConnectionColumn): SchemaElement {
  const element = { name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' } as const
  switch (type) {
    case 'text':
      return {
        ...element,
        type: 'BYTE_ARRAY',
        converted_type: 'UTF8',
        logical_type: { type: 'STRING' },
      }
    case 'small':
      return { ...element, type: 'INT32' }
    case 'count':
      return { ...element, type: 'INT64' }
    case 'number':
      return { ...element, type: 'DOUBLE' }
    case 'boolean':
      return { ...element, type: 'BOOLEAN' }
    case 'time':
      return {
        ...element,
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      }
  }
}
