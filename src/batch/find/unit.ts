import type { FoundFile } from './discover.ts'
import { captureNameOf } from './file-names.ts'
import type { Place } from './places.ts'

/** One capture: a file, or the files of a rotated set in order of time. */
export interface Unit {
  files: readonly FoundFile[]
  /** The folder of its files. */
  folder: Place
  /** The name of its first file, in the order of the names. */
  name: string
  /** The name without ending and compression; of a set, also without what rotation adds. */
  stem: string
  /** Why several files are one capture; null for one file. */
  basis: string | null
}

export function singleUnit(file: FoundFile): Unit {
  const name = file.place.at(-1) ?? ''
  const { stem } = captureNameOf(name)
  return { files: [file], folder: file.place.slice(0, -1), name, stem, basis: null }
}

export function unitPaths({ files }: Unit): string[] {
  return files.map(({ path }) => path)
}

/** Bytes of all files; null where one is not known. */
export function bytesOf(files: readonly { bytes: number | null }[]): number | null {
  let sum = 0
  for (const { bytes } of files) {
    if (bytes === null) return null
    sum += bytes
  }
  return sum
}
