import type { FoundEnd, SampleFinding, SampleRow } from '../../../src/batch/sample-row.ts'

/** Rows of samples written by hand: what summaries, comparisons and the index page are tested with. */

const LEVELS = ['error', 'warning', 'info'] as const

/** So many seconds after 14:00; nine digits. */
export function at(seconds: number, day = '2026-11-20'): string {
  const zero = Date.parse(`${day}T14:00:00Z`)
  const whole = Math.floor(seconds)
  const nanos = Math.round((seconds - whole) * 1e9)
  const text = new Date(zero + whole * 1000).toISOString().slice(0, 19)
  return `${text}.${String(nanos).padStart(9, '0')}Z`
}

export function end(
  connection: number,
  key: string,
  seconds: number,
  idle: number | null = null,
): FoundEnd {
  return { connection, key, endedAt: at(seconds), by: 'upstream', idleSeconds: idle }
}

export function finding(ends: FoundEnd[], more: Partial<SampleFinding> = {}): SampleFinding {
  const times = ends.map(({ endedAt }) => endedAt).sort()
  return {
    code: 'RS241',
    severity: 'error',
    title: 'A request crossed the close of an idle connection',
    by: 'upstream',
    upstream: '10.8.1.15:8443',
    service: null,
    count: ends.length,
    firstAt: times[0] ?? at(0),
    lastAt: times.at(-1) ?? at(0),
    ends: ends.map((one) => (more.by === undefined ? one : { ...one, by: more.by })),
    ...more,
  }
}

export function row(
  sample: string,
  findings: SampleFinding[] = [],
  more: Partial<SampleRow> = {},
): SampleRow {
  // As many of those that are not listed as of those that are.
  const resets = findings.reduce((sum, { count, ends }) => {
    const reset = ends.filter(({ by }) => by !== null).length
    return sum + (ends.length === 0 ? 0 : Math.round((count * reset) / ends.length))
  }, 0)
  const found = findings.reduce((sum, { count }) => sum + count, 0)
  return {
    schema: 'rstscope.batch/1',
    tool: { name: 'rstscope', version: '0.1.0' },
    sample,
    key: '0'.repeat(64),
    status: 'done',
    error: null,
    level: LEVELS.find((level) => findings.some(({ severity }) => severity === level)) ?? null,
    inputs: {
      captures: { capture: [`${sample}.pcap`] },
      accessLogs: [],
      kubernetes: [],
      basis: 'one file',
    },
    reports: [`samples/${sample}/report.html`, `samples/${sample}/report.json`],
    bytes: 1000,
    packets: 100,
    firstPacketAt: at(0),
    lastPacketAt: at(600),
    verdict: null,
    summary: {
      connections: Math.max(100, found),
      matched: 0,
      benign: 0,
      byTermination: {
        'rst-without-fin': resets,
        'rst-after-fin': 0,
        'fin-close': 0,
        'handshake-never-completed': 0,
        'tls-aborted': 0,
        open: 0,
      },
      byFirstReset: { upstream: resets, client: 0, between: 0, undetermined: 0 },
      byCause: {},
    },
    findings,
    limits: [],
    warnings: [],
    ...more,
  }
}

export function failedRow(sample: string, message: string, hint: string | null = null): SampleRow {
  return row(sample, [], {
    status: 'failed',
    error: { code: 'RSTSCOPE_NOT_A_CAPTURE', message, hint },
    reports: [],
    packets: 0,
    firstPacketAt: null,
    lastPacketAt: null,
    summary: null,
  })
}
