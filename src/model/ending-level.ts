import type { Ending } from './ending.ts'
import type { ReportStream } from './report.ts'

/** How bad something is, for exit codes and tests. */
export type Level = 'error' | 'warning' | 'info'

export const LEVEL_RANK = { error: 3, warning: 2, info: 1 } as const satisfies Record<Level, number>

const BAD_WITHOUT_RESET = new Set(['silent-loss', 'stalled', 'truncated-response'])

/**
 * How bad the end of one connection is: error = a reset that is not ordinary, or an aborted TLS handshake; warning =
 * any other end that is not ordinary; info = a reset all the same.
 */
export function levelOf(ending: Ending): Level | null {
  const { benign, by, termination, detail, ignoredReset, cause } = ending
  if (!benign && (by !== null || termination === 'tls-aborted')) return 'error'
  const named = cause !== null && cause.id !== 'healthy'
  const failed = termination === 'handshake-never-completed' || BAD_WITHOUT_RESET.has(detail)
  if (!benign && (failed || named)) return 'warning'
  return by !== null || ignoredReset ? 'info' : null
}

/** The worst of a report's findings and ends; null where there is none. */
export function worstLevel(stream: ReportStream): Level | null {
  let worst: Level | null = null
  const note = (level: Level | null) => {
    if (level !== null && (worst === null || LEVEL_RANK[level] > LEVEL_RANK[worst])) worst = level
  }
  for (const { severity } of stream.head.findings) note(severity)
  for (const { ending } of stream.endings().counts) note(levelOf(ending))
  return worst
}
