import type { Connection, Report } from '../model/report.ts'
import { parseTime } from '../reports/time-format.ts'
import type { OptionValues } from './options.ts'

type Selection = Pick<OptionValues, 'connection' | 'host' | 'port' | 'since' | 'until'>

/** Whether any flag chooses among connections. */
export function isSelective({ connection, host, port, since, until }: Selection): boolean {
  return [connection, host, port, since, until].some((value) => value !== undefined)
}

/** The connections of a saved report that `compare` and `analyze` would have chosen by the same flags. */
export function selectedOf(report: Report, selection: Selection): Connection[] {
  const { connection: id, host, port } = selection
  const since = limitOf(selection.since)
  const until = limitOf(selection.until)
  return report.connections.filter((connection) => {
    if (id !== undefined && connection.id !== id) return false
    if (since !== null && (parseTime(connection.endedAt) ?? since) < since) return false
    if (until !== null && (parseTime(connection.startedAt) ?? until) > until) return false
    return hasEnds(connection, host, port)
  })
}

/** The host may be one end and the port the other's, at any tap. */
function hasEnds(connection: Connection, host?: string, port?: number): boolean {
  const views = Object.values(connection.views).filter((view) => view !== null)
  const pairs = [connection, ...views, ...views.flatMap(({ alsoSeenAs }) => alsoSeenAs)]
  const ends = pairs.flatMap(({ client, upstream }) => [client, upstream])
  const hostFits = host === undefined || ends.some(({ address }) => address === host)
  return hostFits && (port === undefined || ends.some((end) => end.port === port))
}

/** Ns since 1970 of a time that the parser of flags has let through. */
function limitOf(text: string | undefined): bigint | null {
  const parts = /^(.{19})(?:\.(\d{1,9}))?(.+)$/.exec(text ?? '')
  if (parts === null) return null
  const milliseconds = Date.parse(`${parts[1]}${parts[3]}`)
  return BigInt(milliseconds) * 1_000_000n + BigInt((parts[2] ?? '').padEnd(9, '0'))
}
