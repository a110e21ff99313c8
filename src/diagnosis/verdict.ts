import type { Ending } from '../model/ending.ts'
import type { Connection, Verdict } from '../model/report.ts'
import { atProxy, causeHeadline, nothingHeadline } from './wording.ts'

/** What connections must share, beside their upstream endpoint, to be one group of the verdict. */
export interface VerdictKind {
  by: Verdict['by']
  confidence: Verdict['confidence']
  cause: string | null
  /** No ordinary end: such groups lead over all that are. */
  serious: boolean
}

/** The kind of group that a connection belongs to; null for an ordinary end without a reset. */
export function verdictKind({ benign, by, confidence, cause }: Ending): VerdictKind | null {
  // A connection that survived a RST ended well, but somebody tried.
  const survived = cause?.id === 'ineffective-rst'
  if (benign && by === null && !survived) return null
  return {
    by,
    confidence: confidence ?? cause?.confidence ?? 'probable',
    cause: cause?.id ?? null,
    serious: !benign || survived,
  }
}

/** Connections that ended alike: same answer, same cause, same upstream endpoint. */
export interface VerdictGroup {
  kind: VerdictKind
  count: number
  /** Id of the first of them. */
  first: number
}

const RANK = { certain: 0, probable: 1, unclear: 2 } as const
/** Ids that a verdict lists; its `count` is of all. */
export const MOST_LISTED = 1000

/** Does the first group lead over the second (VERDICTS §5, "the verdict of a report")? */
export function leads(a: VerdictGroup, b: VerdictGroup): boolean {
  const order =
    Number(b.kind.serious) - Number(a.kind.serious) ||
    rank(a.kind) - rank(b.kind) ||
    b.count - a.count ||
    a.first - b.first
  return order < 0
}

/** Where nobody reset, being sure of the cause is no answer to who did: a reset that is certain goes before. */
function rank({ by, confidence }: VerdictKind): number {
  return by === null && confidence === 'certain' ? RANK.probable : RANK[confidence]
}

export interface LeadingGroup {
  kind: VerdictKind
  /** Its first connection. */
  example: Connection
  /** How many connections it has, and the ids of the first `MOST_LISTED` of them. */
  count: number
  ids: number[]
  /** How many other groups there are, ordinary ones only where it is one. */
  others: number
}

/** Where a selection fits no connection. */
export const NOTHING_SELECTED = 'NOTHING SELECTED: no connection fits the selection'

/** What the report says of the group that leads, of so many connections; of no group, that nothing is wrong. */
export function verdictOf(leader: LeadingGroup | null, connections: number): Verdict {
  if (leader === null) {
    return {
      by: null,
      confidence: 'certain',
      headline: nothingHeadline(connections),
      cause: null,
      connections: [],
      count: 0,
      others: 0,
      because: [],
      against: [],
      settles: [],
    }
  }
  const { kind, example, count, ids } = leader
  const reset = example.firstReset
  const cause = example.causes[0] ?? null
  return {
    by: isProxy(example, kind.by) ? 'proxy' : kind.by,
    confidence: kind.confidence,
    headline: `${example.headline}${count > 1 ? `; ${count} connections alike` : ''}`,
    cause:
      cause === null
        ? null
        : { id: cause.id, confidence: cause.confidence, headline: causeHeadline(cause) },
    connections: ids,
    count,
    others: leader.others,
    because: reset?.evidence ?? cause?.evidence ?? [],
    against: cause?.against ?? [],
    settles: reset?.settles ?? cause?.next ?? [],
  }
}

/** Is the side that reset a proxy, whose other leg is in the report, too? */
function isProxy(example: Connection, by: VerdictKind['by']): boolean {
  return (by === 'client' || by === 'upstream') && atProxy(example, by)
}
