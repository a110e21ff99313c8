import type { Connection, ReportStream, View } from '../model/report.ts'
import { frameLabel } from './frame-label.ts'
import { asciiText, escapeText } from './text-escape.ts'

type Cell = string | number | boolean | null

/** The columns, in their order; more may follow in later versions, behind these. */
const COLUMNS: [name: string, of: (connection: Connection) => Cell][] = [
  ['connection', ({ id }) => id],
  ['client_address', ({ client }) => client.address],
  ['client_port', ({ client }) => client.port],
  ['client_name', ({ client }) => client.name],
  ['upstream_address', ({ upstream }) => upstream.address],
  ['upstream_port', ({ upstream }) => upstream.port],
  ['upstream_name', ({ upstream }) => upstream.name],
  ['started_at', ({ startedAt }) => startedAt],
  ['ended_at', ({ endedAt }) => endedAt],
  ['duration_seconds', ({ durationSeconds }) => durationSeconds],
  ['protocol', ({ protocol }) => protocol],
  ['server_name', ({ tls }) => tls?.sni ?? null],
  ['termination', ({ termination }) => termination],
  ['detail', ({ detail }) => detail],
  ['ordinary', ({ benign }) => benign],
  ['reset_by', ({ firstReset }) => firstReset?.by ?? null],
  ['reset_confidence', ({ firstReset }) => firstReset?.confidence ?? null],
  ['reset_caused_by', ({ firstReset }) => firstReset?.causedBy ?? null],
  ['reset_at', ({ firstReset }) => firstReset?.at ?? null],
  ['idle_seconds', ({ firstReset }) => firstReset?.idleSeconds ?? null],
  ['first_close_by', ({ firstClose }) => firstClose?.by ?? null],
  ['first_close_kind', ({ firstClose }) => firstClose?.kind ?? null],
  ['cause', ({ causes }) => causes[0]?.id ?? null],
  ['cause_code', ({ causes }) => causes[0]?.code ?? null],
  ['cause_confidence', ({ causes }) => causes[0]?.confidence ?? null],
  ['cause_why', ({ causes }) => causes[0]?.why ?? null],
  ['evidence', evidenceCell],
  [
    'seen_at',
    (connection) =>
      viewsOf(connection)
        .map(([id]) => id)
        .join(' '),
  ],
  ['frames', framesCell],
  ['packets', (connection) => viewsOf(connection)[0]?.[1].packets ?? null],
  ['bytes_from_client', (connection) => viewsOf(connection)[0]?.[1].bytes.fromClient ?? null],
  ['bytes_from_upstream', (connection) => viewsOf(connection)[0]?.[1].bytes.fromUpstream ?? null],
  ['match', ({ match }) => match?.method ?? null],
  ['unmatched_reason', ({ unmatchedReason }) => unmatchedReason],
  [
    'links',
    ({ links }) => links.map(({ relation, connection }) => `${relation} ${connection}`).join('; '),
  ],
  [
    'log_lines',
    ({ accessLog }) => accessLog.map(({ source, line }) => `${source}:${line}`).join('; '),
  ],
  ['log_codes', ({ accessLog }) => distinct(accessLog.map(({ code }) => String(code ?? '-')))],
  ['log_flags', ({ accessLog }) => distinct(accessLog.flatMap(({ flags }) => flags))],
]

/** One connection a row (RFC 4180), below a row of the columns' names; what a spreadsheet would take for a formula is text. */
export function* writeCsv(
  stream: Pick<ReportStream, 'connections'>,
  { ascii = false }: { ascii?: boolean } = {},
): Iterable<string> {
  yield `${COLUMNS.map(([name]) => name).join(',')}\r\n`
  const clean = ascii ? (text: string) => asciiText(escapeText(text)) : escapeText
  for (const connection of stream.connections()) {
    yield `${COLUMNS.map(([, of]) => csvCell(of(connection), clean)).join(',')}\r\n`
  }
}

/**
 * A spreadsheet computes what begins with one of these, in their full-width forms too; an apostrophe before it makes it
 * a text. Quotes are put around semicolons and tabs as well: in some countries they separate cells.
 */
const FORMULA = /^\s*[=+\-@＝＋－＠]/

function csvCell(cell: Cell, clean: (text: string) => string): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const harmless = clean(cell)
  const text = FORMULA.test(harmless) || /^[\t\r]/.test(cell) ? `'${harmless}` : harmless
  return /[",;\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Views by capture id, of the taps that saw the connection. */
function viewsOf({ views }: Connection): [id: string, view: View][] {
  return Object.entries(views).filter((entry): entry is [string, View] => entry[1] !== null)
}

function framesCell(connection: Connection): string {
  return viewsOf(connection)
    .map(([id, view]) => `${frameLabel(id, view.firstFrame)}-${view.lastFrame}`)
    .join(' ')
}

/** The frames that show the end. */
function evidenceCell({ firstReset }: Connection): string {
  const frames = (firstReset?.evidence ?? []).flatMap(({ capture, frame }) =>
    frame === null ? [] : [frameLabel(capture, frame)],
  )
  return distinct(frames)
}

function distinct(texts: string[]): string {
  return [...new Set(texts)].join(' ')
}
