import {
  type ApplicationSummary,
  type FirstBytes,
  type H2Summary,
  type HttpState,
  type HttpSummary,
  type Moment,
  type ProxyHeader,
  type RequestMark,
  TLS_STAGES,
  type TlsSummary,
} from '../model/application.ts'
import type { Side } from '../model/connection.ts'
import type { ByteWriter } from './byte-codec.ts'

export const PROTOCOLS: readonly ApplicationSummary['protocol'][] = [
  'none',
  'tls',
  'http/1',
  'h2',
  'other',
]
export const CERTIFICATES: readonly TlsSummary['clientCertificate'][] = [
  'not-requested',
  'sent',
  'empty',
  'unknown',
]
export const STATES: readonly HttpState[] = [
  'nothing',
  'between-messages',
  'in-head',
  'in-body',
  'until-close',
  'lost',
]
export const FIRST: readonly FirstBytes[] = [
  'none',
  'tls',
  'http-request',
  'http-response',
  'h2-preface',
  'proxy-v1',
  'proxy-v2',
  'ssh',
  'mysql',
  'redis',
  'greeting',
  'h2-settings',
  'other',
  'not-captured',
]
/** The kind of a direction's first bytes, as a number below 16. */
export function firstBytesNumber(first: FirstBytes): number {
  return FIRST.indexOf(first)
}

export const SIDES: readonly Side[] = ['client', 'upstream']
/** A flag that older summaries lack, by its number. */
export const OPTIONAL = [undefined, false, true] as const

/** Texts that many connections share (host names, versions) by number. */
export class SharedTexts {
  readonly list: string[] = []
  private readonly numbers = new Map<string, number>()

  numberOf(text: string): number {
    let number = this.numbers.get(text)
    if (number === undefined) {
      number = this.list.push(text) - 1
      this.numbers.set(text, number)
    }
    return number
  }
}

/** Writes what was said over a connection in some tens of bytes. Frames and times count from the connection's first. */
export function packApplication(
  out: ByteWriter,
  application: ApplicationSummary,
  first: { frame: number; time: number },
  texts: SharedTexts,
): void {
  const { tls, http, h2, proxyHeader } = application
  out.number(PROTOCOLS.indexOf(application.protocol))
  out.number(FIRST.indexOf(application.clientFirst))
  out.number(FIRST.indexOf(application.upstreamFirst))
  out.number(
    (application.lostPlace ? 1 : 0) +
      optional(application.clientLostPlace) * 2 +
      optional(application.upstreamLostPlace) * 8 +
      (tls === null ? 0 : 32) +
      (http === null ? 0 : 64) +
      (proxyHeader == null ? 0 : 128) +
      (h2 == null ? 0 : 256),
  )
  if (tls !== null) packTls(out, tls, first, texts)
  if (http !== null) packHttp(out, http, first, texts)
  if (proxyHeader != null) packProxyHeader(out, proxyHeader, texts)
  if (h2 != null) packH2(out, h2, first)
}

function optional(flag: boolean | undefined): number {
  return flag === undefined ? 0 : flag ? 2 : 1
}

function packH2(out: ByteWriter, h2: H2Summary, first: { frame: number; time: number }): void {
  out.number(h2.opened)
  out.number(h2.ended)
  out.number(h2.resets)
  out.number(h2.lostPlace ? 1 : 0)
  packMoment(out, h2.goaway, first)
  if (h2.goaway === null) return
  out.number(SIDES.indexOf(h2.goaway.by))
  out.number(h2.goaway.lastStream)
  out.number(h2.goaway.error)
}

