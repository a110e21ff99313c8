import { RstscopeError } from './errors.ts'
import type { Connection } from './model/report.ts'

/** Which connections a report is about. Times are RFC 3339, in the client capture's clock. */
export interface Selection {
  host?: string
  port?: number
  connection?: number
  since?: string
  until?: string
}

/** Does a connection belong to the selection? It does when any of its addresses at any tap, or its time, fits. */
export function isSelected(connection: Connection, selection: Selection): boolean {
  const { host, port, since, until } = selection
  if (selection.connection !== undefined && connection.id !== selection.connection) return false
  if (since !== undefined && connection.endedAt < normalTime(since, 'since')) return false
  if (until !== undefined && connection.startedAt > normalTime(until, 'until')) return false
  if (host === undefined && port === undefined) return true
  const pairs = Object.values(connection.views).flatMap((view) =>
    view === null ? [] : [view, ...view.alsoSeenAs],
  )
  const ends = pairs.flatMap((pair) => [pair.client, pair.upstream])
  // As in a capture filter: the host may be one end and the port the other's.
  return (
    (host === undefined || ends.some((e) => e.address === host)) &&
    (port === undefined || ends.some((e) => e.port === port))
  )
}

/** A time as the report writes it, so that text order is time order. */
function normalTime(text: string, name: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`)
  if (match === null || Number.isNaN(seconds)) {
    throw new RstscopeError('RSTSCOPE_USAGE', `${name}: not an RFC 3339 time: ${text}`)
  }
  const whole = new Date(seconds).toISOString().slice(0, 19)
  return `${whole}.${(match[2] ?? '').padEnd(9, '0')}Z`
}
