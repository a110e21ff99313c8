import { WordTable } from '../../connections/word-table.ts'
import type { Severity, VerdictBy } from '../../model/report.ts'
import type { SampleRow } from '../sample-row.ts'
import {
  BATCH_SUMMARY_SCHEMA,
  type BatchFinding,
  type BatchSummary,
  type Count,
  type Trend,
} from './batch-summary.ts'
import { burstsOf, countOf, idleOf } from './end-facts.ts'
import { KnownEnds, timeOf } from './known-ends.ts'
import { isEarlier, type Place, Places, SEVERITY_RANK } from './places.ts'

export interface SummaryBounds {
  /** Connections that are told apart. */
  connections?: number
  /** Codes at upstream ends that are told apart. */
  places?: number
  /** Findings that are listed. */
  findings?: number
  /** Services and upstream endpoints that are named in each. */
  names?: number
  /** Samples that are named in each. */
  samples?: number
}

const MOST_FINDINGS = 1000
const MOST_SAMPLES_LISTED = 1000
const MOST_SAMPLES_NAMED = 100
const MOST_NAMES = 20
const TREND_BINS = 60
/**
 * What all samples say together: the same whatever order they come in, but for what the bounds cut off, which is told.
 * Holds some hundred bytes of a sample and of each connection that a finding lists, up to the bounds.
 */
export function summarise(rows: Iterable<SampleRow>, bounds: SummaryBounds = {}): BatchSummary {
  const tally = new Tally(bounds)
  for (const row of rows) tally.add(row)
  return tally.summary()
}

/** Seconds since 1970, and how long. */
interface Span {
  from: number
  seconds: number
}

function binOf(time: number, { from, seconds }: Span): number {
  const bin = seconds === 0 ? 0 : Math.floor(((time - from) / seconds) * TREND_BINS)
  return Math.min(TREND_BINS - 1, Math.max(0, bin))
}

class Tally {
  private readonly names: string[] = []
  private readonly bounds: SummaryBounds
  private readonly places: Places
  private readonly ends: KnownEnds
  private readonly codes = new Map<string, number>()
  private readonly limits = new Map<string, number>()
  private readonly warnings = new Map<string, number>()
  private tool: BatchSummary['tool'] = null
  private readonly samples = { total: 0, done: 0, partly: 0, failed: 0 }
  private level: BatchSummary['level'] = null
  private packets = 0
  private bytes: number | null = null
  private connections = 0
  private resets = 0
  private mostResets = 0
  private firstPacketAt: string | null = null
  private lastPacketAt: string | null = null
  private readonly failed: BatchSummary['failed'] = []
  private readonly partly: BatchSummary['partly'] = []

  constructor(bounds: SummaryBounds) {
    this.bounds = bounds
    this.ends = new KnownEnds(bounds.connections)
    this.places = new Places(bounds.places)
  }

  add(row: SampleRow): void {
    const sample = this.names.push(row.sample) - 1
    this.tool ??= row.tool
    this.samples.total++
    this.samples[row.status]++
    this.level = worse(this.level, row.level)
    this.packets += row.packets
    if (row.bytes !== null) this.bytes = (this.bytes ?? 0) + row.bytes
    if (row.status === 'failed') {
      const unknown = { code: 'unknown', message: 'no reason was kept', hint: null }
      this.failed.push({ sample: row.sample, ...(row.error ?? unknown) })
    }
    if (row.status === 'partly') this.partly.push({ sample: row.sample, warnings: row.warnings })
    this.addTimes(row)
    this.addSummary(row)
    for (const code of new Set(row.limits)) count(this.limits, code)
    for (const code of new Set(row.warnings)) count(this.warnings, code)
    for (const finding of row.findings) this.addFinding(finding, sample, row.sample)
  }

  private addTimes({ firstPacketAt, lastPacketAt }: SampleRow): void {
    if (
      firstPacketAt !== null &&
      (this.firstPacketAt === null || firstPacketAt < this.firstPacketAt)
    )
      this.firstPacketAt = firstPacketAt
    if (lastPacketAt !== null && (this.lastPacketAt === null || lastPacketAt > this.lastPacketAt))
      this.lastPacketAt = lastPacketAt
  }

  private addSummary({ summary }: SampleRow): void {
    if (summary === null) return
    const { upstream, client, between, undetermined } = summary.byFirstReset
    const resets = upstream + client + between + undetermined
    this.connections += summary.connections
    this.resets += resets
    this.mostResets = Math.max(this.mostResets, resets)
  }

  private addFinding(finding: SampleRow['findings'][number], sample: number, id: string): void {
    const at = this.places.add(finding, sample, id)
    const code = this.codes.get(finding.code) ?? this.codes.size
    this.codes.set(finding.code, code)
    for (const end of finding.ends) {
      const known = this.ends.add(sample, code, at, end)
      if (known < 0 || at < 0) continue
      this.places.all[at]!.listed++
      if (known !== at) this.places.unite(known, at)
    }
  }

