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
  const missing = cluster === null ? null : uncovered(cluster, captures)
  if (missing === null) return []
  const { code, severity, title } = CATALOGUE.find(({ id }) => id === 'events-do-not-cover')!
  return [
    {
      code,
      severity,
      title: `${title}: ${missing.what}`,
      why: missing.why,
      next: [
        'collect events at once: kubectl get events -A -o json (the API server keeps them for 1 h, --event-ttl)',
        `rstscope explain ${code}`,
      ],
      count: 0,
      connections: [],
      evidence: [],
      against: [],
    },
  ]
}

const SHORTLY_NS = 60e9

/** What the events do not reach, and why that matters; null where they reach back far enough. */
function uncovered(
  { facts }: Cluster,
  captures: readonly Capture[],
): { what: string; why: string } | null {
  const { count, oldest, newest } = facts.events
  const first = captures.flatMap(({ firstPacketAt }) => firstPacketAt ?? []).sort()[0]
  if (first === undefined) return null
  const kept = 'Kubernetes keeps events for 1 h by default'
  if (count === 0 || oldest === null || newest === null) {
    return { what: 'there are none', why: `the lists hold no event; ${kept}` }
  }
  const begin = `the captures begin at ${whole(first)}`
  const from = timeText(0n, oldest)
  if (from > first) {
    const what = `the oldest is of ${whole(from)}`
    return { what, why: `${what}, and ${begin}: what happened before may be missing; ${kept}` }
  }
  // Clocks differ, and what happened shortly before a capture may be what it shows.
  if (timeText(0n, newest + SHORTLY_NS) >= first) return null
  const what = `the newest is of ${whole(timeText(0n, newest))}`
  return { what, why: `${what}, and ${begin}: the lists were taken before, or nothing happened` }
}

function whole(time: string): string {
  return `${time.slice(0, 19)}Z`
}
