import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { RstscopeError } from '../errors.ts'
import { escapeJson } from '../reports/text-escape.ts'
import { parseRow } from './row-check.ts'
import type { SampleRow } from './sample-row.ts'

const READ_BYTES = 1 << 20
/** A longer line is none of ours. */
const MOST_ROW_BYTES = 64 << 20
const LINE_END = 10

interface Place {
  offset: number
  bytes: number
}

/**
 * Rows on disk, appended as samples finish and read in any order: a run of many thousand samples holds one of them at a
 * time. What stands after the last line end, of a run that was killed, is written over.
 */
export class RowFile {
  private readonly file: number
  /** Where the newest row of a sample is. */
  private readonly places = new Map<string, Place>()
  private size = 0

  /** Opens a file with the rows that it holds, or starts it anew. */
  constructor(path: string, options: { keep: boolean }) {
    const { O_RDWR, O_CREAT, O_TRUNC } = constants
    this.file = openSync(path, O_RDWR | O_CREAT | (options.keep ? 0 : O_TRUNC))
    if (options.keep) this.scan()
  }

  append(row: SampleRow): void {
    const line = Buffer.from(rowText(row))
    for (let written = 0; written < line.length; ) {
      written += writeSync(this.file, line, written, line.length - written, this.size + written)
    }
    this.places.set(row.sample, { offset: this.size, bytes: line.length })
    this.size += line.length
  }

  has(sample: string): boolean {
    return this.places.has(sample)
  }

  /** The newest row of a sample; null where there is none. */
  row(sample: string): SampleRow | null {
    const place = this.places.get(sample)
    return place === undefined ? null : this.read(place)
  }

  samples(): Iterable<string> {
    return this.places.keys()
  }

  close(): void {
    closeSync(this.file)
  }

  private read({ offset, bytes }: Place): SampleRow {
    const line = Buffer.alloc(bytes)
    let got = 0
    while (got < bytes) {
      const more = readSync(this.file, line, got, bytes - got, offset + got)
      if (more === 0) throw new Error('a row was cut off while it was read')
      got += more
    }
    return parseRow(line.toString('utf8'), 'row')
  }

  /** Finds the lines; what is no row of ours is passed over, and its sample runs again. */
  private scan(): void {
    const buffer = Buffer.alloc(READ_BYTES)
    let start = 0
    for (let at = 0; ; ) {
      const got = readSync(this.file, buffer, 0, buffer.length, at)
      if (got === 0) break
      for (let i = buffer.indexOf(LINE_END); i >= 0 && i < got; ) {
        this.note({ offset: start, bytes: at + i + 1 - start })
        start = at + i + 1
        i = buffer.indexOf(LINE_END, i + 1)
      }
      at += got
    }
    this.size = start
  }

  private note(place: Place): void {
    if (place.bytes > MOST_ROW_BYTES) return
    try {
      this.places.set(this.read(place).sample, place)
    } catch (error) {
      if (!(error instanceof RstscopeError)) throw error
    }
  }
}

/** One line of `index.ndjson`. */
export function rowText(row: SampleRow): string {
  return `${escapeJson(JSON.stringify(row))}\n`
}
