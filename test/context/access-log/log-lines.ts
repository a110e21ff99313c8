import { type LineParser, lineParser } from '../../../src/context/access-log/parse-line.ts'
import type { LogLine } from '../../../src/model/access-log.ts'

export interface IstioFields {
  time?: string
  request?: string
  code?: string | number
  flags?: string
  details?: string
  termination?: string
  failure?: string
  received?: string | number
  sent?: string | number
  duration?: string | number
  agent?: string
  id?: string
  authority?: string
  host?: string
  cluster?: string
  upstreamLocal?: string
  local?: string
  remote?: string
  sni?: string
}

/** A line as Istio's text format (1.9 and later) writes it, field by field. */
export function istioLine(fields: IstioFields = {}): string {
  const f = {
    time: '2026-03-17T09:41:05.995Z',
    request: 'GET /api/v1/orders?page=1 HTTP/1.1',
    code: 200,
    flags: '-',
    details: 'via_upstream',
    termination: '-',
    failure: '-',
    received: 0,
    sent: 120,
    duration: 27,
    agent: 'curl/8.5.0',
    id: '4f1a7e0a-0a53-4f3e-9a3f-7f0a2a9d1c11',
    authority: 'orders.shop',
    host: '10.42.3.8:8080',
    cluster: 'outbound|80||orders.shop.svc.cluster.local',
    upstreamLocal: '10.42.1.17:43364',
    local: '10.96.14.200:80',
    remote: '10.42.1.17:51022',
    sni: '-',
    ...fields,
  }
  return (
    `[${f.time}] "${f.request}" ${f.code} ${f.flags} ${f.details} ${f.termination} ` +
    `"${f.failure}" ${f.received} ${f.sent} ${f.duration} 26 "-" "${f.agent}" "${f.id}" ` +
    `"${f.authority}" "${f.host}" ${f.cluster} ${f.upstreamLocal} ${f.local} ${f.remote} ${f.sni} default`
  )
}

/** A line read by a parser of its own. */
export function read(text: string, format?: string): LogLine {
  const parsed = lineParser(format).parse(text, 0, 1)
  if (parsed === null || parsed === 'piece') throw new Error(`not read: ${text.slice(0, 200)}`)
  return parsed.line
}

export function formatOf(text: string, parser: LineParser = lineParser(undefined)): string | null {
  const parsed = parser.parse(text, 0, 1)
  return parsed === null || parsed === 'piece' ? parsed : parsed.format
}

/** Ns since 1970 of an RFC 3339 time in whole milliseconds. */
export function ns(time: string): bigint {
  return BigInt(Date.parse(time)) * 1_000_000n
}
