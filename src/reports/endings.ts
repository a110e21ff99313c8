import type { Connection } from '../model/report.ts'
import { frameLabel } from './frame-label.ts'

/** Connections that ended alike. */
export interface EndingGroup {
  how: string
  who: string
  cause: string
  peer: string
  benign: boolean
  /** 0 a reset or an aborted TLS handshake, 1 another failure, 2 neither, 3 an ordinary end. */
  rank: number
  count: number
  /** The first of them by id, with the frame that shows its end. */
  example: string
}

/** Beyond this many groups, peers are no longer told apart, so that a scan of many hosts stays bounded. */
const MOST_GROUPS = 5000
const MANY_PEERS = '(other peers)'

const CLASS_WORDS: Record<string, string> = {
  'rst-without-fin': 'RST',
  'rst-after-fin': 'FIN then RST',
  'fin-close': 'FIN',
  'handshake-never-completed': 'no handshake',
  'tls-aborted': 'TLS aborted',
  open: 'open',
}

/** How a connection ended, in a few words: `RST, mid response`. */
export function endingWords(connection: Pick<Connection, 'termination' | 'detail'>): string {
  const { termination, detail } = connection
  return `${CLASS_WORDS[termination] ?? termination}, ${detailWords(detail)}`
}

// Details are named in words joined by hyphens; these words are written with theirs.
const HYPHENATED = ['keep-alive', 'half-closed', 'SYN-ACK']

function detailWords(detail: string): string {
  let words = detail.replaceAll('-', ' ')
  for (const word of HYPHENATED) words = words.replace(word.toLowerCase().replace('-', ' '), word)
  return words
}

/** Collects connections into groups, one by one. */
export class EndingGroups {
  #groups = new Map<string, EndingGroup>()

  add(connection: Connection): void {
    const fields = groupFields(connection)
    let key = groupKey(fields)
    if (!this.#groups.has(key) && this.#groups.size >= MOST_GROUPS) {
      fields.peer = MANY_PEERS
      key = groupKey(fields)
    }
    const group = this.#groups.get(key)
    if (group) group.count++
    else this.#groups.set(key, { ...fields, count: 1, example: exampleOf(connection) })
  }

  /**
   * Rows of a table: kinds of ending, the worst first, then the most frequent, each with its peers, the largest first;
   * equals in the order of their first connection. Peers beyond `mostPeers` of a kind share a row.
   */
  rows(mostPeers: number): EndingGroup[] {
    const kinds = new Map<string, EndingGroup[]>()
    for (const group of this.#groups.values()) {
      const key = groupKey({ ...group, peer: '' })
      const kind = kinds.get(key)
      if (kind) kind.push(group)
      else kinds.set(key, [group])
    }
    return [...kinds.values()]
      .map((groups) => ({ groups, rank: groups[0]!.rank, total: totalOf(groups) }))
      .sort((a, b) => a.rank - b.rank || b.total - a.total)
      .flatMap(({ groups }) => foldPeers(groups, mostPeers))
  }
}

function totalOf(groups: EndingGroup[]): number {
  return groups.reduce((total, { count }) => total + count, 0)
}

function foldPeers(groups: EndingGroup[], mostPeers: number): EndingGroup[] {
  const named = groups.filter(({ peer }) => peer !== MANY_PEERS).sort((a, b) => b.count - a.count)
  const own = named.length > mostPeers + 1 ? named.slice(0, mostPeers) : named
  const rest = groups.filter((group) => !own.includes(group))
  if (rest.length === 0) return own
  return [...own, { ...rest[0]!, peer: MANY_PEERS, count: totalOf(rest) }]
}

function groupFields(connection: Connection): Omit<EndingGroup, 'count' | 'example'> {
  return {
    how: endingWords(connection),
    who: connection.firstReset?.by ?? '',
    cause: connection.causes[0]?.id ?? '',
    peer: endpointText(connection.upstream),
    benign: connection.benign,
    rank: rankOf(connection),
  }
}

function rankOf(connection: Connection): number {
  const { benign, firstReset, termination, causes } = connection
  if (benign) return 3
  if (firstReset || termination === 'tls-aborted') return 0
  return termination === 'handshake-never-completed' || causes.length > 0 ? 1 : 2
}

function groupKey(group: Omit<EndingGroup, 'count' | 'example'>): string {
  return JSON.stringify([group.how, group.who, group.cause, group.peer, group.benign])
}

function exampleOf(connection: Connection): string {
  const frame = endFrame(connection)
  return frame === null ? `${connection.id}` : `${connection.id} (${frame})`
}

function endFrame(connection: Connection): string | null {
  const reset = connection.firstReset?.evidence.find((item) => item.frame !== null)
  if (reset?.frame) return frameLabel(reset.capture, reset.frame)
  for (const [id, view] of Object.entries(connection.views)) {
    if (view) return frameLabel(id, view.lastFrame)
  }
  return null
}

/** `10.8.1.15:8443`, `[2001:db8::1]:443`. */
export function endpointText(endpoint: { address: string; port: number }): string {
  return endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`
}
