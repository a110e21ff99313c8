import type { Cases } from './compare-cases.ts'
import { RstscopeError } from './errors.ts'

/** Which connections a report is about. Times are RFC 3339, in the client capture's clock. */
export interface Selection {
  host?: string
  port?: number
  connection?: number
  since?: string
  until?: string
}

/**
 * Does a connection (by its index) belong to the selection? It does when any of its addresses at any tap, or its time,
 * fits, and it is `among` those that something else selected. Makes no object of a connection that was seen under one pair of addresses.
 */
export function selector(
  cases: Cases,
  selection: Selection,
  among: ReadonlySet<number> | null = null,
): (index: number) => boolean {
  const { host, port, connection } = selection
  const since = selection.since === undefined ? FIRST_NS : limitOf(selection.since, 'since')
  const until = selection.until === undefined ? LAST_NS : limitOf(selection.until, 'until')
  const base = cases.bases[0]!
  // Relative ns; null where even a time that is shown clamped lies within.
  const after = since <= FIRST_NS ? null : since - base
  const before = until >= LAST_NS ? null : until - base
  return (index) => {
    if (among !== null && !among.has(index)) return false
    if (connection !== undefined && index + 1 !== connection) return false
    if (after !== null && Math.round(cases.endTime(index)) < after) return false
    if (before !== null && Math.round(cases.startTime(index)) > before) return false
    return (host === undefined && port === undefined) || hasEnds(cases, index, host, port)
  }
}

/** As in a capture filter: the host may be one end and the port the other's. */
function hasEnds(
  cases: Cases,
  index: number,
  host: string | undefined,
  port: number | undefined,
): boolean {
  let hostSeen = host === undefined
  let portSeen = port === undefined
  for (const [tap, set] of cases.sets.entries()) {
    const at = cases.indexAt(tap, index)
    if (at < 0) continue
    const pairs = [set.endpoints(at), ...(set.hasFolds(at) ? set.view(at).alsoSeenAs : [])]
    for (const { client, upstream } of pairs) {
      hostSeen ||= client.address === host || upstream.address === host
      portSeen ||= client.port === port || upstream.port === port
    }
  }
  return hostSeen && portSeen
}

/** The years that the report can write (RFC 3339). */
const FIRST_NS = -62_167_219_200_000_000_000n
const LAST_NS = 253_402_300_799_999_999_999n

/** Ns since 1970 of an RFC 3339 time. */
function limitOf(text: string, name: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const milliseconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`)
  if (match === null || Number.isNaN(milliseconds)) {
    throw new RstscopeError('RSTSCOPE_USAGE', `${name}: not an RFC 3339 time: ${text}`)
  }
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
