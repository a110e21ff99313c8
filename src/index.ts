/**
 * rstscope as a library: who reset a TCP connection, and why, from the captures of one or both sides.
 */
export { analyze, analyzeStream } from './analyze.ts'
export { collectEvidence, type EvidenceOptions } from './collect-evidence.ts'
export { type CompareInputs, compare, compareStream } from './compare.ts'
export type { AccessLogInput } from './context/access-log/join-logs.ts'
export { CATALOGUE as FINDINGS, type CatalogueEntry } from './diagnosis/catalogue.ts'
export type { CaptureInput, EngineOptions, Progress } from './engine-options.ts'
export { RstscopeError, type RstscopeErrorCode } from './errors.ts'
export type {
  AccessLog,
  AccessLogLine,
  Capture,
  Cause,
  Connection,
  Evidence,
  FirstReset,
  Report,
  ReportStream,
  Verdict,
  View,
} from './model/report.ts'
export { parseReport } from './parse-report.ts'
export { Redaction, redact } from './redact/redaction.ts'
export { type ReportFormat, render } from './render.ts'
export type { RenderOptions } from './reports/renderers.ts'
export type { Selection } from './selection.ts'
export {
  type FileSpan,
  type FollowInput,
  type WatchEvent,
  type WatchOptions,
  type WatchSummary,
  watch,
} from './watch.ts'
