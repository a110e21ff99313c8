import { isTcpLine, type LogLine } from '../../model/access-log.ts'
import { saysFailure } from './response-flags.ts'

/**
 * Does a line tell of a request that failed: by a flag, a 5xx, or no response at all? A TCP line has no code, and no
 * flag for a reset in mid-stream: there a termination detail or a detected reset counts.
 */
export function isFailure(line: LogLine): boolean {
  if (saysFailure(line.flags)) return true
  if (line.code !== null && line.code >= 500) return true
  if (!isTcpLine(line)) return line.code === 0
  const { downstream, upstream } = line.detectedClose
  return line.terminationDetails !== null || isReset(downstream) || isReset(upstream)
}

function isReset(detected: string | null): boolean {
  return detected === 'LocalReset' || detected === 'RemoteReset'
}
