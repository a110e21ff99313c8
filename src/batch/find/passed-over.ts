/** Why something that was come across is no part of any sample. */
export type PassedOverReason =
  | 'unreadable'
  | 'archive'
  | 'not-a-capture'
  | 'hidden'
  | 'same-file'
  | 'special-file'
  | 'results'
  | 'kubernetes-yaml'
  | 'beside-no-capture'

/** In the order in which they are told: what may be a loss comes first. */
const REASONS: Record<PassedOverReason, string> = {
  unreadable: 'cannot be read',
  archive: 'archives, or a compression that is not read (gzip, zstd and lz4 are): unpack them',
  'kubernetes-yaml': 'Kubernetes lists in YAML: write them with kubectl get … -o json',
  'beside-no-capture': 'access logs or Kubernetes lists in a folder without captures',
  'same-file': 'links to what is read already',
  hidden: 'hidden: name them to have them read',
  'special-file': 'pipes, sockets or devices',
  results: 'results of rstscope',
  'not-a-capture': 'no captures',
}

const MOST_EXAMPLES = 5

export interface PassedOver {
  reason: PassedOverReason
  /** What the reason means, in words. */
  text: string
  count: number
  /** The first paths, at most five. */
  examples: string[]
}

/** Counts what was passed over, with examples. */
export class PassedOverCounts {
  private readonly counts = new Map<PassedOverReason, { count: number; examples: string[] }>()

  add(reason: PassedOverReason, path: string): void {
    let entry = this.counts.get(reason)
    if (entry === undefined) {
      entry = { count: 0, examples: [] }
      this.counts.set(reason, entry)
    }
    entry.count++
    if (entry.examples.length < MOST_EXAMPLES) entry.examples.push(path)
  }

  all(): PassedOver[] {
    return (Object.keys(REASONS) as PassedOverReason[]).flatMap((reason) => {
      const entry = this.counts.get(reason)
      return entry === undefined ? [] : [{ reason, text: REASONS[reason], ...entry }]
    })
  }
}
