import type { ConnectionSet, EndpointTable } from '../model/connection-set.ts'
import { type Leg, legOf } from './legs.ts'

/** Connections of one capture that are looked at; of more, the rest is counted. */
const MOST_LEGS = 20_000

/** The connections of a report, by its captures. */
export interface LegRows {
  count: number
  sets: readonly ConnectionSet[]
  /** Which connection of a capture a row is; -1 where it did not see it. */
  indexAt(tap: number, row: number): number
  /** A new table for endpoints. */
  newTable(): EndpointTable
}

export interface CandidateLegs {
  legs: Leg[]
  passedOver: number
}

/** The legs that one capture may link: those that meet another one's address, and those that `isWanted` wants besides. */
export function candidateLegs(
  rows: LegRows,
  tap: number,
  isWanted: (row: number) => boolean,
): CandidateLegs {
  const set = rows.sets[tap]!
  const meets = meetingRows(rows, tap)
  const legs: Leg[] = []
  let passedOver = 0
  for (let row = 0; row < rows.count; row++) {
    const index = rows.indexAt(tap, row)
    if (index < 0 || !set.asks(index)) continue
    if (!meets(index) && !set.isNamed(index) && !isWanted(row)) continue
    if (legs.length === MOST_LEGS) {
      passedOver++
      continue
    }
    const leg = legOf(set, index, row)
    if (leg !== null) legs.push(leg)
  }
  return { legs, passedOver }
}

const AS_CLIENT = 1
const AS_UPSTREAM = 2
const AS_BOTH = AS_CLIENT | AS_UPSTREAM

/**
 * Does a connection end at an address that is the client of one and the upstream of another, as a proxy's is? Cheap: it
 * reads addresses only, and rules out nearly everything in a capture without proxies. A capture of loopback is a
 * host's own; there any connection may be a leg.
 */
function meetingRows(rows: LegRows, tap: number): (index: number) => boolean {
  const set = rows.sets[tap]!
  const ids = rows.newTable()
  const uses: number[] = []
  for (let index = 0; index < set.count; index++) {
    const client = set.addressId(index, 'client', ids)
    const upstream = set.addressId(index, 'upstream', ids)
    uses[client] = (uses[client] ?? 0) | AS_CLIENT
    uses[upstream] = (uses[upstream] ?? 0) | AS_UPSTREAM
  }
  for (let id = 0; id < ids.count; id++) {
    if (ids.isLoopback(id)) return () => true
  }
  return (index) =>
    uses[set.addressId(index, 'client', ids)] === AS_BOTH ||
    uses[set.addressId(index, 'upstream', ids)] === AS_BOTH
}