function packTls(
  out: ByteWriter,
  tls: TlsSummary,
  first: { frame: number; time: number },
  texts: SharedTexts,
): void {
  packShared(out, tls.version, texts)
  packShared(out, tls.offeredVersion, texts)
  packShared(out, tls.sni, texts)
  out.number(tls.alpn.length)
  for (const name of tls.alpn) packShared(out, name, texts)
  packShared(out, tls.alpnSelected, texts)
  out.number(TLS_STAGES.indexOf(tls.stage) + CERTIFICATES.indexOf(tls.clientCertificate) * 8)
  out.number(
    (tls.helloRetry ? 1 : 0) +
      (tls.clientEndsWithAlertSize ? 2 : 0) +
      (tls.upstreamEndsWithAlertSize ? 4 : 0) +
      optional(tls.resumed) * 8 +
      optional(tls.earlyData) * 32,
  )
  packMoment(out, tls.alert, first)
  if (tls.alert !== null) {
    out.number(SIDES.indexOf(tls.alert.by))
    packShared(out, tls.alert.name, texts)
  }
  packMoment(out, tls.clientHello, first)
  packMoment(out, tls.serverHello, first)
  packMoment(out, tls.clientFinished, first)
  packMoment(out, tls.upstreamApplicationData, first)
  packMoment(out, tls.clientLastRecord, first)
  packMoment(out, tls.upstreamLastRecord, first)
  out.number(tls.clientApplicationRecords)
  out.number(tls.upstreamApplicationRecords)
  packCount(out, tls.clientRecordMissing)
  packCount(out, tls.upstreamRecordMissing)
}

function packHttp(
  out: ByteWriter,
  http: HttpSummary,
  first: { time: number },
  texts: SharedTexts,
): void {
  out.number(http.requests)
  out.number(http.responses)
  packCount(out, http.lastStatus)
  out.number(http.lastRequestLine === null ? 0 : 1)
  // Hardly two connections ask for the same.
  if (http.lastRequestLine !== null) out.text(http.lastRequestLine)
  packShared(out, http.host, texts)
  packShared(out, http.server, texts)
  out.number(
    STATES.indexOf(http.clientState) +
      STATES.indexOf(http.upstreamState) * 8 +
      (http.connectionClose ? 64 : 0) +
      (http.lastRequestId === null ? 0 : 128) +
      (http.marks.length === 0 ? 0 : 256) +
      (http.localReply == null ? 0 : 512),
  )
  packCount(out, http.requestMissing)
  packCount(out, http.responseMissing)
  if (http.lastRequestId !== null) out.text(http.lastRequestId)
  if (http.localReply != null) {
    out.number(http.localReply.count)
    out.number(http.localReply.status)
    packCount(out, http.localReply.length)
  }
  if (http.marks.length > 0) out.number(http.marks.length)
  for (const mark of http.marks) packMark(out, mark, first.time)
}

function packMark(out: ByteWriter, mark: RequestMark, zero: number): void {
  const { time, line, requestId, traceId, status, answered } = mark
  out.number(
    (requestId === 0 ? 0 : 1) +
      (traceId === 0 ? 0 : 2) +
      (isLater(time, zero) ? 4 : 0) +
      (answered === null ? 0 : isLater(answered, time) ? 8 : 16),
  )
  out.number(line)
  packTime(out, time, zero)
  if (requestId !== 0) out.number(requestId)
  if (traceId !== 0) out.number(traceId)
  if (answered === null) return
  packTime(out, answered, time)
  out.number(status)
}

/** Is a time a whole number of ns behind another? */
function isLater(time: number, zero: number): boolean {
  const later = time - zero
  return Number.isInteger(later) && later >= 0 && zero + later === time
}

function packTime(out: ByteWriter, time: number, zero: number): void {
  if (isLater(time, zero)) out.number(time - zero)
  else out.double(time)
}

function packProxyHeader(out: ByteWriter, header: ProxyHeader, texts: SharedTexts): void {
  out.text(header.source.address)
  out.number(header.source.port)
  packShared(out, header.destination.address, texts)
  out.number(header.destination.port)
}

/** Undefined, null, or a whole number. */
function packCount(out: ByteWriter, value: number | null | undefined): void {
  out.number(value === undefined ? 0 : value === null ? 1 : value + 2)
}

function packShared(out: ByteWriter, text: string | null | undefined, texts: SharedTexts): void {
  packCount(out, typeof text === 'string' ? texts.numberOf(text) : text)
}

function packMoment(
  out: ByteWriter,
  moment: Moment | null | undefined,
  first: { frame: number; time: number },
): void {
  if (moment == null) {
    out.number(moment === null ? 1 : 0)
    return
  }
  const frames = moment.frame - first.frame
  const later = moment.time - first.time
  const exact = Number.isInteger(later) && later >= 0 && first.time + later === moment.time
  out.number(frames * 2 + (exact ? 2 : 3))
  if (exact) out.number(later)
  else out.double(moment.time)
}
