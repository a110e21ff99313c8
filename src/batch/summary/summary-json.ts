import { escapeJson } from '../../reports/text-escape.ts'
import type { BatchComparison } from './baseline.ts'
import type { BatchSummary } from './batch-summary.ts'

/** A summary or a comparison as a JSON file; the same value gives the same bytes. */
export function batchJson(value: BatchSummary | BatchComparison): string {
  return `${escapeJson(JSON.stringify(value, null, 2))}\n`
}
