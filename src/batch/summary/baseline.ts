import type { Severity } from '../../model/report.ts'
import type { SampleRow, SampleStatus } from '../sample-row.ts'
import type { BatchFinding, BatchSummary } from './batch-summary.ts'
import { SEVERITY_RANK } from './places.ts'
import { chanceOfSoMany } from './rates.ts'
import { summarise } from './summarise.ts'

export const BATCH_COMPARISON_SCHEMA = 'rstscope.batch-comparison/1'

/** What changed from an earlier run to this one. Key order is that of the JSON. */
export interface BatchComparison {
  schema: typeof BATCH_COMPARISON_SCHEMA
  now: RunSize
  baseline: RunSize
  /** Found now, and not then. Worst first, as the others. */
  new: BatchFinding[]
  /** Found in both, and worse now. */
  worse: WorseFinding[]
  /** Found then, and not now. */
  gone: GoneFinding[]
  /** Found in both, and not worse. */
  unchanged: number
  /** Samples of both runs by their ids; where they share none, nothing can be said of single ones. */
  samples: {
    shared: number
    added: number
    /** Of the baseline and not of this run; none where the runs share no id. At most 1000 are named. */
    missing: string[]
    missingCount: number
    /** Read then, and not now. */
    failed: { sample: string; message: string }[]
    failedCount: number
  }
}

export interface RunSize {
  samples: number
  failed: number
  connections: number
  resets: number
}

export interface WorseFinding {
  finding: BatchFinding
  /** More of the connections have it, or it does more harm. */
  because: 'rate' | 'severity'
  /** Of the baseline, with `connections` of the whole run. */
  before: { count: number; connections: number; severity: Severity }
  /** How many times as many of all connections have it now. */
  factor: number
  /** How likely so many are by chance alone. */
  chance: number
}

export interface GoneFinding {
  /** As it was. */
  finding: BatchFinding
  /** None of the samples that had it was read now, so that nobody knows. */
  unseen: boolean
}

/** A rate that rose by less than this is not called worse, however many connections show it. */
const LEAST_FACTOR = 1.5
/** Nor is one that chance alone would give more often than this. */
const MOST_CHANCE = 0.001
const MOST_NAMED = 1000

/** What is new, gone or worse since the run that `old` is of. */
export function compareWithBaseline(
  now: Iterable<SampleRow>,
  old: Iterable<SampleRow>,
): BatchComparison {
  const current = readRun(now)
  const before = readRun(old)
  const byName = new FindingsByName(before.summary.findings)
  const matched = new Set<BatchFinding>()
  const found: Pick<BatchComparison, 'new' | 'worse' | 'unchanged'> = {
    new: [],
    worse: [],
    unchanged: 0,
  }
  for (const finding of current.summary.findings) {
    const earlier = byName.like(finding)
    for (const one of earlier) matched.add(one)
    const worse =
      earlier.length === 0 ? null : worseThan(finding, earlier, current.summary, before.summary)
    if (earlier.length === 0) found.new.push(finding)
    else if (worse !== null) found.worse.push(worse)
    else found.unchanged++
  }
  const samples = compareSamples(current, before)
  const gone = before.summary.findings
    .filter((finding) => !matched.has(finding))
    .map((finding) => ({
      finding,
      unseen: samples.shared > 0 && finding.samples.every((id) => !wasRead(current.samples, id)),
    }))
  return {
    schema: BATCH_COMPARISON_SCHEMA,
    now: sizeOf(current.summary),
    baseline: sizeOf(before.summary),
    new: found.new,
    worse: found.worse,
    gone,
    unchanged: found.unchanged,
    samples,
  }
}

