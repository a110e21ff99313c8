import type { Moments } from './moments.ts'
import type { TlsSummary } from './summary.ts'
import type { SummaryRoom } from './summary-room.ts'
import { CLIENT_HELLO } from './tls-handshake-messages.ts'
import { readClientHello, versionName } from './tls-hello.ts'
import { CLIENT_HELLO_AT, IN_USE_AT, LAST_RECORD_AT, SERVER_HELLO_AT } from './tls-moments.ts'
import type { TlsRecords } from './tls-records.ts'
import type { TlsSession } from './tls-session.ts'

/** Reads a session out by role; `clientDirection` is who opened the TCP connection, which TLS need not follow. */
export function summarizeTls(
  session: TlsSession,
  clientDirection: 0 | 1,
  room: SummaryRoom,
): TlsSummary {
  const client = session.of(clientDirection)
  const upstream = session.of(clientDirection === 0 ? 1 : 0)
  let offered = session.offered
  if (offered === null && session.client !== -1) {
    // The connection ended within the ClientHello: what was sent of it may name the server.
    const partial = session.of(session.client)?.partialHello(CLIENT_HELLO)
    if (partial) offered = readClientHello(partial, 0, partial.length)
  }
  const clientEnds = session.endsWithAlertSize(client)
  const upstreamEnds = session.endsWithAlertSize(upstream)
  const extra = session.flight.extraRecords
  const clientExtra = session.client === clientDirection ? extra : 0
  const { moments } = session
  const { tls } = room
  tls.version = versionName(session.version)
  tls.offeredVersion = versionName(session.offeredVersion || (offered?.version ?? 0))
  tls.stage = session.stage
  tls.sni = offered === null ? null : offered.sni
  tls.alpn = offered === null ? [] : offered.alpn
  tls.alpnSelected = session.alpnSelected
  tls.helloRetry = session.helloRetry
  tls.resumed = session.resumed
  tls.earlyData = session.earlyDataOffered
  tls.alert = alertOf(
    session,
    clientDirection,
    clientEnds ? client : null,
    upstreamEnds ? upstream : null,
  )
  tls.clientCertificate = session.clientCertificate
  tls.clientHello = moments.read(CLIENT_HELLO_AT, room.clientHello)
  tls.serverHello = moments.read(SERVER_HELLO_AT, room.serverHello)
  tls.clientFinished = moments.read(session.clientFinishedAt, room.clientFinished)
  tls.upstreamApplicationData = moments.read(
    IN_USE_AT + 1 - clientDirection,
    room.upstreamApplicationData,
  )
  tls.clientApplicationRecords = (client?.applicationRecords ?? 0) + clientExtra
  tls.upstreamApplicationRecords = (upstream?.applicationRecords ?? 0) + extra - clientExtra
  tls.clientEndsWithAlertSize = clientEnds
  tls.upstreamEndsWithAlertSize = upstreamEnds
  tls.clientLastRecord = moments.read(LAST_RECORD_AT + clientDirection, room.clientLastRecord)
  tls.upstreamLastRecord = moments.read(
    LAST_RECORD_AT + 1 - clientDirection,
    room.upstreamLastRecord,
  )
  tls.clientRecordMissing = client === null ? 0 : client.missing
  tls.upstreamRecordMissing = upstream === null ? 0 : upstream.missing
  return tls
}

function alertOf(
  session: TlsSession,
  clientDirection: 0 | 1,
  clientEnd: TlsRecords | null,
  upstreamEnd: TlsRecords | null,
): TlsSummary['alert'] {
  const named = session.firstAlert
  if (named !== null) {
    const { frame, time, name } = named
    return { frame, time, by: named.direction === clientDirection ? 'client' : 'upstream', name }
  }
  const clientFirst =
    clientEnd !== null && (upstreamEnd === null || isEarlier(session.moments, clientDirection))
  const end = clientFirst ? clientEnd : upstreamEnd
  if (end === null) return null
  const { moments } = session
  const last = LAST_RECORD_AT + end.direction
  const by = clientFirst ? 'client' : 'upstream'
  return { frame: moments.frame(last), time: moments.time(last), by, name: 'encrypted' }
}

/** Was the client's last record sent before the upstream's? */
function isEarlier(moments: Moments, clientDirection: 0 | 1): boolean {
  const client = LAST_RECORD_AT + clientDirection
  const upstream = LAST_RECORD_AT + 1 - clientDirection
  const [a, b] = [moments.time(client), moments.time(upstream)]
  return a < b || (a === b && moments.frame(client) <= moments.frame(upstream))
}
