import { escapeJson } from '../../reports/text-escape.ts'
import type { BatchComparison } from './baseline.ts'
import type { BatchSummary } from './batch-summary.ts'

/** A summary, and beside it what is new since an earlier run, as one JSON object; the same values give the same bytes. */
export function batchJson(
  summary: BatchSummary,
  comparison: BatchComparison | null = null,
): string {
  const value = comparison === null ? summary : { ...summary, comparison }
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`
}