  summary(): BatchSummary {
    this.places.uniteByName()
    const span = this.span()
    const findings = this.findings(span)
    const resets = this.countResets(findings)
    for (const finding of findings) {
      if (finding.resets > 0 && resets.about > 0) {
        finding.share = Math.min(1, finding.resets / resets.about)
      }
    }
    const more = findings.splice(this.bounds.findings ?? MOST_FINDINGS)
    const { dropped } = this.places
    return {
      schema: BATCH_SUMMARY_SCHEMA,
      tool: this.tool,
      samples: this.samples,
      level: this.level,
      packets: this.packets,
      bytes: this.bytes,
      connections: this.connections,
      resets,
      firstPacketAt: this.firstPacketAt,
      lastPacketAt: this.lastPacketAt,
      findings,
      moreFindings: {
        findings: more.length + dropped.findings,
        count: more.reduce((sum, finding) => sum + finding.count.about, dropped.count),
      },
      trend: span === null ? null : this.trend(span, resets),
      failed: this.failed.sort(bySample).slice(0, MOST_SAMPLES_LISTED),
      partly: this.partly.sort(bySample).slice(0, MOST_SAMPLES_LISTED),
      sampleLimits: codesOf(this.limits),
      sampleWarnings: codesOf(this.warnings),
      limits: this.ownLimits(resets),
    }
  }

  /**
   * Of those that are not listed as many are thought to be repeats as are so in their finding; of those whose finding
   * no sample lists, as many as among all that are listed.
   */
  private countResets(findings: readonly BatchFinding[]): Count {
    const { listedResets, distinctResets } = this.ends
    const known = countOf(this.resets, listedResets, distinctResets, this.mostResets)
    const ofResets = (part: (count: Count) => number) =>
      sum(findings, ({ count, resets }) =>
        resets === 0 ? 0 : (part(count) * resets) / count.about,
      )
    const repeats = ofResets(({ atMost, about }) => atMost - about)
    const unlisted = Math.max(0, this.resets - listedResets)
    const unnamed = Math.max(0, unlisted - ofResets(({ atMost, atLeast }) => atMost - atLeast))
    const share = listedResets === 0 ? 0 : (listedResets - distinctResets) / listedResets
    const about = Math.round(known.atMost - repeats - unnamed * share)
    return { ...known, about: Math.max(known.atLeast, about) }
  }

  private findings(span: Span | null): BatchFinding[] {
    const ends = this.endsByGroup()
    return [...this.places.groups()]
      .map(([root, places]) => this.findingOf(places, ends.get(root) ?? [], span))
      .sort(worstFirst)
  }

  /** Numbers of the ends of each group, by its root. */
  private endsByGroup(): Map<number, number[]> {
    const groups = new Map<number, number[]>()
    for (let at = 0; at < this.ends.count; at++) {
      const root = this.rootOf(at)
      if (root < 0) continue
      const group = groups.get(root)
      if (group) group.push(at)
      else groups.set(root, [at])
    }
    return groups
  }

  private findingOf(places: Place[], ends: number[], span: Span | null): BatchFinding {
    const first = places.reduce((a, b) => (isEarlier(b, a) ? b : a))
    const worst = places.reduce((a, b) =>
      SEVERITY_RANK[b.severity] < SEVERITY_RANK[a.severity] ? b : a,
    )
    const bySample = new Map<number, number>()
    for (const { samples, counts } of places) {
      samples.forEach((sample, i) => {
        bySample.set(sample, (bySample.get(sample) ?? 0) + counts[i]!)
      })
    }
    const by = whoReset(places)
    const known = countOf(
      sum(places, ({ total }) => total),
      sum(places, ({ listed }) => listed),
      ends.length,
      Math.max(...bySample.values()),
    )
    const { names = MOST_NAMES, samples = MOST_SAMPLES_NAMED } = this.bounds
    const services = namesOf(places.map(({ service }) => service))
    const upstreams = namesOf(places.map(({ upstream }) => upstream))
    return {
      code: first.code,
      severity: worst.severity,
      title: places.reduce((a, b) => (b.title < a.title ? b : a)).title,
      by,
      place: services[0] ?? upstreams[0] ?? null,
      services: services.slice(0, names),
      upstreams: upstreams.slice(0, names),
      upstreamCount: upstreams.length,
      count: known,
      resets: this.resetsAmong(ends, known.about),
      share: null,
      firstAt: first.firstAt,
      lastAt: places.reduce<string | null>(
        (last, { lastAt }) => ((lastAt ?? '') > (last ?? '') ? lastAt : last),
        null,
      ),
      idle: idleOf(Float64Array.from(ends, (at) => this.ends.gap(at))),
      bursts: burstsOf(Float64Array.from(ends, (at) => this.ends.time(at))),
      trend: span === null ? null : this.binsOf(ends, span),
      samples: namesOf([...bySample.keys()].map((sample) => this.names[sample]!)).slice(0, samples),
      sampleCount: bySample.size,
      example: first.example,
    }
  }

