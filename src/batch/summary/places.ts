import type { Severity, VerdictBy } from '../../model/report.ts'
import type { SampleFinding } from '../sample-row.ts'

/** Codes at upstream ends that are told apart; further ones are counted together. */
const MOST_PLACES = 100_000

/** Findings of one code at one upstream end, as the samples name it. */
export interface Place {
  code: string
  severity: Severity
  title: string
  upstream: string | null
  service: string | null
  /** Listed connections that were reset, by who did it. */
  by: Map<VerdictBy, number>
  total: number
  firstAt: string | null
  lastAt: string | null
  example: { sample: string; connection: number | null }
  /** Numbers of the samples that have it, and how many connections each. */
  samples: number[]
  counts: number[]
  /** Ends that are told apart, one in each sample that lists it. */
  listed: number
}

export const SEVERITY_RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 }

/** Places, and which of them are one: a forest whose roots stand for their trees. */
export class Places {
  readonly all: Place[] = []
  /** Findings that found no room, and their connections. */
  readonly dropped = { findings: 0, count: 0 }
  private readonly parents: number[] = []
  private readonly numbers = new Map<string, number>()
  private readonly most: number

  constructor(most = MOST_PLACES) {
    this.most = most
  }

  /** The number of the finding's place, which then counts it; -1 where there is no room. */
  add(finding: SampleFinding, sample: number, sampleId: string): number {
    const { code, upstream, service } = finding
    const key = JSON.stringify([code, upstream, service])
    let at = this.numbers.get(key)
    if (at === undefined) {
      if (this.all.length >= this.most) {
        this.dropped.findings++
        this.dropped.count += finding.count
        return -1
      }
      at = this.all.length
      this.numbers.set(key, at)
      this.parents.push(at)
      this.all.push(emptyPlace(finding, sampleId))
    }
    count(this.all[at]!, finding, sample, sampleId)
    return at
  }

  root(at: number): number {
    let root = at
    while (this.parents[root] !== root) root = this.parents[root]!
    while (this.parents[at] !== root) {
      const next = this.parents[at]!
      this.parents[at] = root
      at = next
    }
    return root
  }

  unite(a: number, b: number): void {
    const [x, y] = [this.root(a), this.root(b)]
    this.parents[Math.max(x, y)] = Math.min(x, y)
  }

  /**
   * Places of one code are one where they have the same Service; and an endpoint that some samples name without a
   * Service belongs to the only Service that others know it by.
   */
  uniteByName(): void {
    const services = new Map<string, number>()
    const endpoints = new Map<string, { nameless: number; named: number; several: boolean }>()
    this.all.forEach(({ code, service, upstream }, at) => {
      if (service !== null) {
        const key = JSON.stringify([code, service])
        const first = services.get(key)
        if (first === undefined) services.set(key, at)
        else this.unite(first, at)
      }
      if (upstream === null) return
      const key = JSON.stringify([code, upstream])
      const known = endpoints.get(key) ?? { nameless: -1, named: -1, several: false }
      if (service === null) known.nameless = at
      else {
        known.several ||= known.named >= 0
        known.named = at
      }
      endpoints.set(key, known)
    })
    for (const { nameless, named, several } of endpoints.values()) {
      if (nameless >= 0 && named >= 0 && !several) this.unite(nameless, named)
    }
  }

  /** The places of each group. */
  groups(): Map<number, Place[]> {
    const groups = new Map<number, Place[]>()
    this.all.forEach((place, at) => {
      const root = this.root(at)
      const group = groups.get(root)
      if (group) group.push(place)
      else groups.set(root, [place])
    })
    return groups
  }
}

function emptyPlace(finding: SampleFinding, sample: string): Place {
  const { code, severity, title, upstream, service, firstAt, lastAt, ends } = finding
  return {
    ...{ code, severity, title, upstream, service, firstAt, lastAt },
    by: new Map(),
    total: 0,
    example: { sample, connection: ends[0]?.connection ?? null },
    samples: [],
    counts: [],
    listed: 0,
  }
}

function count(place: Place, finding: SampleFinding, sample: number, sampleId: string): void {
  const { severity, title, firstAt, lastAt, ends } = finding
  place.total += finding.count
  place.samples.push(sample)
  place.counts.push(finding.count)
  for (const { by } of ends) if (by !== null) place.by.set(by, (place.by.get(by) ?? 0) + 1)
  if (SEVERITY_RANK[severity] < SEVERITY_RANK[place.severity]) place.severity = severity
  if (title < place.title) place.title = title
  if (lastAt !== null && (place.lastAt === null || lastAt > place.lastAt)) place.lastAt = lastAt
  const example = { sample: sampleId, connection: ends[0]?.connection ?? null }
  if (isEarlier({ firstAt, example }, place)) {
    place.firstAt = firstAt
    place.example = example
  }
}

type Beginning = Pick<Place, 'firstAt' | 'example'>

/** What has no time comes last; of the same time the sample whose name is first. */
export function isEarlier(a: Beginning, b: Beginning): boolean {
  if (a.firstAt === b.firstAt) return a.example.sample < b.example.sample
  return b.firstAt === null || (a.firstAt !== null && a.firstAt < b.firstAt)
}
