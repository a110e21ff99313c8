import type { Case, Surroundings } from '../model/case.ts'
import type { Cause } from '../model/report.ts'
import { causesOf, leadingCause } from './causes.ts'
import { withCluster } from './with-cluster.ts'
import { causeByLines, withLines } from './with-lines.ts'

/** Why a connection ended as it did, by its packets and by what else is known; best explanation first. */
export function whyOf(c: Case, around: Surroundings): Cause[] {
  return withLines(withCluster(causesOf(c, around), c, around), c, around)
}

/** The first of `whyOf`, as far as it is counted; null for none. */
export function leadingWhy(
  c: Case,
  around: Surroundings,
): { id: string; confidence: Cause['confidence'] } | null {
  // Lists may replace the first cause by what the others say.
  if (!c.outcome.benign && around.cluster !== null) return whyOf(c, around)[0] ?? null
  return causeByLines(c, around) ?? leadingCause(c, around)
}
