import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { VERSION } from '../../version.ts'
import { captureFiles, type Sample } from '../sample.ts'
import { compareCharacters } from './natural-order.ts'
import { isUrl } from './places.ts'

/** More files in a folder of lists than this are not read either. */
const MOST_FILES = 10_000

/**
 * Digest (SHA-256, hex) of all that decides what comes out for a sample: path, size and time of change of its files, its
 * roles, the options and the version. Equal keys mean an equal report, as far as that can be told without reading.
 */
export async function sampleKey(sample: Sample, optionsDigest: string): Promise<string> {
  const { id, captures } = sample
  const files = [
    ...captureFiles(sample).map((path) => ({ use: 'capture', path })),
    ...sample.accessLogs.map((path) => ({ use: 'access-log', path })),
    ...sample.kubernetes.map((path) => ({ use: 'kubernetes', path })),
  ]
  const stamps = []
  for (const { use, path } of files) stamps.push([use, ...(await stampsOf(path))])
  const sides = Object.entries(captures).map(([side, paths]) => [side, paths.length])
  const parts = ['rstscope', VERSION, optionsDigest, id, sides, stamps]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

type Stamp = [path: string, size: number | null, changedMs: number | null]

/** Of a file one, of a folder those of its files. A URL, and what is not there, has neither size nor time. */
async function stampsOf(path: string): Promise<Stamp[]> {
  const stats = isUrl(path) ? null : await stat(path).catch(() => null)
  if (stats === null) return [[path, null, null]]
  if (!stats.isDirectory()) return [[path, stats.size, Math.floor(stats.mtimeMs)]]
  const names = await readdir(path, { recursive: true }).catch(() => [])
  const stamps: Stamp[] = [[path, null, names.length]]
  for (const name of names.sort(compareCharacters).slice(0, MOST_FILES)) {
    const file = await stat(join(path, name)).catch(() => null)
    if (file?.isFile()) stamps.push([name, file.size, Math.floor(file.mtimeMs)])
  }
  return stamps
}
