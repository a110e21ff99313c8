import { isTcpLine, type LogLine } from '../../model/access-log.ts'
import {
  flagByLength,
  parseDetails,
  parseTransportFailure,
  resetReason,
  type TransportFailure,
} from './reset-reasons.ts'
import { responseFlag, tellingFlag } from './response-flags.ts'

/** What a line says went wrong, put together from flags, details, failure reason and lengths. */
export interface Meaning {
  /** The flag that says most, also where the line has none and its other fields say the same; null for no failure. */
  flag: string | null
  /** `connection termination`. */
  reason: string | null
  transport: TransportFailure | null
  /** One short sentence, without full stop; null where the line says nothing of a failure. */
  text: string | null
  /** Whose answer the client got, where the line tells that it was the proxy's. */
  answer: string | null
}

export function meaningOfLine(line: LogLine): Meaning {
  const details = line.details === null ? null : parseDetails(line.details)
  const failure = line.transportFailure ?? details?.transport ?? null
  const transport = failure === null ? null : parseTransportFailure(failure)
  const reason = details?.reason ?? null
  const told = flagOf(line, details?.kind ?? null, reason)
  if (told === 'DC' && details?.kind === LOCAL_DISCONNECT) {
    // Envoy flags DC, too, where it closes the client's connection itself.
    return { flag: null, reason, transport, text: closeMeaning(line), answer: null }
  }
  if (told !== null) {
    const known = responseFlag(told)
    const isCut = details?.kind === 'upstream_reset_after_response_started'
    const because = [reason, transport?.text, isCut ? 'after the response had begun' : null].filter(
      (text) => text != null,
    )
    const said = told === 'UR' && isTcpLine(line) ? PASSED_ON : known?.meaning
    const text = `${said ?? 'a flag that an extension registered'}${because.length > 0 ? ` (${because.join('; ')})` : ''}`
    return { flag: told, reason, transport, text, answer: localAnswer(line) }
  }
  const length = lengthMeaning(line)
  if (length !== null) {
    const text = `no flag, but ${line.bytesSent} bytes are the length of Envoy's own answer "${length.text}"`
    return { flag: length.flag, reason: null, transport, text, answer: localAnswer(line) }
  }
  const text = closeMeaning(line) ?? plainMeaning(line)
  return { flag: null, reason, transport, text, answer: localAnswer(line) }
}

const LOCAL_DISCONNECT = 'downstream_local_disconnect'
/** What UR says of a TCP connection, in Envoy of 2026. */
const PASSED_ON = 'the upstream reset the connection, and the proxy passes that on'

/** Details of Envoy that mean the same as a flag, for formats that have the one and not the other. */
const FLAG_OF_DETAILS: Record<string, string> = {
  downstream_remote_disconnect: 'DC',
  filter_chain_not_found: 'NR',
  route_not_found: 'NR',
  cluster_not_found: 'NC',
  no_healthy_upstream: 'UH',
  upstream_response_timeout: 'UT',
  response_timeout: 'UT',
  upstream_per_try_timeout: 'UT',
  upstream_per_try_idle_timeout: 'UT',
  stream_idle_timeout: 'SI',
  duration_timeout: 'DT',
  max_duration_timeout: 'UMSDR',
  'http1.codec_error': 'DPE',
  'http2.remote_reset': 'DR',
  'http2.remote_refuse': 'DR',
}

function flagOf(line: LogLine, kind: string | null, reason: string | null): string | null {
  const failed = line.flags.filter((name) => responseFlag(name)?.failure ?? true)
  const flag = tellingFlag(failed)
  const byReason = reason === null ? null : (resetReason(reason)?.flag ?? null)
  // "Retries exhausted" alone does not say what failed: the reason does.
  if (flag !== null && (flag !== 'URX' || byReason === null)) return flag
  return (
    byReason ??
    (kind !== null && Object.hasOwn(FLAG_OF_DETAILS, kind) ? FLAG_OF_DETAILS[kind]! : null)
  )
}

function lengthMeaning(line: LogLine): { flag: string; text: string } | null {
  if (line.details !== null || line.code === null || line.bytesSent === null) return null
  return flagByLength(line.bytesSent, line.code)
}

/** Where the details tell that no upstream answered, the answer that the client got is the proxy's. */
function localAnswer(line: LogLine): string | null {
  const isError = line.code !== null && line.code >= 400
  const isLocal = line.details !== null && !line.details.startsWith('via_upstream')
  return isError && isLocal ? `the ${line.code} is the proxy's answer, not the application's` : null
}

/** Where the proxy says why it closed a connection itself. */
function closeMeaning({ localClose, terminationDetails, details }: LogLine): string | null {
  if (terminationDetails !== null) return `the proxy ended it: ${terminationDetails}`
  const parsed = details === null ? null : parseDetails(details)
  const downstream =
    parsed?.kind === LOCAL_DISCONNECT
      ? (parsed.reason ?? 'for no reason given')
      : localClose.downstream
  if (downstream !== null) return `the proxy closed the client's connection: ${worded(downstream)}`
  if (localClose.upstream === null) return null
  return `the proxy closed its connection to the upstream: ${worded(localClose.upstream)}`
}

function worded(reason: string): string {
  return reason.replaceAll('_', ' ')
}

function plainMeaning(line: LogLine): string | null {
  if (isTcpLine(line)) return null
  if (line.code === null) return null
  if (line.code === 0) return 'no response was begun'
  if (line.code < 500) return null
  return line.details === 'via_upstream' ? "the upstream's own answer" : 'an error without a flag'
}
