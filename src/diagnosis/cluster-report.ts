import type { Cluster } from '../model/cluster.ts'
import type { Capture, Finding, Kubernetes } from '../model/report.ts'
import { CATALOGUE } from './catalogue.ts'
import { timeText } from './time-text.ts'

/** What was read of the lists, as a field of the report; none where none were given. */
export function kubernetesReport(
  cluster: Cluster | null,
  captures: readonly Capture[],
): { kubernetes?: Kubernetes } {
  if (cluster === null) return {}
  const { objects, events, warnings } = cluster.facts
  return {
    kubernetes: {
      objects,
      events: {
        count: events.count,
        oldestAt: events.oldest === null ? null : timeText(0n, events.oldest),
        newestAt: events.newest === null ? null : timeText(0n, events.newest),
        coverCaptures: uncovered(cluster, captures) === null,
      },
      warnings,
    },
  }
}

/** Without the events of that time, restarts, kills and failed probes show only as far as the pods' status tells. */
export function clusterFindings(cluster: Cluster | null, captures: readonly Capture[]): Finding[] {
  const why = cluster === null ? null : uncovered(cluster, captures)
  if (why === null) return []
  const { code, severity, title } = CATALOGUE.find(({ id }) => id === 'events-do-not-cover')!
  return [
    {
      code,
      severity,
      title,
      why,
      next: [
        'collect events at once: kubectl get events -A -o json (the API server keeps them for 1 h, --event-ttl)',
      ],
      connections: [],
      evidence: [],
      against: [],
    },
  ]
}

/** Why the events say nothing of part of the captures; null where they reach back far enough. */
function uncovered({ facts }: Cluster, captures: readonly Capture[]): string | null {
  const { count, oldest, newest } = facts.events
  const firsts = captures.flatMap(({ firstPacketAt }) => firstPacketAt ?? []).sort()
  const first = firsts[0]
  if (first === undefined) return null
  const kept = 'Kubernetes keeps events for 1 h by default'
  if (count === 0 || oldest === null || newest === null) {
    return `the lists hold no event; ${kept}`
  }
  const from = timeText(0n, oldest)
  const to = timeText(0n, newest)
  if (from > first) {
    return `the oldest event is of ${whole(from)}, and the captures begin at ${whole(first)}: what happened before may be missing; ${kept}`
  }
  if (to < first) {
    return `the newest event is of ${whole(to)}, and the captures begin at ${whole(first)}: the lists were taken before, or nothing happened`
  }
  return null
}

function whole(time: string): string {
  return `${time.slice(0, 19)}Z`
}
