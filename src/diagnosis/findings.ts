import type { Ending } from '../model/ending.ts'
import type { Connection, Evidence, Finding, Severity } from '../model/report.ts'
import { CATALOGUE, type CatalogueEntry } from './catalogue.ts'

const BY_ID: ReadonlyMap<string, CatalogueEntry> = new Map(CATALOGUE.map((e) => [e.id, e]))

/** Place in the catalogue of what is found in a connection that ended so; -1 where nothing is. */
export function findingIndex(ending: Ending): number {
  const id = findingId(ending)
  return id === null ? -1 : CATALOGUE.findIndex((entry) => entry.id === id)
}

function findingId({ cause, benign, by, detail }: Ending): string | null {
  if (cause !== null) return cause.id
  if (benign) {
    if (by === null) return null
    if (detail === 'reset-by-client') return 'half-open-scan'
    return detail === 'no-data' || detail === 'reset-after-syn-ack' ? 'health-probe' : 'hard-close'
  }
  switch (by) {
    case 'upstream':
      return 'upstream-reset'
    case 'client':
      return 'client-reset'
    case 'between':
      return 'middlebox-reset'
    case 'undetermined':
      return 'undetermined-reset'
    default:
      return 'unexplained-end'
  }
}

/** The code of a cause, by its id. */
export function codeOf(causeId: string): string {
  return BY_ID.get(causeId)!.code
}

/** Connections with the same finding at the same upstream endpoint. */
export interface FindingGroup {
  entry: CatalogueEntry
  /** Every one of them ended in an ordinary way. */
  benign: boolean
  count: number
  /** The first of them. */
  ids: number[]
  /** `10.8.1.15:8443`, as the upstream side knows it. */
  upstream: string
  example: Connection
  /** When the last of them ended. */
  lastAt: string
  /** How many connections of the endpoint ended after as long a silence as the example; 0 without one. */
  repeated: number
}

/** One finding for a group of connections, with its first connection as the example. */
export function findingOf(group: FindingGroup): Finding {
  const { entry, count, example, ids } = group
  const cause = example.causes[0] ?? null
  const reset = example.firstReset
  return {
    code: entry.code,
    severity: severityOf(group),
    title: `${entry.title}: ${countText(count)} of ${group.upstream}${spanText(group)}`,
    why: `${cause?.why ?? endText(example)}${repeatText(group)}`,
    next: [...(cause?.next ?? reset?.settles ?? []), `rstscope explain ${entry.code}`],
    count,
    connections: ids,
    evidence: withoutRepeats([...(cause?.evidence ?? []), ...(reset?.evidence ?? [])]),
    against: cause?.against ?? [],
  }
}

/** What did no harm is worth an "info". */
function severityOf({ entry, benign }: FindingGroup): Severity {
  return benign && entry.id !== 'ineffective-rst' ? 'info' : entry.severity
}

function countText(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}

/** To the second, as people write it in tickets. */
function spanText({ example, lastAt, count }: FindingGroup): string {
  const first = example.endedAt.slice(11, 19)
  const last = lastAt.slice(11, 19)
  if (count === 1 || first === last) return `, ${first}Z`
  return `, ${first}Z to ${last}Z`
}

function repeatText({ repeated, example }: FindingGroup): string {
  const idle = example.firstReset?.idleSeconds ?? null
  if (repeated < 2 || idle === null) return ''
  return `; ${repeated} connections of that endpoint ended after ${idle.toFixed(1)} s of silence`
}

function endText({ firstClose, termination, detail }: Connection): string {
  const who = firstClose === null ? '' : `, first closed by ${firstClose.by} (${firstClose.kind})`
  return `${termination}, ${detail}${who}; these packets do not name a cause`
}

function withoutRepeats(items: Evidence[]): Evidence[] {
  return items.filter(
    (item, i) =>
      items.findIndex(
        (o) => o.capture === item.capture && o.frame === item.frame && o.text === item.text,
      ) === i,
  )
}

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 }

/** Worst first, then the largest, then the earliest. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      RANK[a.severity] - RANK[b.severity] ||
      (b.count ?? 0) - (a.count ?? 0) ||
      (a.connections[0] ?? 0) - (b.connections[0] ?? 0) ||
      (a.code < b.code ? -1 : 1),
  )
}