  /** Those that are not listed are thought to be resets as often as those that are. */
  private resetsAmong(ends: number[], count: number): number {
    const resets = ends.filter((at) => this.ends.isReset(at)).length
    return ends.length === 0 ? 0 : Math.round((count * resets) / ends.length)
  }

  /** From the first listed reset to the last. */
  private span(): Span | null {
    let [from, until] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let at = 0; at < this.ends.count; at++) {
      if (!this.ends.isReset(at) || this.rootOf(at) < 0) continue
      const time = this.ends.time(at)
      if (time < from) from = time
      if (time > until) until = time
    }
    return from <= until ? { from, seconds: until - from } : null
  }

  private binsOf(ends: number[], span: Span): number[] {
    const bins = new Array<number>(TREND_BINS).fill(0)
    for (const at of ends) bins[binOf(this.ends.time(at), span)]!++
    return bins
  }

  /** A connection with several findings counts once, as bad where one of them is. */
  private trend(span: Span, resets: Count): Trend {
    const bad = new Set<number>()
    for (const [root, places] of this.places.groups()) {
      if (places.some(({ severity }) => severity !== 'info')) bad.add(root)
    }
    const seen = new WordTable(1)
    const times = new Float64Array(this.ends.count).fill(Number.POSITIVE_INFINITY)
    const isBad = new Uint8Array(this.ends.count)
    for (let at = 0; at < this.ends.count; at++) {
      const root = this.rootOf(at)
      if (!this.ends.isReset(at) || root < 0) continue
      seen.key[0] = this.ends.connection(at)
      const connection = seen.intern()
      times[connection] = Math.min(times[connection]!, this.ends.time(at))
      if (bad.has(root)) isBad[connection] = 1
    }
    const bins = Array.from({ length: TREND_BINS }, () => ({ bad: 0, ordinary: 0 }))
    for (let i = 0; i < seen.count; i++) {
      bins[binOf(times[i]!, span)]![isBad[i] ? 'bad' : 'ordinary']++
    }
    const undated = Math.max(0, resets.about - seen.count)
    return { from: timeOf(span.from), seconds: span.seconds, bins, undated }
  }

  /** Of the group of an end; -1 for one that has none. */
  private rootOf(at: number): number {
    const place = this.ends.place(at)
    return place < 0 ? -1 : this.places.root(place)
  }

  private ownLimits(resets: Count): BatchSummary['limits'] {
    const limits: BatchSummary['limits'] = []
    if (resets.atLeast !== resets.atMost) {
      limits.push({
        code: 'counts-approximate',
        message:
          'samples list at most 1000 connections of a finding: where there are more, how many of them several samples hold is estimated from those that are listed',
      })
    }
    if (this.ends.dropped > 0) {
      limits.push({
        code: 'bound-reached',
        message: `${this.ends.dropped} ends of connections were counted and not told apart from others: there was no room for more`,
      })
    }
    const { findings, count: connections } = this.places.dropped
    if (findings > 0) {
      limits.push({
        code: 'bound-reached',
        message: `${findings} findings of samples, of ${connections} connections, are not in the list: there was no room for more services and endpoints`,
      })
    }
    return limits
  }
}

/** Who reset most of them; that it cannot be told counts only where nobody could tell. */
function whoReset(places: Place[]): VerdictBy | null {
  const counts = new Map<VerdictBy, number>()
  for (const { by } of places) {
    for (const [who, count] of by) counts.set(who, (counts.get(who) ?? 0) + count)
  }
  const rank = (who: VerdictBy) => (who === 'undetermined' ? -1 : counts.get(who)!)
  const [most] = [...counts.keys()].sort((a, b) => rank(b) - rank(a) || order(a, b))
  return most ?? null
}

function worstFirst(a: BatchFinding, b: BatchFinding): number {
  return (
    SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity] ||
    b.count.about - a.count.about ||
    order(a.firstAt ?? '', b.firstAt ?? '') ||
    order(a.code, b.code) ||
    order(a.place ?? '', b.place ?? '') ||
    order(a.upstreams.join(), b.upstreams.join())
  )
}

function worse(a: Severity | null, b: Severity | null): Severity | null {
  if (a === null || b === null) return a ?? b
  return SEVERITY_RANK[a] <= SEVERITY_RANK[b] ? a : b
}

/** By code units: the same on every machine. */
function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function bySample(a: { sample: string }, b: { sample: string }): number {
  return order(a.sample, b.sample)
}

function namesOf(names: (string | null)[]): string[] {
  return [...new Set(names.filter((name) => name !== null))].sort(order)
}

function count(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1)
}

function codesOf(counts: Map<string, number>): { code: string; samples: number }[] {
  return [...counts]
    .map(([code, samples]) => ({ code, samples }))
    .sort((a, b) => b.samples - a.samples || order(a.code, b.code))
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
