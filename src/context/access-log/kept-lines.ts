import type { JoinedLine } from '../../model/access-log.ts'
import { isFailure } from './failure.ts'

/** Lines that one connection keeps: of requests that went well the last ones. */
const MOST_ORDINARY = 16
const MOST_FAILED = 64
/** Lines, and characters of them, that are kept for all connections together. */
const MOST_LINES = 200_000
const MOST_CHARACTERS = 128 * 2 ** 20

interface OfConnection {
  lines: JoinedLine[]
  /** What each takes in memory, in characters. */
  sizes: number[]
  failed: number
}

/** The lines of each connection, within bounds; failed requests are kept rather than others. */
export class KeptLines {
  /** Lines that were let go, or not taken. */
  unlisted = 0
  private readonly byConnection = new Map<number, OfConnection>()
  private lines = 0
  private characters = 0

  add(index: number, line: JoinedLine, size: number): void {
    const failed = isFailure(line.line)
    const own = this.byConnection.get(index) ?? { lines: [], sizes: [], failed: 0 }
    const isFull = this.lines >= MOST_LINES || this.characters + size > MOST_CHARACTERS
    if (isFull || (failed && own.failed >= MOST_FAILED)) {
      this.unlisted++
      return
    }
    if (own.lines.length === 0) this.byConnection.set(index, own)
    if (failed) own.failed++
    else if (own.lines.length - own.failed >= MOST_ORDINARY) this.letGo(own)
    own.lines.push(line)
    own.sizes.push(size)
    this.lines++
    this.characters += size
  }

  of(index: number): readonly JoinedLine[] {
    return this.byConnection.get(index)?.lines ?? []
  }

  /** Connections that have lines, ascending. */
  indices(): number[] {
    return [...this.byConnection.keys()].sort((a, b) => a - b)
  }

  /** The oldest of a request that went well. */
  private letGo({ lines, sizes }: OfConnection): void {
    const oldest = lines.findIndex(({ line }) => !isFailure(line))
    lines.splice(oldest, 1)
    const [size] = sizes.splice(oldest, 1)
    this.characters -= size!
    this.lines--
    this.unlisted++
  }
}
