import type { Evidence, Finding } from '../model/report.ts'
import { CATALOGUE } from './catalogue.ts'
import { MOST_LISTED } from './verdict.ts'

/** A line and the packets of its connection that contradict each other. */
export interface Disagreement {
  connection: number
  /** Both, side by side. */
  text: string
  evidence: Evidence[]
}

/** What access logs say beside the packets; of many the first ones, with how many there are. */
export interface LogFacts {
  disagreements: Disagreement[]
  /** Failed requests of which a capture should show the connection and shows none. */
  missing: { count: number; examples: Evidence[] }
  /** Requests whose proxy found no source port for them: how many, and on which connections. */
  withoutPort: { count: number; connections: number[]; evidence: Evidence[] }
  /** Resets that no line tells of, though a log covers them. */
  untold: { count: number; connections: number[]; evidence: Evidence[] }
}

const MOST_EVIDENCE = 10

/** RS212, RS301, RS302 and RS303. */
export function accessLogFindings({
  disagreements,
  missing,
  withoutPort,
  untold,
}: LogFacts): Finding[] {
  const findings: Finding[] = []
  if (withoutPort.count > 0) {
    const what = withoutPort.count === 1 ? '1 request' : `${withoutPort.count} requests`
    findings.push(
      findingOf(
        'port-exhaustion',
        `the proxy could not even begin to connect for ${what}: its host had no source port left (Cannot assign requested address), so there is no packet of it`,
        {
          ...withoutPort,
          next: [
            'in the pod of the proxy: ss -tan state time-wait | wc -l; sysctl net.ipv4.ip_local_port_range',
            'connections that are used again (keep-alive, HTTP/2 upstreams) in place of one for each request',
          ],
        },
      ),
    )
  }
  if (disagreements.length > 0) {
    const connections = [...new Set(disagreements.map(({ connection }) => connection))]
    const more = disagreements.length > 1 ? `; ${disagreements.length} lines in all` : ''
    findings.push(
      findingOf('access-log-disagrees', `${disagreements[0]!.text}${more}`, {
        count: connections.length,
        connections,
        evidence: disagreements.flatMap(({ evidence }) => evidence.slice(0, 2)),
        next: [
          'look at the line and at the frames: is it the line of this connection, and of its end?',
          'add %UPSTREAM_DETECTED_CLOSE_TYPE%, %DOWNSTREAM_DETECTED_CLOSE_TYPE% and %UPSTREAM_REQUEST_ATTEMPT_COUNT% to the access log format',
        ],
      }),
    )
  }
  if (missing.count > 0) {
    const what = missing.count === 1 ? '1 failed request' : `${missing.count} failed requests`
    findings.push(
      findingOf(
        'log-line-without-connection',
        `${what} of the access log lie in the time and between the hosts of a capture that does not show their connections`,
        {
          count: missing.count,
          connections: [],
          evidence: missing.examples,
          next: [
            'check whose log it is, and whether its clock and time zone are those of the capture',
            'capture in that pod with -i any and without a port in the filter',
          ],
        },
      ),
    )
  }
  if (untold.count > 0) {
    const what = untold.count === 1 ? '1 connection was' : `${untold.count} connections were`
    findings.push(
      findingOf(
        'reset-without-log-line',
        `${what} reset while the access log covers their time and their hosts, and no line of a failed request is theirs: a request that was tried again has only its last attempt in the log, and an idle connection has no request`,
        {
          count: untold.count,
          connections: untold.connections,
          evidence: untold.evidence,
          next: [
            'add %UPSTREAM_REQUEST_ATTEMPT_COUNT% and %UPSTREAM_HOSTS_ATTEMPTED% to the access log format',
          ],
        },
      ),
    )
  }
  return findings
}

interface Parts {
  count: number
  connections: number[]
  evidence: Evidence[]
  next: string[]
}

function findingOf(
  id: string,
  why: string,
  { count, connections, evidence, next }: Parts,
): Finding {
  const { code, severity, title } = CATALOGUE.find((entry) => entry.id === id)!
  return {
    code,
    severity,
    title,
    why,
    next: [...next, `rstscope explain ${code}`],
    count,
    connections: connections.slice(0, MOST_LISTED),
    evidence: evidence.slice(0, MOST_EVIDENCE),
    against: [],
  }
}
