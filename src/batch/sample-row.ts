import type { Level } from '../model/ending-level.ts'
import type { Severity, Summary, Verdict, VerdictBy } from '../model/report.ts'
import type { SampleCaptures } from './sample.ts'

export const SAMPLE_ROW_SCHEMA = 'rstscope.batch/1'

/** What became of a sample: all of it was read, a part (a damaged capture), or nothing. */
export type SampleStatus = 'done' | 'partly' | 'failed'

/** One line of `index.ndjson`: what a batch keeps of a sample beside its reports. Key order is that of the JSON. */
export interface SampleRow {
  schema: typeof SAMPLE_ROW_SCHEMA
  tool: { name: 'rstscope'; version: string }
  /** `Sample.id`. */
  sample: string
  /** Digest of inputs (path, size, time of change), options and version: what `--resume` compares. */
  key: string
  status: SampleStatus
  /** Why nothing could be read of it; null otherwise. */
  error: { code: string; message: string; hint: string | null } | null
  /** The worst of its findings and ends, as `--fail-on` counts; null where there is none. */
  level: Level | null
  inputs: { captures: SampleCaptures; accessLogs: string[]; kubernetes: string[]; basis: string }
  /** Paths of its reports, below the folder of the results. */
  reports: string[]
  bytes: number | null
  packets: number
  /** In the clock of its first capture; null without packets. */
  firstPacketAt: string | null
  lastPacketAt: string | null
  verdict: Pick<Verdict, 'by' | 'confidence' | 'headline' | 'cause' | 'count'> | null
  summary: Summary | null
  findings: SampleFinding[]
  /** Codes of what could not be seen, and of what was damaged, each once. */
  limits: string[]
  warnings: string[]
}

/** Connections of a sample with the same finding at the same upstream endpoint. */
export interface SampleFinding {
  /** RS241. */
  code: string
  severity: Severity
  title: string
  /** Who reset; null where nobody did. */
  by: VerdictBy | null
  /** `10.8.1.15:8443`, as the upstream side knows it; null for a finding that is about no connection. */
  upstream: string | null
  /** `shop/cart`, where Kubernetes lists were given. */
  service: string | null
  count: number
  /** When the first and the last of the listed ones ended. */
  firstAt: string | null
  lastAt: string | null
  /** Report ids of at most 1000 of them, and for each of these what tells the same connection in other captures. */
  ends: FoundEnd[]
}

/** One connection of a finding. */
export interface FoundEnd {
  /** Its id in the sample's report. */
  connection: number
  /**
   * The same for the same connection in whatever capture, through NAT and whatever the clocks say (connection-key.ts):
   * both initial sequence numbers; without the SYNs its ends and the second in which it ended.
   */
  key: string
  endedAt: string
  /** Who reset it first; null where nobody did. */
  by: VerdictBy | null
  /** Silence before the reset; null without one. */
  idleSeconds: number | null
}
