import { FINDINGS } from '../index.ts'
import { isReadInPart } from '../model/damage.ts'
import { worstLevel } from '../model/ending-level.ts'
import type { Connection, Finding, ReportStream } from '../model/report.ts'
import { VERSION } from '../version.ts'
import { connectionKey } from './connection-key.ts'
import { shownPath } from './find/places.ts'
import type { SampleCaptures } from './sample.ts'
import {
  type FoundEnd,
  SAMPLE_ROW_SCHEMA,
  type SampleFinding,
  type SampleRow,
} from './sample-row.ts'
import type { SampleTask } from './sample-task.ts'

type Told = Pick<SampleTask, 'sample' | 'key' | 'options'>

/** The row of a sample whose report is made. */
export function rowOf(stream: ReportStream, told: Told, reports: string[]): SampleRow {
  const { captures, verdict, summary, findings, limits } = stream.head
  const { by, confidence, headline, cause, count } = verdict
  return {
    ...identity(told),
    status: isReadInPart(stream.head) ? 'partly' : 'done',
    error: null,
    level: worstLevel(stream),
    inputs: inputsOf(told),
    reports,
    bytes: told.sample.bytes,
    packets: captures.reduce((sum, capture) => sum + capture.packets, 0),
    firstPacketAt: captures[0]?.firstPacketAt ?? null,
    lastPacketAt: captures[0]?.lastPacketAt ?? null,
    verdict: { by, confidence, headline, cause, count },
    summary,
    findings: findings.map((finding) => foundIn(stream, finding)),
    limits: distinct(limits.map(({ code }) => code)),
    warnings: distinct(captures.flatMap(({ warnings }) => warnings.map(({ code }) => code))),
  }
}

/** The row of a sample of which nothing could be read. What went wrong may name files: a redacted row does not say it. */
export function failedRow(told: Told, reason: NonNullable<SampleRow['error']>): SampleRow {
  const hidden = { ...reason, message: 'it could not be read', hint: null }
  const error = isRedacted(told) ? hidden : reason
  return {
    ...identity(told),
    status: 'failed',
    error,
    level: null,
    inputs: inputsOf(told),
    reports: [],
    bytes: told.sample.bytes,
    packets: 0,
    firstPacketAt: null,
    lastPacketAt: null,
    verdict: null,
    summary: null,
    findings: [],
    limits: [],
    warnings: [],
  }
}

function identity({ sample, key }: Told): Pick<SampleRow, 'schema' | 'tool' | 'sample' | 'key'> {
  return {
    schema: SAMPLE_ROW_SCHEMA,
    tool: { name: 'rstscope', version: VERSION },
    sample: sample.id,
    key,
  }
}

function isRedacted({ options }: Told): boolean {
  return options.redactKey !== null
}

function inputsOf(told: Told): SampleRow['inputs'] {
  const { captures, accessLogs, kubernetes, basis } = told.sample
  if (isRedacted(told)) {
    return { captures: { capture: [] }, accessLogs: [], kubernetes: [], basis: 'redacted' }
  }
  return { captures: shownCaptures(captures), accessLogs, kubernetes, basis }
}

/** Addresses may hold keys, and rows are passed on. */
function shownCaptures(captures: SampleCaptures): SampleCaptures {
  const shown = (files: string[]) => files.map(shownPath)
  if ('capture' in captures) return { capture: shown(captures.capture) }
  return { client: shown(captures.client), upstream: shown(captures.upstream) }
}

function foundIn(stream: ReportStream, finding: Finding): SampleFinding {
  const found = finding.connections.map((id) => stream.at(id)).filter((one) => one !== null)
  const example = found[0]
  const ends = found.map(foundEnd)
  const times = ends.map(({ endedAt }) => endedAt).sort()
  const workload = example?.workload?.upstream
  return {
    code: finding.code,
    severity: finding.severity,
    title: FINDINGS.find(({ code }) => code === finding.code)?.title ?? finding.title,
    by: example?.firstReset?.by ?? null,
    upstream: example === undefined ? null : upstreamText(example),
    service: workload?.service ?? null,
    count: finding.count ?? ends.length,
    firstAt: times[0] ?? null,
    lastAt: times.at(-1) ?? null,
    ends,
  }
}

function foundEnd(connection: Connection): FoundEnd {
  return {
    connection: connection.id,
    key: connectionKey(connection),
    endedAt: connection.endedAt,
    by: connection.firstReset?.by ?? null,
    idleSeconds: connection.firstReset?.idleSeconds ?? null,
  }
}

/** As the upstream side knows it, where that side was captured. */
function upstreamText(connection: Connection): string {
  const { address, port } = connection.views.upstream?.upstream ?? connection.upstream
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

function distinct(codes: string[]): string[] {
  return [...new Set(codes)].sort()
}
