import { isLoss, isReadInPart } from '../model/damage.ts'
import { LEVEL_RANK, type Level, worstLevel } from '../model/ending-level.ts'
import type { ReportStream } from '../model/report.ts'
import type { WatchSummary } from '../model/watch.ts'
import { EXIT } from './exit-code.ts'

export type FailOn = 'never' | Level

/** The exit code of a finished report. It does not know the output format, so it cannot depend on it. */
export function exitCode(stream: ReportStream, failOn: FailOn): number {
  if (failOn !== 'never' && isReached(worstLevel(stream), failOn)) return EXIT.failed
  return isReadInPart(stream.head) ? EXIT.partly : EXIT.done
}

/** The same of a watch, by the worst that it saw and what was wrong with the files. */
export function watchExitCode(
  { worst, warnings }: Pick<WatchSummary, 'worst' | 'warnings'>,
  failOn: FailOn,
): number {
  if (isReached(worst, failOn)) return EXIT.failed
  return warnings.some(isLoss) ? EXIT.partly : EXIT.done
}

/** Whether something as bad as this makes a run fail. */
export function isReached(worst: Level | null, failOn: FailOn): boolean {
  return failOn !== 'never' && worst !== null && LEVEL_RANK[worst] >= LEVEL_RANK[failOn]
}
