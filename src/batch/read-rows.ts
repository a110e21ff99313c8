import { closeSync, openSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { RstscopeError } from '../errors.ts'
import { parseRow } from './row-check.ts'
import type { SampleRow } from './sample-row.ts'

const CHUNK = 1 << 18
/** Fifty findings with a thousand ends each take 6 MB. */
const LONGEST_LINE = 64 << 20

/** The samples of an `index.ndjson`, one by one. Throws RSTSCOPE_NOT_A_REPORT with the number of a line that is none. */
export function* readRows(path: string): Iterable<SampleRow> {
  let number = 0
  for (const line of readLines(path)) {
    number++
    if (line.trim() !== '') yield parseRow(line, `${path}:${number}`)
  }
}

/** The lines of a text file, one by one, without their ends. */
export function* readLines(path: string): Iterable<string> {
  const file = openFile(path)
  try {
    const bytes = Buffer.alloc(CHUNK)
    const decoder = new StringDecoder('utf8')
    let number = 1
    let rest: string[] = []
    let length = 0
    for (let read = 1; read > 0; ) {
      read = readSync(file, bytes, 0, CHUNK, null)
      const pieces = (read > 0 ? decoder.write(bytes.subarray(0, read)) : decoder.end()).split('\n')
      for (const [i, piece] of pieces.entries()) {
        if (i > 0) {
          yield rest.join('')
          number++
          rest = []
          length = 0
        }
        rest.push(piece)
        length += piece.length
      }
      if (length > LONGEST_LINE) {
        throw new RstscopeError(
          'RSTSCOPE_NOT_A_REPORT',
          `${path}:${number}: longer than ${LONGEST_LINE >> 20} MiB`,
        )
      }
    }
    if (length > 0) yield rest.join('')
  } finally {
    closeSync(file)
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new RstscopeError(
      'RSTSCOPE_UNREADABLE',
      `cannot read ${path}: ${(cause as Error).message}`,
      null,
      { cause },
    )
  }
}
