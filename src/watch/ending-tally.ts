import { CATALOGUE } from '../diagnosis/catalogue.ts'
import { findingIndex } from '../diagnosis/findings.ts'
import type { Ending, EndingCount, Endings } from '../model/ending.ts'
import { LEVEL_RANK, type Level, levelOf } from '../model/ending-level.ts'
import type { WatchExample } from '../model/watch.ts'

/** Groups of equal endings with their own upstream end; of more, the ends are counted together. */
const MOST_GROUPS = 2000
const OTHER_PEERS = -1

interface Group extends EndingCount {
  example: WatchExample
}

/** Counts how connections ended, for as long as a capture goes on: as many groups as there is room for. */
export class EndingTally {
  private readonly groups = new Map<string, Group>()
  private readonly peers = new Map<string, number>()
  private readonly names: string[] = []

  add(ending: Ending, peer: string, example: WatchExample): void {
    this.groupOf(ending, peer, example).count++
  }

  /** Takes back what was counted: it looks otherwise by now. */
  remove(ending: Ending, peer: string, example: WatchExample): void {
    this.groupOf(ending, peer, example).count--
  }

  get endings(): Endings {
    const counts = [...this.groups.values()].filter(({ count }) => count > 0)
    return { counts, peerText: (peer) => this.names[peer] ?? '(other peers)' }
  }

  /** A connection by the id that stands in `endings`. */
  example(id: number): WatchExample | null {
    for (const { first, example } of this.groups.values()) if (first === id) return example
    return null
  }

  get connections(): number {
    return this.sum(() => true)
  }

  get benign(): number {
    return this.sum(({ ending }) => ending.benign)
  }

  /** How bad the worst of them is; null where nothing is. */
  get worst(): Level | null {
    let worst: Level | null = null
    for (const { ending } of this.endings.counts) {
      for (const level of [levelOf(ending), findingLevel(ending)]) {
        if (level !== null && (worst === null || LEVEL_RANK[level] > LEVEL_RANK[worst]))
          worst = level
      }
    }
    return worst
  }

  private sum(counts: (group: Group) => boolean): number {
    let sum = 0
    for (const group of this.groups.values()) if (counts(group)) sum += group.count
    return sum
  }

  private groupOf(ending: Ending, peer: string, example: WatchExample): Group {
    const kind = JSON.stringify(ending)
    const own = this.groups.get(`${kind} ${peer}`)
    if (own !== undefined) return own
    const isFull = this.groups.size >= MOST_GROUPS
    const key = isFull ? `${kind} *` : `${kind} ${peer}`
    const known = this.groups.get(key)
    if (known !== undefined) return known
    const number = isFull ? OTHER_PEERS : this.peerOf(peer)
    const group = { ending, peer: number, count: 0, first: example.connection.id, example }
    this.groups.set(key, group)
    return group
  }

  private peerOf(text: string): number {
    const known = this.peers.get(text)
    if (known !== undefined) return known
    this.peers.set(text, this.names.length)
    return this.names.push(text) - 1
  }
}

/** What a report's finding of this ending would be worth. */
function findingLevel(ending: Ending): Level | null {
  const entry = CATALOGUE[findingIndex(ending)]
  if (entry === undefined) return null
  return ending.benign && entry.id !== 'ineffective-rst' ? 'info' : entry.severity
}
