import type { Connection, Report, ReportStream } from '../model/report.ts'
import type { WatchEvent } from '../model/watch.ts'

/** What the commands ask of the engine; `src/engine.ts` offers it. */
export interface Engine {
  analyzeStream(input: string[], options: EngineOptions): Promise<ReportStream>
  compareStream(
    inputs: { client: string[]; upstream: string[] },
    options: EngineOptions,
  ): Promise<ReportStream>
  watch(input: string, options: WatchOptions): AsyncIterable<WatchEvent>
  /** A saved report about some of its connections. */
  selectReport(report: Report, selected: readonly Connection[]): Promise<Report>
  redactionOf(stream: ReportStream, key: string): Promise<Redaction>
  collectEvidence(stream: ReportStream, options: EvidenceOptions): Promise<EvidencePackets>
}

export interface WatchOptions {
  signal?: AbortSignal
  server?: { host: string; port: number } | undefined
  at?: 'client' | 'upstream' | undefined
  selection?: Selection
  goneAfterNs?: number
  maxMemory?: number
}

export interface EvidenceOptions {
  withPayload?: boolean
  reader?: 'auto' | 'native-free' | 'pcap-parser'
  signal?: AbortSignal
  redaction?: Redaction | undefined
}

/** What makes pseudonyms; to the command line it is opaque but for the stream. */
export type Redaction = import('../index.ts').Redaction

export interface EvidencePackets {
  captures: string[]
  connections: number
  packets: number
  notes: string[]
  blocks(capture?: string): Iterable<Uint8Array>
}

export interface EngineOptions {
  jobs?: number
  maxMemory?: number
  reader?: 'auto' | 'native-free' | 'pcap-parser'
  hash?: boolean
  signal?: AbortSignal
  onProgress?: (progress: EngineProgress) => void
  server?: { host: string; port: number } | undefined
  at?: 'client' | 'upstream'
  clockOffsetSeconds?: number
  selection?: Selection
  kubernetes?: readonly string[]
  accessLogs?: { input: string }[]
  accessLogFormat?: string
  line?: string
}

export interface EngineProgress {
  capture: string
  bytesRead: number
  totalBytes: number | null
  packets: number
}

export interface Selection {
  host?: string
  port?: number
  connection?: number
  since?: string
  until?: string
}
