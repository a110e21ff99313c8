import type { Ending, Endings } from '../model/ending.ts'
import type { Connection } from '../model/report.ts'
import { frameLabel } from './frame-label.ts'

/** Connections that ended alike. */
export interface EndingGroup extends EndingFields {
  peer: string
  count: number
  /** Id of the first of them. */
  first: number
}

/** How connections ended, as the reports' tables group them. */
export interface EndingFields {
  how: string
  who: string
  cause: string
  benign: boolean
  /** 0 a reset or an aborted TLS handshake, 1 another failure, 2 neither, 3 an ordinary end. */
  rank: number
}

/** Beyond this many groups, peers are no longer told apart, so that a scan of many hosts stays bounded. */
const MOST_GROUPS = 5000
/** Stands for peers that are not told apart. */
export const MANY_PEERS = -1
/** The same as a text. */
export const OTHER_PEERS = '(other peers)'

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

interface Kind extends EndingFields {
  peers: Map<number, PeerCount>
}

/** `peer` is a number of the report's, or MANY_PEERS. */
export interface PeerCount {
  peer: number
  count: number
  first: number
}

/**
 * Rows of a table: kinds of ending, the worst first, then the most frequent, each with its peers, the largest first;
 * equals in the order of their first connection. Peers beyond `mostPeers` of a kind share a row.
 */
export function endingRows(endings: Endings, mostPeers: number): EndingGroup[] {
  return kindsOf(endings)
    .map((kind) => ({ kind, total: totalOf([...kind.peers.values()]) }))
    .sort((a, b) => a.kind.rank - b.kind.rank || b.total - a.total)
    .flatMap(({ kind: { peers, ...fields } }) =>
      foldPeers([...peers.values()], mostPeers).map(({ peer, count, first }) => ({
        ...fields,
        peer: peer === MANY_PEERS ? OTHER_PEERS : endings.peerText(peer),
        count,
        first,
      })),
    )
}

function kindsOf(endings: Endings): Kind[] {
  const kinds = new Map<string, Kind>()
  const kindOf = new Map<Ending, Kind>()
  let groups = 0
  for (const { ending, peer, count, first } of endings.counts) {
    let kind = kindOf.get(ending)
    if (kind === undefined) {
      const fields = fieldsOf(ending)
      const key = JSON.stringify(fields)
      kind = kinds.get(key) ?? { ...fields, peers: new Map() }
      kinds.set(key, kind)
      kindOf.set(ending, kind)
    }
    const own = kind.peers.has(peer) || groups < MOST_GROUPS ? peer : MANY_PEERS
    const group = kind.peers.get(own)
    if (group !== undefined) group.count += count
    else {
      kind.peers.set(own, { peer: own, count, first })
      groups++
    }
  }
  return [...kinds.values()]
}

function totalOf(groups: PeerCount[]): number {
  return groups.reduce((total, { count }) => total + count, 0)
}

/** The largest peers, and one row for the others. */
export function foldPeers(groups: PeerCount[], mostPeers: number): PeerCount[] {
  const named = groups.filter(({ peer }) => peer !== MANY_PEERS).sort((a, b) => b.count - a.count)
  const own = new Set(named.length > mostPeers + 1 ? named.slice(0, mostPeers) : named)
  const rest = groups.filter((group) => !own.has(group))
  if (rest.length === 0) return [...own]
  return [...own, { peer: MANY_PEERS, count: totalOf(rest), first: rest[0]!.first }]
}

export function fieldsOf(ending: Ending): EndingFields {
  return {
    how: endingWords(ending),
    who: ending.by ?? '',
    cause: ending.cause?.id ?? '',
    benign: ending.benign,
    rank: rankOf(ending),
  }
}

function rankOf({ benign, by, termination, cause }: Ending): number {
  if (benign) return 3
  if (by !== null || termination === 'tls-aborted') return 0
  return termination === 'handshake-never-completed' || cause !== null ? 1 : 2
}

/** A connection by id, with the frame that shows its end. */
export function exampleText(connection: Connection): string {
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

/** The same with what Kubernetes lists call it: `10.42.3.8:8080 (shop/cart-7d9f:http)`. */
export function namedText(endpoint: {
  address: string
  port: number
  name: string | null
}): string {
  const { name } = endpoint
  return name === null ? endpointText(endpoint) : `${endpointText(endpoint)} (${name})`
}
