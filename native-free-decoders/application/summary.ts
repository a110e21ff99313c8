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

/**
 * One HTTP/1 request, as far as it may be known again on another connection: hashes, no text. 0 stands for none. Times
 * are those of the frames that completed the heads.
 */
export interface RequestMark {
  time: number
  /** Of the method and the path without query; 32 bits. */
  line: number
  /** Of its `x-request-id`, or its response's; 53 bits. */
  requestId: number
  /** Of the trace id in its `traceparent` (W3C Trace Context); 53 bits. */
  traceId: number
  /** Of its final response, where that is known; its time is null until then. */
  status: number
  answered: number | null
}

/** The addresses that a PROXY protocol header names: the connection that the proxy in front accepted. */
export interface ProxyHeader {
  source: { address: string; port: number }
  destination: { address: string; port: number }
}

/** The exchanges of an HTTP/1 connection; requests and final responses count when their head is complete. */
export interface HttpSummary {
  requests: number
  responses: number
  lastStatus: number | null
  lastRequestLine: string | null
  /** `x-request-id` of the last request that has one, bounded. */
  lastRequestId: string | null
  host: string | null
  server: string | null
  /** Of the first requests and the last; empty for a single one without ids, of which all is said already. */
  marks: RequestMark[]
  /** Errors that Envoy answered itself, in place of an upstream: how many, and status and body length of the last. */
  localReply: { count: number; status: number; length: number | null } | null
  clientState: HttpState
  upstreamState: HttpState
  requestMissing: number | null
  responseMissing: number | null
  connectionClose: boolean
}

/** What the frames of an HTTP/2 connection in plaintext show. */
export interface H2Summary {
  /** Streams that the client opened. */
  opened: number
  /** Streams that the upstream finished, or that either side reset. */
  ended: number
  /** RST_STREAM frames. */
  resets: number
  /** The first GOAWAY: the last stream that its sender takes, and its error code (RFC 9113 §7). */
  goaway: (Moment & { by: Side; lastStream: number; error: number }) | null
  lostPlace: boolean
}

/** What the payload shows, by role. */
export interface ApplicationSummary {
  protocol: 'tls' | 'http/1' | 'h2' | 'other' | 'none'
  clientFirst: FirstBytes
  upstreamFirst: FirstBytes
  tls: TlsSummary | null
  http: HttpSummary | null
  h2: H2Summary | null
  proxyHeader: ProxyHeader | null
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
