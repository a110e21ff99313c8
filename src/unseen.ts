import type { ConnectionSet } from './model/connection-set.ts'

/** Segments that were acknowledged though the capture does not show them, over all connections. */
export function unseenIn(set: ConnectionSet): number {
  let sum = 0
  for (let i = 0; i < set.count; i++) sum += set.unseenSegments(i)
  return sum
}
