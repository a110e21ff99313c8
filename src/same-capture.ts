import { isSameArchive } from './connections/archive.ts'
import { RstscopeError } from './errors.ts'
import type { TrackedParts } from './workers/track-captures.ts'

/** The same packets at the same moments twice are one capture: nothing can be compared with itself. */
export function refuseSameCapture(
  first: string,
  a: TrackedParts,
  second: string,
  b: TrackedParts,
): void {
  if (!isSameCapture(a, b)) return
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    `the ${first} and the ${second} capture are the same capture`,
    'for one capture: rstscope analyze CAPTURE',
  )
}

function isSameCapture(a: TrackedParts, b: TrackedParts): boolean {
  if (a.facts.packets === 0 || a.facts.packets !== b.facts.packets) return false
  if (a.facts.baseNs !== b.facts.baseNs || a.parts.length !== b.parts.length) return false
  return a.parts.every((part, i) => {
    const other = b.parts[i]!
    return (
      part.count === other.count &&
      part.totals.lastPacketTime === other.totals.lastPacketTime &&
      isEqual(part.words, other.words) &&
      isSameArchive(part.archive, other.archive)
    )
  })
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