/** Whether something as bad as `level` was found, as for a single report; with a baseline, something new or worse. */
export function reachesLevel(
  summary: BatchSummary,
  comparison: BatchComparison | null,
  level: Severity,
): boolean {
  const found =
    comparison === null
      ? [summary.level]
      : [...comparison.new, ...comparison.worse.map(({ finding }) => finding)].map(
          ({ severity }) => severity,
        )
  return found.some((one) => one !== null && SEVERITY_RANK[one] <= SEVERITY_RANK[level])
}

interface Run {
  summary: BatchSummary
  samples: Map<string, { status: SampleStatus; message: string }>
}

function readRun(rows: Iterable<SampleRow>): Run {
  const samples: Run['samples'] = new Map()
  const seen = function* (): Iterable<SampleRow> {
    for (const row of rows) {
      samples.set(row.sample, { status: row.status, message: row.error?.message ?? '' })
      yield row
    }
  }
  const all = Number.POSITIVE_INFINITY
  const summary = summarise(seen(), { findings: all, names: all, samples: all })
  return { summary, samples }
}

function wasRead(samples: Run['samples'], id: string): boolean {
  const sample = samples.get(id)
  return sample !== undefined && sample.status !== 'failed'
}

/** Findings of one code are the same where they share a Service or an upstream endpoint. */
class FindingsByName {
  private readonly byName = new Map<string, BatchFinding[]>()

  constructor(findings: readonly BatchFinding[]) {
    for (const finding of findings) {
      for (const name of namesOf(finding)) {
        const known = this.byName.get(name)
        if (known) known.push(finding)
        else this.byName.set(name, [finding])
      }
    }
  }

  like(finding: BatchFinding): BatchFinding[] {
    return [...new Set(namesOf(finding).flatMap((name) => this.byName.get(name) ?? []))]
  }
}

function namesOf({ code, services, upstreams }: BatchFinding): string[] {
  return [
    ...services.map((name) => JSON.stringify([code, 'service', name])),
    ...upstreams.map((name) => JSON.stringify([code, 'upstream', name])),
  ]
}

function worseThan(
  finding: BatchFinding,
  earlier: readonly BatchFinding[],
  now: BatchSummary,
  before: BatchSummary,
): WorseFinding | null {
  const count = earlier.reduce((sum, one) => sum + one.count.about, 0)
  const severity = earlier.reduce((a, b) =>
    SEVERITY_RANK[b.severity] < SEVERITY_RANK[a.severity] ? b : a,
  ).severity
  // A finding of a log's lines may stand without a connection.
  const connections = Math.max(1, now.connections)
  const earlierConnections = Math.max(1, before.connections)
  const factor = finding.count.about / connections / (Math.max(1, count) / earlierConnections)
  const chance = chanceOfSoMany(
    finding.count.about,
    count,
    connections / (connections + earlierConnections),
  )
  const risen = factor >= LEAST_FACTOR && chance < MOST_CHANCE
  if (!risen && SEVERITY_RANK[finding.severity] >= SEVERITY_RANK[severity]) return null
  return {
    finding,
    because: risen ? 'rate' : 'severity',
    before: { count, connections: before.connections, severity },
    factor,
    chance,
  }
}

function sizeOf({ samples, connections, resets }: BatchSummary): RunSize {
  return { samples: samples.total, failed: samples.failed, connections, resets: resets.about }
}

function compareSamples(now: Run, before: Run): BatchComparison['samples'] {
  const shared = [...before.samples.keys()].filter((id) => now.samples.has(id)).sort()
  const missing =
    shared.length === 0
      ? []
      : [...before.samples.keys()].filter((id) => !now.samples.has(id)).sort()
  const failed = shared.filter((id) => wasRead(before.samples, id) && !wasRead(now.samples, id))
  return {
    shared: shared.length,
    added: now.samples.size - shared.length,
    missing: missing.slice(0, MOST_NAMED),
    missingCount: missing.length,
    failed: failed
      .slice(0, MOST_NAMED)
      .map((sample) => ({ sample, message: now.samples.get(sample)!.message })),
    failedCount: failed.length,
  }
}
