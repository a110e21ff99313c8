/**
 * What the command line asks of the engine, each part loaded when it is asked for: finding and compiling a file costs
 * more than running what is in it (ARCHITECTURE, *What a start costs*). The library is `index.ts`.
 */
import type { Connection, Report, ReportStream } from './model/report.ts'
import type { Redaction } from './redact/redaction.ts'

export const analyzeStream: typeof import('./analyze.ts').analyzeStream = async (...asked) =>
  (await import('./analyze.ts')).analyzeStream(...asked)

export const compareStream: typeof import('./compare.ts').compareStream = async (...asked) =>
  (await import('./compare.ts')).compareStream(...asked)

export const collectEvidence: typeof import('./collect-evidence.ts').collectEvidence = async (
  ...asked
) => (await import('./collect-evidence.ts')).collectEvidence(...asked)

export const watch: typeof import('./watch.ts').watch = async function* (...asked) {
  yield* (await import('./watch.ts')).watch(...asked)
}

export const selectReport = async (
  report: Report,
  selected: readonly Connection[],
): Promise<Report> => (await import('./select-report.ts')).selectReport(report, selected)

/** What replaces addresses and names of a report; equal keys make equal pseudonyms. */
export async function redactionOf(stream: ReportStream, key: string): Promise<Redaction> {
  const { Redaction } = await import('./redact/redaction.ts')
  return new Redaction(stream, key)
}
