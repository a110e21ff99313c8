import type { Case, Surroundings } from '../model/case.ts'
import type { Cause } from '../model/report.ts'

/** Why a connection ended as it did, best explanation first. */
export function causesOf(_c: Case, _around: Surroundings): Cause[] {
  return []
}
