import type { Moment, TlsSummary } from './summary.ts'
import type { SummaryRoom } from './summary-room.ts'
import { CLIENT_HELLO } from './tls-handshake-messages.ts'
import { readClientHello, versionName } from './tls-hello.ts'
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
  const answered = upstream === null ? null : upstream.firstApplicationData
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
  tls.clientHello = session.clientHello.read(room.clientHello)
  tls.serverHello = session.serverHello.read(room.serverHello)
  tls.clientFinished = session.clientFinished.read(room.clientFinished)
  tls.upstreamApplicationData =
    answered === null ? null : answered.read(room.upstreamApplicationData)
  tls.clientApplicationRecords = (client?.applicationRecords ?? 0) + clientExtra
  tls.upstreamApplicationRecords = (upstream?.applicationRecords ?? 0) + extra - clientExtra
  tls.clientEndsWithAlertSize = clientEnds
  tls.upstreamEndsWithAlertSize = upstreamEnds
  tls.clientLastRecord = lastRecord(client, room.clientLastRecord)
  tls.upstreamLastRecord = lastRecord(upstream, room.upstreamLastRecord)
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
    clientEnd !== null && (upstreamEnd === null || isEarlier(clientEnd, upstreamEnd))
  const end = clientFirst ? clientEnd : upstreamEnd
  if (end === null) return null
  const by = clientFirst ? 'client' : 'upstream'
  return { frame: end.lastFrame, time: end.lastTime, by, name: 'encrypted' }
}

function isEarlier(a: TlsRecords, b: TlsRecords): boolean {
  return a.lastTime < b.lastTime || (a.lastTime === b.lastTime && a.lastFrame <= b.lastFrame)
}

function lastRecord(records: TlsRecords | null, to: Moment): Moment | null {
  if (records === null || records.records === 0) return null
  to.frame = records.lastFrame
  to.time = records.lastTime
  return to
}
