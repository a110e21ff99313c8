import type { ProxyHeader } from '../model/application.ts'
import { endpointText } from '../model/case.ts'
import type { ConnectionSet, EndpointTable } from '../model/connection-set.ts'
import { type Leg, legOf } from './legs.ts'

/** Connections of one capture that are looked at; of more, the rest is counted. */
export const MOST_LEGS = 20_000
/** And as many requests of them. */
const MOST_REQUESTS = 200_000

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
  const looked = new Set<number>()
  let requests = 0
  let passedOver = 0
  const look = (isCandidate: (index: number, row: number) => boolean) => {
    for (let row = 0; row < rows.count; row++) {
      const index = rows.indexAt(tap, row)
      if (index < 0 || looked.has(row) || !isCandidate(index, row)) continue
      if (looked.size === MOST_LEGS || requests >= MOST_REQUESTS) {
        passedOver++
        continue
      }
      looked.add(row)
      const leg = legOf(set, index, row)
      if (leg === null) continue
      legs.push(leg)
      requests += leg.requests.length
    }
  }
  look((index, row) => meets(index) || (set.asks(index) && (set.isNamed(index) || isWanted(row))))
  const sources = new Set(
    legs.flatMap(({ proxyHeader }) => (proxyHeader ? [sourceText(proxyHeader)] : [])),
  )
  if (sources.size > 0 && passedOver === 0)
    look((index) => sources.has(endpointText(set.endpoints(index).client)))
  return { legs, passedOver }
}

/** Who the proxy in front says it speaks for, as a capture of its own would name it. */
export function sourceText({ source: { address, port } }: ProxyHeader): string {
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : ''
  return endpointText({ address: mapped.includes('.') ? mapped : address, port })
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
  if (!uses.includes(AS_BOTH)) return () => false
  return (index) =>
    uses[set.addressId(index, 'client', ids)] === AS_BOTH ||
    uses[set.addressId(index, 'upstream', ids)] === AS_BOTH
}
