import type { Report } from './report.ts'

/** Oddities of a file that cost nothing: all of it was read. */
const LOSSLESS = new Set(['unusual-version', 'no-packet-times', 'bad-time-resolution'])
/** Losses that have no place in the file. */
const LOSSY = new Set(['too-many-interfaces', 'truncated-compression', 'damaged-compression'])

/** Whether a capture was read in part only. */
export function isReadInPart(head: {
  captures: Pick<Report['captures'][number], 'warnings'>[]
}): boolean {
  return head.captures.some(({ warnings }) => warnings.some(isLoss))
}

/** A warning that names a byte offset is damage there, unless it is known to cost nothing. */
export function isLoss({ code, offset }: { code: string; offset: number | null }): boolean {
  return LOSSY.has(code) || (offset !== null && !LOSSLESS.has(code))
}
