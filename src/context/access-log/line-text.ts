import { isTcpLine, type Leg, type LogLine } from '../../model/access-log.ts'
import { endpointText } from '../../model/case.ts'

/** A line in a few words: `GET /api, 503 UC`, `TCP, UF`. */
export function describeLine(line: LogLine): string {
  const request = isTcpLine(line) ? 'TCP' : `${line.method} ${line.path ?? '-'}`
  const result = [isTcpLine(line) ? null : line.code, line.flags.join() || null]
  return `${request}, ${result.filter((part) => part !== null).join(' ') || 'no flag'}`
}

/** The addresses of its legs, as far as they are known: `10.1.0.2:4242 → 10.2.0.1:80 (upstream leg)`. */
export function legTexts(line: LogLine): string[] {
  return (['upstream', 'downstream'] as const).flatMap((leg) => legText(line, leg) ?? [])
}

function legText(line: LogLine, leg: Leg): string | null {
  const { client, server } = line[leg]
  if (server === null) return null
  const from = client === null ? 'any port of the proxy' : endpointText(client)
  return `${from} → ${endpointText(server)} (${leg} leg)`
}
