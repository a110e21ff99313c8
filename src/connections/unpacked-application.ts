import {
  type ApplicationSummary,
  type H2Summary,
  type HttpSummary,
  type Moment,
  type ProxyHeader,
  type RequestMark,
  TLS_STAGES,
  type TlsSummary,
} from '../model/application.ts'
import { ByteReader } from './byte-codec.ts'
import { CERTIFICATES, FIRST, OPTIONAL, PROTOCOLS, SIDES, STATES } from './packed-application.ts'

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
