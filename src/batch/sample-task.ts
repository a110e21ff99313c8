import type { EngineOptions } from '../index.ts'
import type { ReportFormat } from '../render.ts'
import type { RenderOptions } from '../reports/renderers.ts'
import type { Sample } from './sample.ts'

/** What a run asks of every sample; plain data. */
export interface SampleOptions
  extends Pick<
    EngineOptions,
    'reader' | 'server' | 'at' | 'clockOffsetSeconds' | 'selection' | 'accessLogFormat'
  > {
  /** Bound for what is held of one sample's packets, in bytes. */
  maxMemory?: number
  /** Beside every sample's own. */
  accessLogs: string[]
  kubernetes: string[]
  /** How its reports are written. */
  render: Pick<RenderOptions, 'all' | 'time' | 'width' | 'ascii'>
  /** Pseudonyms instead of addresses and names; null without. */
  redactKey: string | null
}

/** One sample of a run. Plain data: it travels between threads and machines. */
export interface SampleTask {
  sample: Sample
  /** As in `SampleRow.key`. */
  key: string
  options: SampleOptions
  /** Threads for this one sample; the result does not depend on it. */
  jobs: number
  /** Folder of the results; null where only the row is wanted. */
  results: string | null
  /** Which reports are written to the sample's folder, and under which names. */
  reports: { format: ReportFormat; file: string }[]
  /** Folder in which the rows of its connections are left for a table of all; null without one. */
  rows: string | null
}
