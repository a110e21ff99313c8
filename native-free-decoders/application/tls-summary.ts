import type { Moment, TlsSummary } from './summary.ts'
import { CLIENT_HELLO } from './tls-handshake-messages.ts'
import { readClientHello, versionName } from './tls-hello.ts'
import type { TlsRecords } from './tls-records.ts'
import type { TlsSession } from './tls-session.ts'

/** Reads a session out by role; `clientDirection` is who opened the TCP connection, which TLS need not follow. */
export function summarizeTls(session: TlsSession, clientDirection: 0 | 1): TlsSummary {
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
  return {
    version: versionName(session.version),
    offeredVersion: versionName(session.offeredVersion || (offered?.version ?? 0)),
    stage: session.stage,
    sni: offered?.sni ?? null,
    alpn: offered?.alpn ?? [],
    alpnSelected: session.alpnSelected,
    helloRetry: session.helloRetry,
    resumed: session.resumed,
    earlyData: session.earlyDataOffered,
    alert: alertOf(
      session,
      clientDirection,
      clientEnds ? client : null,
      upstreamEnds ? upstream : null,
    ),
    clientCertificate: session.clientCertificate,
    clientHello: session.clientHello,
    serverHello: session.serverHello,
    clientFinished: session.clientFinished,
    upstreamApplicationData: upstream?.firstApplicationData ?? null,
    clientApplicationRecords:
      (client?.applicationRecords ?? 0) + (session.client === clientDirection ? extra : 0),
    upstreamApplicationRecords:
      (upstream?.applicationRecords ?? 0) + (session.client === clientDirection ? 0 : extra),
    clientEndsWithAlertSize: clientEnds,
    upstreamEndsWithAlertSize: upstreamEnds,
    clientLastRecord: lastRecord(client),
    upstreamLastRecord: lastRecord(upstream),
    clientRecordMissing: client?.missing ?? 0,
    upstreamRecordMissing: upstream?.missing ?? 0,
  }
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

function lastRecord(records: TlsRecords | null): Moment | null {
  if (records === null || records.records === 0) return null
  return { frame: records.lastFrame, time: records.lastTime }
}
