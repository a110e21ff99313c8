import { SmallGrid } from './connections/small-grid.ts'
import { WordTable } from './connections/word-table.ts'
import { leads, type VerdictGroup, type VerdictKind, verdictKind } from './diagnosis/verdict.ts'
import type { Ending, EndingCount } from './model/ending.ts'
import type { Summary } from './model/report.ts'

/** The group of the verdict that leads, and which connections are its. */
export interface Leader {
  group: VerdictGroup
  /** How many other groups there are, ordinary ones only where it is one. */
  others: number
  has(kind: number, upstreamId: number): boolean
}

/**
 * Counts connections by how they ended and by their upstream end, as the upstream side knows it and as it is shown:
 * numbers only, and no more of them than there are such combinations.
 */
export class EndingCounter {
  /** By kind. */
  readonly endings: Ending[] = []
  private readonly kinds = new Map<string, number>()
  /** Kind, upstream id, peer id. */
  private readonly cells = new WordTable(3)
  /** Those of endpoints that are shown as they are. */
  private readonly ordinary = new SmallGrid()
  private counts = new Uint32Array(64)
  /** Id of the first connection. */
  private firsts = new Uint32Array(64)
  private last = 0
  private inOrder = true

  /** The number of an ending: the same for equal endings. */
  kindOf(ending: Ending): number {
    const { termination, detail, benign, by, confidence, cause, ignoredReset } = ending
    const key = `${termination} ${detail} ${benign} ${by} ${confidence} ${cause?.id} ${cause?.confidence} ${ignoredReset}`
    const known = this.kinds.get(key)
    if (known !== undefined) return known
    this.kinds.set(key, this.endings.length)
    return this.endings.push(ending) - 1
  }

  add(id: number, kind: number, upstreamId: number, peerId: number): void {
    const isSame = upstreamId === peerId
    let cell = isSame ? this.ordinary.get(kind, upstreamId) : -1
    if (cell < 0) {
      cell = this.cellOf(kind, upstreamId, peerId)
      if (isSame) this.ordinary.set(kind, upstreamId, cell)
    }
    if (this.counts[cell] === 0 || id < this.firsts[cell]!) this.firsts[cell] = id
    this.counts[cell]!++
    if (id < this.last) this.inOrder = false
    this.last = id
  }

  private cellOf(kind: number, upstreamId: number, peerId: number): number {
    const { cells } = this
    cells.key[0] = kind
    cells.key[1] = upstreamId
    cells.key[2] = peerId
    const cell = cells.intern()
    if (cell === this.counts.length) this.grow()
    return cell
  }

  /** Every combination with the number of its ending and the upstream's own id, in order of their first connections. */
  *cellsInOrder(): Iterable<{ kind: number; upstream: number; count: number; first: number }> {
    for (const cell of this.order()) {
      yield {
        kind: this.cells.word(cell, 0),
        upstream: this.cells.word(cell, 1),
        count: this.counts[cell]!,
        first: this.firsts[cell]!,
      }
    }
  }

  /** In order of the first connection of each. */
  *rows(): Iterable<EndingCount> {
    for (const cell of this.order()) {
      yield {
        ending: this.endings[this.cells.word(cell, 0)]!,
        peer: this.cells.word(cell, 2),
        count: this.counts[cell]!,
        first: this.firsts[cell]!,
      }
    }
  }

  summary(matched: number): Summary {
    const summary: Summary = {
      connections: 0,
      matched,
      benign: 0,
      byTermination: {
        'rst-without-fin': 0,
        'rst-after-fin': 0,
        'fin-close': 0,
        'handshake-never-completed': 0,
        'tls-aborted': 0,
        open: 0,
      },
      byFirstReset: { upstream: 0, client: 0, between: 0, undetermined: 0 },
      byCause: {},
    }
    for (const { ending, count } of this.rows()) {
      const { termination, benign, by, cause } = ending
      summary.connections += count
      if (benign) summary.benign += count
      summary.byTermination[termination] += count
      if (by !== null) summary.byFirstReset[by] += count
      if (cause !== null) summary.byCause[cause.id] = (summary.byCause[cause.id] ?? 0) + count
    }
    return summary
  }

  /** Null where every end is ordinary and without a reset. */
  leader(): Leader | null {
    const { kindOf, kinds } = verdictKinds(this.endings)
    const groups = new WordTable(2)
    const sums = new Uint32Array(this.cells.count)
    const firsts = new Uint32Array(this.cells.count)
    for (let cell = 0; cell < this.cells.count; cell++) {
      const kind = kindOf[this.cells.word(cell, 0)]!
      if (kind < 0) continue
      groups.key[0] = kind
      groups.key[1] = this.cells.word(cell, 1)
      const group = groups.intern()
      const first = this.firsts[cell]!
      if (sums[group] === 0 || first < firsts[group]!) firsts[group] = first
      sums[group]! += this.counts[cell]!
    }
    let best = -1
    let leading: VerdictGroup | null = null
    const ofKind = [0, 0]
    for (let i = 0; i < groups.count; i++) {
      const kind = kinds[groups.word(i, 0)]!
      const group = { kind, count: sums[i]!, first: firsts[i]! }
      ofKind[Number(kind.serious)]!++
      if (leading !== null && !leads(group, leading)) continue
      leading = group
      best = i
    }
    if (leading === null) return null
    const leadingKind = groups.word(best, 0)
    const upstream = groups.word(best, 1)
    return {
      group: leading,
      others: ofKind[Number(leading.kind.serious)]! - 1,
      has: (kind, upstreamId) => kindOf[kind] === leadingKind && upstreamId === upstream,
    }
  }

  private order(): Uint32Array {
    const { count } = this.cells
    const cells = new Uint32Array(count).map((_, i) => i)
    // Connections that were decided late came after later ones.
    return this.inOrder ? cells : cells.sort((a, b) => this.firsts[a]! - this.firsts[b]!)
  }

  private grow(): void {
    const counts = new Uint32Array(this.counts.length * 2)
    counts.set(this.counts)
    this.counts = counts
    const firsts = new Uint32Array(counts.length)
    firsts.set(this.firsts)
    this.firsts = firsts
  }
}

/** The distinct kinds of groups, and by kind of ending which of them it is (-1: none). */
function verdictKinds(endings: readonly Ending[]): { kindOf: Int32Array; kinds: VerdictKind[] } {
  const kinds: VerdictKind[] = []
  const numbers = new Map<string, number>()
  const kindOf = Int32Array.from(endings, (ending) => {
    const kind = verdictKind(ending)
    if (kind === null) return -1
    const key = `${kind.by} ${kind.confidence} ${kind.cause} ${kind.serious}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, kinds.length)
    return kinds.push(kind) - 1
  })
  return { kindOf, kinds }
}
