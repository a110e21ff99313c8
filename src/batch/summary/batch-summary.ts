import type { Severity, VerdictBy } from '../../model/report.ts'

export const BATCH_SUMMARY_SCHEMA = 'rstscope.batch-summary/1'

/** What the samples of a run say together. Key order is that of the JSON. */
export interface BatchSummary {
  schema: typeof BATCH_SUMMARY_SCHEMA
  tool: { name: 'rstscope'; version: string } | null
  samples: { total: number; done: number; partly: number; failed: number }
  /** The worst of all samples' findings and ends, as `--fail-on` counts; null where there is none. */
  level: Severity | null
  packets: number
  /** Of the captures as they are stored; null where no sample knows. */
  bytes: number | null
  /** Of all samples: a connection that several of them hold counts in each. */
  connections: number
  /** Of them, those that were reset: each once, whatever number of samples hold it. */
  resets: Count
  /** In the clocks of the captures. */
  firstPacketAt: string | null
  lastPacketAt: string | null
  /** Worst first. */
  findings: BatchFinding[]
  /** Findings that are not listed here, and the sum of their counts. */
  moreFindings: { findings: number; count: number }
  trend: Trend | null
  /** Samples that could not be read, by id; at most 1000 of them. */
  failed: { sample: string; code: string; message: string; hint: string | null }[]
  /** Samples that were read in part, by id; at most 1000 of them. */
  partly: { sample: string; warnings: string[] }[]
  /** In how many samples each of these limits and warnings stands. */
  sampleLimits: { code: string; samples: number }[]
  sampleWarnings: { code: string; samples: number }[]
  /** What this summary itself could not hold. */
  limits: { code: string; message: string }[]
}

/** How many, where some may have been counted twice: `atLeast` ≤ `about` ≤ `atMost`, all equal where it is exact. */
export interface Count {
  about: number
  atLeast: number
  atMost: number
}

/** Connections of all samples with the same finding at the same Service or upstream endpoint. */
export interface BatchFinding {
  code: string
  severity: Severity
  title: string
  /** Who reset most of those that were reset; null where none was. */
  by: VerdictBy | null
  /** What they are counted by: the Service, else the upstream endpoint; null for a finding that is about neither. */
  place: string | null
  /** At most 20 of each, in order. */
  services: string[]
  upstreams: string[]
  upstreamCount: number
  count: Count
  /** About how many of them were reset. */
  resets: number
  /** Of all resets that is; null where none of them was reset. */
  share: number | null
  /** Of the ends that samples list. */
  firstAt: string | null
  lastAt: string | null
  /** Silence before the ends that tell it: their median, and how many of these lie within `tolerance` of it. */
  idle: { medianSeconds: number; toleranceSeconds: number; share: number; known: number } | null
  /** Five or more ends within a second of the first of them; null for none. */
  bursts: { count: number; largest: number; largestAt: string } | null
  /** Ends that samples list, in the intervals of the run's trend; null where that has none. */
  trend: number[] | null
  /** At most 100 of them, in order. */
  samples: string[]
  sampleCount: number
  /** The earliest one: where to look first. */
  example: { sample: string; connection: number | null }
}

/** Resets over the time from the first to the last of them, in equal parts. */
export interface Trend {
  from: string
  seconds: number
  bins: { bad: number; ordinary: number }[]
  /** Resets whose time is not known here: they are in the counts and not in the bins. */
  undated: number
}
