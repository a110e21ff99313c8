import type { ApplicationSummary, HttpSummary, TlsSummary } from '../model/application.ts'

/**
 * What was said over a connection of which one record heard the client only and another the upstream only, as a capture
 * shows a REDIRECTed leg: who answered which of several requests is not known any more.
 */
export function joinDirections(
  client: ApplicationSummary,
  upstream: ApplicationSummary,
): ApplicationSummary {
  return {
    ...client,
    protocol: client.protocol === 'other' ? upstream.protocol : client.protocol,
    upstreamFirst: upstream.upstreamFirst,
    http: joinHttp(client.http, upstream.http),
    tls: joinTls(client.tls, upstream.tls),
    lostPlace: client.lostPlace || upstream.lostPlace,
    upstreamLostPlace: upstream.upstreamLostPlace ?? false,
  }
}

function joinHttp(client: HttpSummary | null, upstream: HttpSummary | null): HttpSummary | null {
  if (client === null || upstream === null) return client ?? upstream
  const { responses, lastStatus, server, upstreamState, responseMissing } = upstream
  return {
    ...client,
    responses,
    lastStatus,
    server,
    upstreamState,
    responseMissing,
    connectionClose: client.connectionClose || upstream.connectionClose,
  }
}

/** Each heard one half of the handshake; that both went on to application data shows that it came to its end. */
function joinTls(client: TlsSummary | null, upstream: TlsSummary | null): TlsSummary | null {
  if (client === null || upstream === null) return client ?? upstream
  const isUsed = client.clientApplicationRecords > 0 && upstream.upstreamApplicationRecords > 0
  return {
    ...upstream,
    stage: isUsed ? 'established' : upstream.stage,
    offeredVersion: client.offeredVersion ?? null,
    sni: client.sni,
    alpn: client.alpn,
    earlyData: client.earlyData ?? false,
    alert: client.alert ?? upstream.alert,
    clientCertificate: 'unknown',
    clientHello: client.clientHello,
    clientFinished: client.clientFinished,
    clientApplicationRecords: client.clientApplicationRecords,
    clientEndsWithAlertSize: client.clientEndsWithAlertSize,
    clientLastRecord: client.clientLastRecord ?? null,
    clientRecordMissing: client.clientRecordMissing ?? 0,
  }
}
