import { dirname, relative, resolve, sep } from 'node:path'
import { RstscopeError } from '../errors.ts'
import { comparePlaces } from './find/natural-order.ts'
import { commonFolder } from './find/places.ts'
import { readRows } from './read-rows.ts'
import { Results } from './results.ts'
import type { SampleRow } from './sample-row.ts'

/** Rows of several runs as those of one, such as the slices of a run over many machines. */
export interface MergedRows {
  /** The innermost folder that holds all the indexes. */
  folder: string
  /** In natural order. */
  samples: string[]
  /** Rows in that order; the paths of their reports as seen from this folder. */
  rows(from: string): Iterable<SampleRow>
  close(): void
}

/**
 * Puts the rows of several `index.ndjson` together. A sample that two of them hold with the same key is one; throws
 * RSTSCOPE_USAGE where its keys differ, and RSTSCOPE_NOT_A_REPORT with the number of a line that is no row.
 */
export function mergeRows(indexes: readonly string[]): MergedRows {
  const merged = new Results(null, { resume: false })
  try {
    const known = new Map<string, { key: string; index: string }>()
    for (const index of indexes) {
      const folder = resolve(dirname(index))
      for (const row of readRows(index)) {
        const earlier = known.get(row.sample)
        if (earlier !== undefined && earlier.key !== row.key) {
          throw differ(row.sample, earlier.index, index)
        }
        known.set(row.sample, { key: row.key, index })
        merged.add({ ...row, reports: row.reports.map((path) => resolve(folder, path)) })
      }
    }
    const samples = [...known.keys()]
    samples.sort((a, b) => comparePlaces(a.split('/'), b.split('/')))
    const folders = indexes.map((index) => resolve(dirname(index)).split(sep))
    return {
      folder: commonFolder(folders).join(sep) || sep,
      samples,
      *rows(from) {
        for (const row of merged.rows(samples)) {
          yield { ...row, reports: row.reports.map((path) => seenFrom(from, path)) }
        }
      },
      close: () => merged.close(true),
    }
  } catch (error) {
    merged.close(true)
    throw error
  }
}

function seenFrom(folder: string, path: string): string {
  return relative(resolve(folder), path).split(sep).join('/')
}

function differ(sample: string, one: string, other: string): RstscopeError {
  return new RstscopeError(
    'RSTSCOPE_USAGE',
    `${sample} is in ${one} and, of other captures or options, in ${other}`,
    'merge the slices of one run; what changed between two runs is told by --baseline',
  )
}
