import type { Connection, View, Workload } from '../../model/report.ts'
import { connectionKey } from '../connection-key.ts'

export type Cell = string | number | boolean | null

/** `time`: microseconds since 1970, UTC. `small`: a whole number below 2^31, `count`: one below 2^53. */
export type ColumnType = 'text' | 'small' | 'count' | 'number' | 'boolean' | 'time'

export interface ConnectionColumn {
  name: string
  type: ColumnType
  /** False: no row is without. */
  nullable: boolean
  of(connection: Connection, sample: string): Cell
}

const of = (
  name: string,
  type: ColumnType,
  cell: ConnectionColumn['of'],
  nullable = true,
): ConnectionColumn => ({ name, type, nullable, of: cell })

/** As `of`, with a value in every row. */
const always = (name: string, type: ColumnType, cell: ConnectionColumn['of']) =>
  of(name, type, cell, false)

/**
 * The columns of the table of connections, in their order; `docs/batch-results.md` says what they mean. More may follow
 * in later versions, behind these.
 */
export const CONNECTION_COLUMNS: readonly ConnectionColumn[] = [
  always('sample', 'text', (_, sample) => sample),
  always('connection', 'small', ({ id }) => id),
  always('key', 'text', connectionKey),
  always('client_address', 'text', ({ client }) => client.address),
  always('client_port', 'small', ({ client }) => client.port),
  of('client_name', 'text', ({ client }) => client.name),
  always('upstream_address', 'text', ({ upstream }) => upstream.address),
  always('upstream_port', 'small', ({ upstream }) => upstream.port),
  of('upstream_name', 'text', ({ upstream }) => upstream.name),
  ...workloadColumns('client'),
  ...workloadColumns('upstream'),
  always('started_at', 'time', ({ startedAt }) => microsOf(startedAt)),
  always('ended_at', 'time', ({ endedAt }) => microsOf(endedAt)),
  always('duration_seconds', 'number', ({ durationSeconds }) => durationSeconds),
  always('protocol', 'text', ({ protocol }) => protocol),
  of('server_name', 'text', ({ tls }) => tls?.sni ?? null),
  of('tls_version', 'text', ({ tls }) => tls?.version ?? null),
  of('tls_stage', 'text', ({ tls }) => tls?.stage ?? null),
  of('tls_alert', 'text', ({ tls }) => tls?.alert ?? null),
  always('termination', 'text', ({ termination }) => termination),
  always('detail', 'text', ({ detail }) => detail),
  always('ordinary', 'boolean', ({ benign }) => benign),
  of('reset_by', 'text', ({ firstReset }) => firstReset?.by ?? null),
  of('reset_confidence', 'text', ({ firstReset }) => firstReset?.confidence ?? null),
  of('reset_caused_by', 'text', ({ firstReset }) => firstReset?.causedBy ?? null),
  of('reset_at', 'time', ({ firstReset }) => (firstReset ? microsOf(firstReset.at) : null)),
  of('reset_anatomy', 'text', ({ firstReset }) => firstReset?.anatomy ?? null),
  of('reset_acceptance', 'text', ({ firstReset }) => firstReset?.acceptance ?? null),
  of('idle_seconds', 'number', ({ firstReset }) => firstReset?.idleSeconds ?? null),
  always('crossed_in_flight', 'boolean', ({ crossedInFlight }) => crossedInFlight),
  always('ignored_resets', 'small', ({ ignoredResets }) => ignoredResets.length),
  of('first_close_by', 'text', ({ firstClose }) => firstClose?.by ?? null),
  of('first_close_kind', 'text', ({ firstClose }) => firstClose?.kind ?? null),
  of('cause', 'text', ({ causes }) => causes[0]?.id ?? null),
  of('cause_code', 'text', ({ causes }) => causes[0]?.code ?? null),
  of('cause_confidence', 'text', ({ causes }) => causes[0]?.confidence ?? null),
  always('seen_at', 'text', (connection) => seenAt(connection)),
  of('packets', 'count', (connection) => viewOf(connection)?.packets ?? null),
  of('bytes_from_client', 'count', (connection) => viewOf(connection)?.bytes.fromClient ?? null),
  of(
    'bytes_from_upstream',
    'count',
    (connection) => viewOf(connection)?.bytes.fromUpstream ?? null,
  ),
  of('unseen_segments', 'count', (connection) => viewOf(connection)?.unseenSegments ?? null),
  of('midstream', 'boolean', (connection) => viewOf(connection)?.midstream ?? null),
  of('history', 'text', (connection) => viewOf(connection)?.history ?? null),
  of('tunnel', 'text', (connection) => viewOf(connection)?.tunnel ?? null),
  of('match', 'text', ({ match }) => match?.method ?? null),
  of('unmatched_reason', 'text', ({ unmatchedReason }) => unmatchedReason),
  of('nat_client', 'text', ({ nat }) => nat?.client ?? null),
  of('nat_upstream', 'text', ({ nat }) => nat?.upstream ?? null),
  of('proxied_to', 'small', (connection) => linkTo(connection, 'proxied-to')),
  of('proxied_from', 'small', (connection) => linkTo(connection, 'proxied-from')),
  of('log_code', 'count', ({ accessLog }) => accessLog.at(-1)?.code ?? null),
  of('log_flags', 'text', ({ accessLog }) => flagsOf(accessLog)),
]

function workloadColumns(side: 'client' | 'upstream'): ConnectionColumn[] {
  const one = (name: string, cell: (workload: Workload) => Cell) =>
    of(`${side}_${name}`, 'text', ({ workload }) => {
      const found = workload?.[side] ?? null
      return found === null ? null : cell(found)
    })
  return [
    one('namespace', ({ namespace }) => namespace),
    one('service', ({ service }) => service),
    one('pod', ({ podName }) => podName),
    one('owner', ({ owner }) => owner),
    one('node', ({ node }) => node),
  ]
}

/** The first capture's view that saw it. */
function viewOf({ views }: Connection): View | null {
  for (const view of Object.values(views)) if (view !== null) return view
  return null
}

function seenAt({ views }: Connection): string {
  return Object.keys(views)
    .filter((id) => views[id] !== null)
    .join(' ')
}

function linkTo(
  { links }: Connection,
  relation: Connection['links'][number]['relation'],
): number | null {
  return links.find((link) => link.relation === relation)?.connection ?? null
}

function flagsOf(lines: Connection['accessLog']): string | null {
  return lines.length === 0 ? null : [...new Set(lines.flatMap(({ flags }) => flags))].join(' ')
}

/** Microseconds since 1970; what is finer is cut off. */
function microsOf(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26))
}
