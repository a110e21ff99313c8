import type { ApplicationSummary, HttpSummary, Moment, TlsSummary } from './summary.ts'

const moment = (): Moment => ({ frame: 0, time: 0 })

/**
 * Where a summary is written to. Who reads one summary after another gives every walker the same room: only the last
 * summary is valid then, and hardly anything is allocated for it.
 */
export class SummaryRoom {
  readonly application: ApplicationSummary = {
    protocol: 'none',
    clientFirst: 'none',
    upstreamFirst: 'none',
    tls: null,
    http: null,
    h2: null,
    proxyHeader: null,
    lostPlace: false,
    clientLostPlace: false,
    upstreamLostPlace: false,
  }
  readonly tls: TlsSummary = {
    version: null,
    offeredVersion: null,
    stage: 'client-hello',
    sni: null,
    alpn: [],
    alpnSelected: null,
    helloRetry: false,
    resumed: false,
    earlyData: false,
    alert: null,
    clientCertificate: 'unknown',
    clientHello: null,
    serverHello: null,
    clientFinished: null,
    upstreamApplicationData: null,
    clientApplicationRecords: 0,
    upstreamApplicationRecords: 0,
    clientEndsWithAlertSize: false,
    upstreamEndsWithAlertSize: false,
    clientLastRecord: null,
    upstreamLastRecord: null,
    clientRecordMissing: 0,
    upstreamRecordMissing: 0,
  }
  readonly http: HttpSummary = {
    requests: 0,
    responses: 0,
    lastStatus: null,
    lastRequestLine: null,
    lastRequestId: null,
    host: null,
    server: null,
    marks: [],
    localReply: null,
    clientState: 'nothing',
    upstreamState: 'nothing',
    requestMissing: null,
    responseMissing: null,
    connectionClose: false,
  }
  readonly clientHello = moment()
  readonly serverHello = moment()
  readonly clientFinished = moment()
  readonly upstreamApplicationData = moment()
  readonly clientLastRecord = moment()
  readonly upstreamLastRecord = moment()
}
