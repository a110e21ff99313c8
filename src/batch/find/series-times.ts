import { RstscopeError } from '../../errors.ts'
import type { FoundFile } from './discover.ts'
import { isCompressedName } from './file-names.ts'
import type { SeriesName } from './series-names.ts'

/** What is asked of the files themselves; both reject for what is no capture. */
export interface PacketTimes {
  /** Time of the first packet in ns since 1970; null without packets. */
  first(path: string): Promise<bigint | null>
  /** Time of the latest packet. */
  latest(path: string): Promise<bigint | null>
}

/** A file of a series. */
export interface Member {
  file: FoundFile
  name: SeriesName
  /** When its first packet was captured; null without packets. */
  first: bigint | null
}

/** A gap between files named by time, up to which they are one capture even where it holds next to nothing. */
const SMALL_GAP_NS = 60_000_000_000n
/** The largest file that is read to its end only to see whether it overlaps the next one: some seconds. */
const MOST_BYTES = 4 * 2 ** 30
const MOST_COMPRESSED_BYTES = 256 * 2 ** 20

/** Members from the oldest on; null when that is not the order of their names, not even in a ring that began anew. */
export function inOrderOfTime(run: readonly Member[]): readonly Member[] | null {
  const descents: number[] = []
  let before: bigint | null = null
  let earliest: bigint | null = null
  run.forEach(({ first }, i) => {
    if (first === null) return
    earliest ??= first
    if (before !== null && first < before) descents.push(i)
    before = first
  })
  const [start] = descents
  if (start === undefined) return run
  const isRing = run[0]!.name.kind === 'size' && run[0]!.name.number === 0
  if (!isRing || descents.length > 1 || before === null || earliest === null || before > earliest) {
    return null
  }
  return [...run.slice(start), ...run.slice(0, start)]
}

/** Where one file of a set ends and the next begins. */
export interface Seam {
  file: FoundFile
  first: bigint
  nextFirst: bigint
}

/** A file of middling size that can be read to its end, and where the next one begins; null where that costs too much. */
export function seamOf(run: readonly Member[]): Seam | null {
  const known = run.filter(({ first }) => first !== null)
  const seams = known.slice(0, -1).flatMap(({ file, first }, i): Seam[] => {
    const most = isCompressedName(file.path) ? MOST_COMPRESSED_BYTES : MOST_BYTES
    if (file.bytes === null || file.bytes > most) return []
    return [{ file, first: first!, nextFirst: known[i + 1]!.first! }]
  })
  seams.sort((a, b) => a.file.bytes! - b.file.bytes!)
  return seams[seams.length >> 1] ?? null
}

/** Undefined for a file that is gone by now, or cannot be read. */
export async function latestOf(
  { file }: Seam,
  times: PacketTimes,
): Promise<bigint | null | undefined> {
  try {
    return await times.latest(file.path)
  } catch (error) {
    if (!(error instanceof RstscopeError) || error.code === 'RSTSCOPE_INTERRUPTED') throw error
    return undefined
  }
}

export function isLargeGap(gap: bigint, length: bigint): boolean {
  return gap > SMALL_GAP_NS && gap > length
}

/** Nothing is captured into a file after its last change: that spares reading it where the gap shows already. */
export function wasWrittenBefore({ file, first, nextFirst }: Seam): boolean {
  if (file.changedMs === null) return false
  const changed = BigInt(Math.ceil(file.changedMs)) * 1_000_000n
  return changed >= first && isLargeGap(nextFirst - changed, changed - first)
}
