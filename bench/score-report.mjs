/** Compares a report of `compare` with what is known to have happened (a truth.json), connection by connection. */

const CLASSES = {
  rst: ['rst-without-fin'],
  open: ['open'],
  'handshake-incomplete': ['handshake-never-completed'],
  'tls-aborted': ['tls-aborted'],
}
const FLIPPED = { client: 'upstream', upstream: 'client' }

/**
 * One row for each connection of the truth: `class` and `who` are 'right', 'wrong' or, for who, 'abstained';
 * `certain` says whether the report was. `found` is false for a connection that the report does not have.
 */
export function scoreReport(report, truth) {
  const tables = { client: tableOf(report, 'client'), upstream: tableOf(report, 'upstream') }
  return truth.connections.map((row) => {
    const hit = find(tables.client, row.client_view) ?? find(tables.upstream, row.upstream_view)
    const expected = { classes: allowedClasses(row), who: expectedWho(row) }
    const base = {
      id: row.id,
      cause: row.cause,
      wantedClasses: expected.classes,
      wantedWho: expected.who,
    }
    if (!hit)
      return {
        ...base,
        found: false,
        class: 'wrong',
        who: 'wrong',
        certain: false,
        gotClass: null,
        gotWho: null,
      }
    const { connection, isSwapped } = hit
    const by = connection.firstReset?.by ?? null
    const gotWho = isSwapped ? (FLIPPED[by] ?? by) : by
    return {
      ...base,
      found: true,
      gotClass: connection.termination,
      gotWho,
      class: expected.classes.includes(connection.termination) ? 'right' : 'wrong',
      who: judgeWho(row, expected.who, gotWho),
      certain: connection.firstReset?.confidence === 'certain',
    }
  })
}

function expectedWho(row) {
  if (row.first_rst_by === 'none') return null
  return row.first_rst_by === 'middlebox' ? 'between' : row.first_rst_by
}

function judgeWho(row, wanted, got) {
  if (got === wanted) return 'right'
  // A RST that its receiver ignored ended nothing.
  if (row.cause === 'ineffective-rst' && got === null) return 'right'
  // A proxy is an endpoint of each of its own connections.
  const isLeg = row.proxied_to || row.proxied_from
  if (isLeg && wanted === 'between' && (got === 'client' || got === 'upstream')) return 'right'
  return got === 'undetermined' ? 'abstained' : 'wrong'
}

function allowedClasses(row) {
  // Whether the packets show that the port speaks TLS differs by server.
  if (row.cause === 'plaintext-to-tls-port')
    return ['tls-aborted', 'rst-without-fin', 'rst-after-fin', 'fin-close']
  if (row.class !== 'fin') return CLASSES[row.class] ?? [row.class]
  const seen = Object.values(row.observed).filter(
    (o) => o !== null && typeof o === 'object' && o.packets > 0,
  )
  const sawReset = seen.some((o) => o.rst_client > 0 || o.rst_server > 0)
  const sawOneFin = seen.every((o) => !(o.fin_client > 0 && o.fin_server > 0))
  const classes = ['fin-close']
  if (sawReset) classes.push('rst-after-fin')
  else if (sawOneFin) classes.push('open')
  return classes
}

/** "client>server" as that side shows it → its connections in order of their first frame. */
function tableOf(report, side) {
  const table = new Map()
  for (const connection of report.connections) {
    const view = connection.views?.[side]
    if (!view) continue
    const key = `${textOf(view.client)}>${textOf(view.upstream)}`
    if (!table.has(key)) table.set(key, [])
    table.get(key).push({ firstFrame: view.firstFrame, connection })
  }
  for (const rows of table.values()) rows.sort((a, b) => a.firstFrame - b.firstFrame)
  return table
}

function find(table, view) {
  if (!view) return null
  const client = view.client.replace(/[[\]]/g, '')
  const server = view.server.replace(/[[\]]/g, '')
  const n = Number.isInteger(view.occurrence) ? view.occurrence : 1
  const straight = table.get(`${client}>${server}`)?.[n - 1]
  if (straight) return { connection: straight.connection, isSwapped: false }
  const swapped = table.get(`${server}>${client}`)?.[n - 1]
  return swapped ? { connection: swapped.connection, isSwapped: true } : null
}

function textOf(endpoint) {
  return `${endpoint.address}:${endpoint.port}`
}
