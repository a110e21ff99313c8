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
import { ByteReader, type ByteWriter } from './byte-codec.ts'

const PROTOCOLS: readonly ApplicationSummary['protocol'][] = [
  'none',
  'tls',
  'http/1',
  'h2',
  'other',
]
const CERTIFICATES: readonly TlsSummary['clientCertificate'][] = [
  'not-requested',
  'sent',
  'empty',
  'unknown',
]
const STATES: readonly HttpState[] = [
  'nothing',
  'between-messages',
  'in-head',
  'in-body',
  'until-close',
  'lost',
]
const FIRST: readonly FirstBytes[] = [
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

const SIDES: readonly Side[] = ['client', 'upstream']
const OPTIONAL = [undefined, false, true] as const

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
      OPTIONAL.indexOf(application.clientLostPlace as undefined) * 2 +
      OPTIONAL.indexOf(application.upstreamLostPlace as undefined) * 8 +
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
  const text = (value: string | null | undefined) => packShared(out, value, texts)
  const moment = (value: Moment | null | undefined) => packMoment(out, value, first)
  text(tls.version)
  text(tls.offeredVersion)
  text(tls.sni)
  out.number(tls.alpn.length)
  for (const name of tls.alpn) text(name)
  text(tls.alpnSelected)
  out.number(TLS_STAGES.indexOf(tls.stage) + CERTIFICATES.indexOf(tls.clientCertificate) * 8)
  out.number(
    (tls.helloRetry ? 1 : 0) +
      (tls.clientEndsWithAlertSize ? 2 : 0) +
      (tls.upstreamEndsWithAlertSize ? 4 : 0) +
      OPTIONAL.indexOf(tls.resumed as undefined) * 8 +
      OPTIONAL.indexOf(tls.earlyData as undefined) * 32,
  )
  moment(tls.alert)
  if (tls.alert !== null) {
    out.number(SIDES.indexOf(tls.alert.by))
    text(tls.alert.name)
  }
  moment(tls.clientHello)
  moment(tls.serverHello)
  moment(tls.clientFinished)
  moment(tls.upstreamApplicationData)
  moment(tls.clientLastRecord)
  moment(tls.upstreamLastRecord)
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

/** Reads what `packApplication` wrote at `at`. */
export function unpackApplication(
  bytes: Uint8Array,
  at: number,
  first: { frame: number; time: number },
  texts: readonly string[],
): ApplicationSummary {
  const from = new ByteReader(bytes, at)
  const protocol = PROTOCOLS[from.number()]!
  const clientFirst = FIRST[from.number()]!
  const upstreamFirst = FIRST[from.number()]!
  const bits = from.number()
  const tls = (bits & 32) === 0 ? null : unpackTls(from, first, texts)
  const http = (bits & 64) === 0 ? null : unpackHttp(from, first, texts)
  const proxyHeader = (bits & 128) === 0 ? null : unpackProxyHeader(from, texts)
  const h2 = (bits & 256) === 0 ? undefined : unpackH2(from, first)
  const summary: ApplicationSummary = {
    protocol,
    clientFirst,
    upstreamFirst,
    tls,
    http,
    proxyHeader,
    lostPlace: (bits & 1) !== 0,
  }
  const clientLostPlace = OPTIONAL[(bits >> 1) & 3]
  const upstreamLostPlace = OPTIONAL[(bits >> 3) & 3]
  if (h2 !== undefined) summary.h2 = h2
  if (clientLostPlace !== undefined) summary.clientLostPlace = clientLostPlace
  if (upstreamLostPlace !== undefined) summary.upstreamLostPlace = upstreamLostPlace
  return summary
}

function unpackH2(from: ByteReader, first: { frame: number; time: number }): H2Summary {
  const opened = from.number()
  const ended = from.number()
  const resets = from.number()
  const lostPlace = from.number() === 1
  const moment = unpackMoment(from, first) ?? null
  const goaway =
    moment === null
      ? null
      : { ...moment, by: SIDES[from.number()]!, lastStream: from.number(), error: from.number() }
  return { opened, ended, resets, goaway, lostPlace }
}

function unpackTls(
  from: ByteReader,
  first: { frame: number; time: number },
  texts: readonly string[],
): TlsSummary {
  const text = () => unpackShared(from, texts)
  const moment = () => unpackMoment(from, first)
  const version = text() ?? null
  const offeredVersion = text()
  const sni = text() ?? null
  const alpn: string[] = []
  for (let left = from.number(); left > 0; left--) alpn.push(text()!)
  const alpnSelected = text() ?? null
  const kinds = from.number()
  const bits = from.number()
  const alert = moment() ?? null
  const by = alert === null ? null : SIDES[from.number()]!
  const name = alert === null ? null : text()!
  const tls: TlsSummary = {
    version,
    stage: TLS_STAGES[kinds & 7]!,
    sni,
    alpn,
    alpnSelected,
    helloRetry: (bits & 1) !== 0,
    alert: alert === null ? null : { frame: alert.frame, time: alert.time, by: by!, name: name! },
    clientCertificate: CERTIFICATES[kinds >> 3]!,
    clientHello: moment() ?? null,
    serverHello: moment() ?? null,
    clientFinished: moment() ?? null,
    upstreamApplicationData: moment() ?? null,
    clientApplicationRecords: 0,
    upstreamApplicationRecords: 0,
    clientEndsWithAlertSize: (bits & 2) !== 0,
    upstreamEndsWithAlertSize: (bits & 4) !== 0,
  }
  const clientLastRecord = moment()
  const upstreamLastRecord = moment()
  tls.clientApplicationRecords = from.number()
  tls.upstreamApplicationRecords = from.number()
  const clientRecordMissing = unpackCount(from)
  const upstreamRecordMissing = unpackCount(from)
  const resumed = OPTIONAL[(bits >> 3) & 3]
  const earlyData = OPTIONAL[(bits >> 5) & 3]
  if (offeredVersion !== undefined) tls.offeredVersion = offeredVersion
  if (resumed !== undefined) tls.resumed = resumed
  if (earlyData !== undefined) tls.earlyData = earlyData
  if (clientLastRecord !== undefined) tls.clientLastRecord = clientLastRecord
  if (upstreamLastRecord !== undefined) tls.upstreamLastRecord = upstreamLastRecord
  if (clientRecordMissing != null) tls.clientRecordMissing = clientRecordMissing
  if (upstreamRecordMissing != null) tls.upstreamRecordMissing = upstreamRecordMissing
  return tls
}

function unpackHttp(
  from: ByteReader,
  first: { time: number },
  texts: readonly string[],
): HttpSummary {
  const requests = from.number()
  const responses = from.number()
  const lastStatus = unpackCount(from) ?? null
  const lastRequestLine = from.number() === 0 ? null : from.text()
  const host = unpackShared(from, texts) ?? null
  const server = unpackShared(from, texts) ?? null
  const bits = from.number()
  const requestMissing = unpackCount(from) ?? null
  const responseMissing = unpackCount(from) ?? null
  const lastRequestId = (bits & 128) === 0 ? null : from.text()
  const localReply =
    (bits & 512) === 0
      ? null
      : { count: from.number(), status: from.number(), length: unpackCount(from) ?? null }
  const marks: RequestMark[] = []
  for (let left = (bits & 256) === 0 ? 0 : from.number(); left > 0; left--) {
    marks.push(unpackMark(from, first.time))
  }
  return {
    requests,
    responses,
    lastStatus,
    lastRequestLine,
    lastRequestId,
    host,
    server,
    marks,
    localReply,
    clientState: STATES[bits & 7]!,
    upstreamState: STATES[(bits >> 3) & 7]!,
    requestMissing,
    responseMissing,
    connectionClose: (bits & 64) !== 0,
  }
}

function unpackMark(from: ByteReader, zero: number): RequestMark {
  const bits = from.number()
  const line = from.number()
  const time = (bits & 4) === 0 ? from.double() : zero + from.number()
  const requestId = (bits & 1) === 0 ? 0 : from.number()
  const traceId = (bits & 2) === 0 ? 0 : from.number()
  if ((bits & 24) === 0) return { time, line, requestId, traceId, status: 0, answered: null }
  const answered = (bits & 8) === 0 ? from.double() : time + from.number()
  return { time, line, requestId, traceId, status: from.number(), answered }
}

function unpackProxyHeader(from: ByteReader, texts: readonly string[]): ProxyHeader {
  const source = { address: from.text(), port: from.number() }
  const destination = { address: unpackShared(from, texts)!, port: from.number() }
  return { source, destination }
}

function unpackCount(from: ByteReader): number | null | undefined {
  const value = from.number()
  return value === 0 ? undefined : value === 1 ? null : value - 2
}

function unpackShared(from: ByteReader, texts: readonly string[]): string | null | undefined {
  const number = unpackCount(from)
  return typeof number === 'number' ? texts[number]! : number
}

function unpackMoment(
  from: ByteReader,
  first: { frame: number; time: number },
): Moment | null | undefined {
  const head = from.number()
  if (head < 2) return head === 1 ? null : undefined
  const frame = first.frame + Math.floor((head - 2) / 2)
  return { frame, time: head % 2 === 0 ? first.time + from.number() : from.double() }
}
