import type { Case } from '../model/case.ts'
import type { Cause, Connection, Verdict } from '../model/report.ts'
import { upstreamKey } from './surroundings.ts'
import { causeHeadline, verdictHeadline } from './wording.ts'

/** Connections that ended alike: same answer, same cause, same upstream endpoint. */
interface Group {
  key: string
  by: Verdict['by']
  confidence: Verdict['confidence']
  cause: Cause | null
  ids: number[]
  first: Case
  example: Connection
}

const RANK = { certain: 0, probable: 1, unclear: 2 } as const
/** Ids that a verdict lists; the summary has the count. */
const MOST_LISTED = 1000

/** Collects the ends that are not ordinary and says which of them leads (VERDICTS §5, "the verdict of a report"). */
export class VerdictCollector {
  private readonly groups = new Map<string, Group>()
  private readonly ordinary = new Map<string, Group>()

  add(c: Case, connection: Connection): void {
    const reset = connection.firstReset
    const cause = connection.causes[0] ?? null
    // A connection that survived a RST ended well, but somebody tried.
    const survived = cause?.id === 'ineffective-rst'
    if (connection.benign && reset === null && !survived) return
    const by = reset?.by ?? null
    const confidence = reset?.confidence ?? cause?.confidence ?? 'probable'
    const key = [by, confidence, cause?.id, upstreamKey(c)].join('|')
    const groups = connection.benign && !survived ? this.ordinary : this.groups
    const group = groups.get(key)
    if (group === undefined) {
      groups.set(key, { key, by, confidence, cause, ids: [c.id], first: c, example: connection })
    } else if (group.ids.length < MOST_LISTED) {
      group.ids.push(c.id)
    }
  }

  result(connections: number): Verdict {
    const serious = this.groups.size > 0
    const all = [...(serious ? this.groups : this.ordinary).values()].sort(
      (a, b) =>
        RANK[a.confidence] - RANK[b.confidence] ||
        b.ids.length - a.ids.length ||
        a.first.id - b.first.id,
    )
    const leader = all[0]
    if (leader === undefined) {
      return {
        by: null,
        confidence: 'certain',
        headline: verdictHeadline(null, null, connections, true),
        cause: null,
        connections: [],
        others: 0,
        because: [],
        against: [],
        settles: [],
      }
    }
    const reset = leader.example.firstReset
    return {
      by: leader.by,
      confidence: leader.confidence,
      headline: verdictHeadline(leader.first, leader.example, leader.ids.length, !serious),
      cause:
        leader.cause === null
          ? null
          : {
              id: leader.cause.id,
              confidence: leader.cause.confidence,
              headline: causeHeadline(leader.cause),
            },
      connections: leader.ids,
      others: all.length - 1,
      because: reset?.evidence ?? leader.cause?.evidence ?? [],
      against: leader.cause?.against ?? [],
      settles: reset?.settles ?? leader.cause?.next ?? [],
    }
  }
}
