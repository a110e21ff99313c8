import type { Endpoint, Side } from './connection.ts'

export type TlsStage =
  | 'client-hello'
  | 'server-hello'
  | 'server-flight'
  | 'client-finished'
  | 'established'

/** From the least to the most. */
export const TLS_STAGES: readonly TlsStage[] = [
  'client-hello',
  'server-hello',
  'server-flight',
  'client-finished',
  'established',
]

/** A moment in the application's bytes: the frame that completed it and its relative time in ns. */
export interface Moment {
  frame: number
  time: number
}

export interface TlsSummary {
  /** Negotiated; null before a ServerHello that says it. */
  version: string | null
  /** The highest version that the client offered. */
  offeredVersion?: string | null
  stage: TlsStage
  sni: string | null
  alpn: string[]
  /** What the server chose, where it can be seen (TLS 1.2). */
  alpnSelected: string | null
  helloRetry: boolean
  /** A pre-shared key or an earlier session was taken up, so no certificate was asked for. */
  resumed?: boolean
  /** 0-RTT data was offered. */
  earlyData?: boolean
  /** The first alert that is no close_notify: `by` sent it. Name, or "encrypted" for an alert-sized protected record that was its sender's last. */
  alert: (Moment & { by: Side; name: string }) | null
  clientCertificate: 'not-requested' | 'sent' | 'empty' | 'unknown'
  clientHello: Moment | null
  serverHello: Moment | null
  clientFinished: Moment | null
  /** First application-data record of the upstream that is not alert-sized after the client's Finished (any, once established). */
  upstreamApplicationData: Moment | null
  /** Protected records of each side after its handshake flight. */
  clientApplicationRecords: number
  upstreamApplicationRecords: number
  /** The last record of each side has the size of an alert. */
  clientEndsWithAlertSize: boolean
  upstreamEndsWithAlertSize: boolean
  clientLastRecord?: Moment | null
  upstreamLastRecord?: Moment | null
  /** Body bytes that the record under way still lacks: the stream was cut within it. 0 between records. */
  clientRecordMissing?: number
  upstreamRecordMissing?: number
}

export type HttpState =
  | 'nothing'
  | 'between-messages'
  | 'in-head'
  | 'in-body'
  | 'until-close'
  | 'lost'

/**
 * One HTTP/1 request, as far as it may be known again on another connection: hashes, no text. 0 stands for none. Times
 * are relative ns of the frames that completed the heads.
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
  source: Endpoint
  destination: Endpoint
}

export interface HttpSummary {
  requests: number
  responses: number
  /** Of final responses: interim ones (1xx) are not counted. Requests and responses count once their head was sent. */
  lastStatus: number | null
  /** Method and path without query, bounded; null where it was not captured. */
  lastRequestLine: string | null
  /** `x-request-id` of the last request that has one, bounded. */
  lastRequestId: string | null
  host: string | null
  server: string | null
  /** Of the first requests and the last; empty for a single one without ids, of which all is said already. */
  marks: RequestMark[]
  /** Errors that Envoy answered itself, in place of an upstream: how many, and status and body length of the last. */
  localReply?: { count: number; status: number; length: number | null } | null
  clientState: HttpState
  upstreamState: HttpState
  /** Body bytes that the message under way still lacks, where its framing says so; null for chunked or none. */
  requestMissing: number | null
  responseMissing: number | null
  connectionClose: boolean
}

/** What the frames of an HTTP/2 connection in plaintext show (RFC 9113). */
export interface H2Summary {
  /** Streams that the client opened; that the upstream finished or either side reset; RST_STREAM frames. */
  opened: number
  ended: number
  resets: number
  /** The first GOAWAY: the last stream that its sender takes, and its error code. */
  goaway: (Moment & { by: Side; lastStream: number; error: number }) | null
  lostPlace: boolean
}

/** What the payload shows. `client` and `upstream` by role. */
export interface ApplicationSummary {
  protocol: 'tls' | 'http/1' | 'h2' | 'other' | 'none'
  /** What the first bytes of each direction look like. */
  clientFirst: FirstBytes
  upstreamFirst: FirstBytes
  tls: TlsSummary | null
  http: HttpSummary | null
  h2?: H2Summary | null
  /** Optional as most have none. */
  proxyHeader?: ProxyHeader | null
  /** Gaps (capture loss, snapping, a bound) made the walk lose its place. */
  lostPlace: boolean
  clientLostPlace?: boolean
  upstreamLostPlace?: boolean
}

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
  /** A text banner: SMTP, FTP, POP3, IMAP. */
  | 'greeting'
  /** The SETTINGS frame that an HTTP/2 server sends first. */
  | 'h2-settings'
  | 'other'
  | 'not-captured'
