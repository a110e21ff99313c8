import type { Ending } from './ending.ts'

/** How bad something is, for exit codes and tests. */
export type Level = 'error' | 'warning' | 'info'

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
