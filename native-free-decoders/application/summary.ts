/** The two ends, as the report names them. */
export type Side = 'client' | 'upstream'

/**
 * How far a TLS handshake came, by what can be seen without keys.
 * - `client-hello`: at most the ClientHello (also after a HelloRetryRequest, until the ServerHello).
 * - `server-hello`: a complete ServerHello that is no HelloRetryRequest.
 * - `server-flight`: ≤ 1.2 ServerHelloDone, or the server's Finished of a resumption, or the client went on;
 *   1.3 a protected server record that is not alert-sized.
 * - `client-finished`: ≤ 1.2 the client's first handshake record after its ChangeCipherSpec; 1.3 the client's
 *   protected flight up to the record that has, or by its size contains, the Finished.
 * - `established`: ≤ 1.2 both Finished; 1.3 a server record that is not alert-sized after the client's Finished
 *   (a NewSessionTicket counts: it says the server accepted the client). A stream joined midway is established.
 */
export type TlsStage =
  | 'client-hello'
  | 'server-hello'
  | 'server-flight'
  | 'client-finished'
  | 'established'

/** A moment in the application's bytes: the frame that completed it and its relative time in ns. */
export interface Moment {
  frame: number
  time: number
}

/** What a TLS connection shows without keys; the fields are explained at the report's model. */
export interface TlsSummary {
  version: string | null
  offeredVersion: string | null
  stage: TlsStage
  sni: string | null
  alpn: string[]
  alpnSelected: string | null
  helloRetry: boolean
  resumed: boolean
  earlyData: boolean
  alert: (Moment & { by: Side; name: string }) | null
  clientCertificate: 'not-requested' | 'sent' | 'empty' | 'unknown'
  clientHello: Moment | null
  serverHello: Moment | null
  clientFinished: Moment | null
  upstreamApplicationData: Moment | null
  clientApplicationRecords: number
  upstreamApplicationRecords: number
  clientEndsWithAlertSize: boolean
  upstreamEndsWithAlertSize: boolean
  clientLastRecord: Moment | null
  upstreamLastRecord: Moment | null
  clientRecordMissing: number
  upstreamRecordMissing: number
}

/** Where one direction of an HTTP/1 connection stands. */
export type HttpState =
  | 'nothing'
  | 'between-messages'
  | 'in-head'
  | 'in-body'
  | 'until-close'
  | 'lost'

/** The exchanges of an HTTP/1 connection; requests and final responses count when their head is complete. */
export interface HttpSummary {
  requests: number
  responses: number
  lastStatus: number | null
  lastRequestLine: string | null
  host: string | null
  server: string | null
  clientState: HttpState
  upstreamState: HttpState
  requestMissing: number | null
  responseMissing: number | null
  connectionClose: boolean
}

/** What the payload shows, by role. */
export interface ApplicationSummary {
  protocol: 'tls' | 'http/1' | 'h2' | 'other' | 'none'
  clientFirst: FirstBytes
  upstreamFirst: FirstBytes
  tls: TlsSummary | null
  http: HttpSummary | null
  lostPlace: boolean
  clientLostPlace: boolean
  upstreamLostPlace: boolean
}

/** What the first bytes of one direction look like. */
export type FirstBytes =
  | 'none'
  | 'tls'
  | 'http-request'
  | 'http-response'
  | 'h2-preface'
  | 'proxy-v1'
  | 'proxy-v2'
  | 'ssh'
  | 'mysql'
  | 'redis'
  | 'greeting'
  | 'h2-settings'
  | 'other'
  | 'not-captured'
