import type { FollowInput } from './capture/follow-capture.ts'
import type { WatchEvent } from './model/watch.ts'
import type { WatchOptions } from './watch/run-watch.ts'

export type { FollowInput } from './capture/follow-capture.ts'
export type { FileSpan, WatchEvent, WatchSummary } from './model/watch.ts'
export type { WatchOptions } from './watch/run-watch.ts'

/**
 * Follows a capture that is being written (a file, a folder of rotated files, `-`, a stream) and tells each ending as
 * it happens; the summary is the last event. A file or folder is watched until `signal` aborts.
 */
export async function* watch(
  input: FollowInput,
  options: WatchOptions = {},
): AsyncGenerator<WatchEvent, void> {
  // Whoever analyzes a capture at rest need not load it.
  const { runWatch } = await import('./watch/run-watch.ts')
  yield* runWatch(input, options)
}
