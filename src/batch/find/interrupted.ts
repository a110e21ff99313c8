import { RstscopeError } from '../../errors.ts'

/** Throws when the run was stopped. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return
  throw new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted', null, { cause: signal.reason })
}
