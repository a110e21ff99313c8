import type { Case, Surroundings } from '../model/case.ts'
import type { Cause } from '../model/report.ts'
import { causesOf } from './causes.ts'
import { withCluster } from './with-cluster.ts'
import { withLines } from './with-lines.ts'

/** Why a connection ended as it did, by its packets and by what else is known; best explanation first. */
export function whyOf(c: Case, around: Surroundings): Cause[] {
  return withLines(withCluster(causesOf(c, around), c, around), c, around)
}
