import type { HttpSummary } from '../model/application.ts'
import type { Case } from '../model/case.ts'
import { shownTap } from '../model/case.ts'
import type { Finding } from '../model/report.ts'
import { CATALOGUE } from './catalogue.ts'
import { cite } from './evidence.ts'

/** Envoy's own answers by the length of their body (source/common/http/utility.cc; measured with a real Envoy). */
const REASONS: ReadonlyMap<number, string> = new Map([
  [19, 'no healthy upstream'],
  [24, 'upstream request timeout'],
  [81, 'overflow'],
  [84, 'local reset'],
  [85, 'remote reset'],
  [87, 'protocol error'],
  [91, 'connection failure or connection timeout'],
  [95, 'connection termination'],
  [97, 'local connection failure'],
  [98, 'remote connection failure'],
])

/** `503 of 98 bytes, as Envoy says "remote connection failure"`. */
export function localReplyText({ status, length }: NonNullable<HttpSummary['localReply']>): string {
  const reason = length === null ? undefined : REASONS.get(length)
  const size = length === null ? '' : ` of ${length} bytes`
  return `${status}${size}${reason === undefined ? '' : `, as Envoy says "${reason}"`}`
}

/** RS305: on these connections a proxy answered in place of its upstream; null where none did. */
export function localReplyFinding(
  { count, ids }: { count: number; ids: number[] },
  caseAt: (id: number) => Case,
): Finding | null {
  const [first] = ids
  if (first === undefined) return null
  const c = caseAt(first)
  const reply = c.outcome.application.http!.localReply!
  const tap = shownTap(c.sighting)
  const answer = c.sighting.taps[tap]!.view!.segments.findLast(
    (s) => s.from === 'upstream' && s.length > 0,
  )
  const { code, severity, title } = CATALOGUE.find(({ id }) => id === 'proxy-local-reply')!
  return {
    code,
    severity,
    title: `${title}: on ${count === 1 ? '1 connection' : `${count} connections`}`,
    why: `${localReplyText(reply)}: without x-envoy-upstream-service-time, so the proxy made it and no upstream`,
    next: [
      "the proxy's access log at that time: its flag and details name the reason",
      'a capture that holds its upstream leg: --via gateway.pcap',
      `rstscope explain ${code}`,
    ],
    count,
    connections: ids,
    evidence:
      answer === undefined ? [] : [cite(c, tap, answer, `last answer here: ${reply.status}`)],
    against: [],
  }
}
