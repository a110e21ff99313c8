import { levelOf } from '../model/ending-level.ts'
import type { Report, ReportStream } from '../model/report.ts'
import { EXIT } from './exit-code.ts'

export type FailOn = 'never' | 'error' | 'warning' | 'info'

const RANK: Record<FailOn, number> = { never: 0, error: 3, warning: 2, info: 1 }

/** The exit code of a finished report. It does not know the output format, so it cannot depend on it. */
export function exitCode(stream: ReportStream, failOn: FailOn): number {
  if (failOn !== 'never' && reaches(stream, RANK[failOn])) return EXIT.failed
  return isPartial(stream.head) ? EXIT.partly : EXIT.done
}

function reaches(stream: ReportStream, rank: number): boolean {
  if (stream.head.findings.some((finding) => RANK[finding.severity] >= rank)) return true
  for (const { ending } of stream.endings().counts) {
    const level = levelOf(ending)
    if (level !== null && RANK[level] >= rank) return true
  }
  return false
}

/** Oddities of a file that cost nothing: all of it was read. */
const LOSSLESS = new Set(['unusual-version', 'no-packet-times', 'bad-time-resolution'])
/** Losses that have no place in the file. */
const LOSSY = new Set(['too-many-interfaces', 'truncated-compression', 'damaged-compression'])

/** A warning that names a byte offset is damage there, unless it is known to cost nothing. */
function isPartial(head: Pick<Report, 'captures'>): boolean {
  return head.captures.some(({ warnings }) =>
    warnings.some(
      ({ code, offset }) => LOSSY.has(code) || (offset !== null && !LOSSLESS.has(code)),
    ),
  )
}
