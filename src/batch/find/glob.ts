import { sep } from 'node:path'
import picomatch from 'picomatch'

/** A pattern such as `captures/**\/*.pcap`, ready to be held against the names below its folder. */
export interface Glob {
  /** The folder before the first special character; empty for the current one. */
  folder: string
  /** Whether a path below that folder, written with `/`, is meant. */
  matches: (below: string) => boolean
  /** How deep below its folder something can match; infinite with `**`. */
  depth: number
  /** Whether hidden folders can hold what is meant. */
  entersHidden: boolean
}

const OPTIONS = { nonegate: true, noextglob: true }

/** The pattern that a path is; null when it has no special character in it. */
export function readGlob(path: string): Glob | null {
  // On Windows a backslash parts folders; elsewhere it takes the special meaning from the character behind it.
  const pattern = sep === '\\' ? path.replaceAll('\\', '/') : path
  if (!/[*?[\]{}]/.test(pattern)) return null
  const { base, glob, isGlob } = picomatch.scan(pattern, OPTIONS)
  if (!isGlob || glob === '') return null
  const isUnbounded = glob.includes('**') || /\{[^}]*\//.test(glob)
  return {
    folder: base === '' && pattern.startsWith('/') ? '/' : base,
    matches: picomatch(glob, OPTIONS),
    depth: isUnbounded ? Number.POSITIVE_INFINITY : glob.split('/').filter(Boolean).length,
    entersHidden: /(?:^|[/{,])\.[^/.]/.test(glob),
  }
}
