import type { AccessLogs } from './access-logs.ts'
import { assignRoles } from './assign-roles.ts'
import { buildReport } from './build-report.ts'
import { type Cases, singleCases } from './compare-cases.ts'
import { CaptureConnections } from './connections/connection-set.ts'
import { singleLoss } from './correlation/pairing.ts'
import { singlePosition } from './correlation/tap-position.ts'
import { captureReport } from './diagnosis/capture-report.ts'
import { captureSigns } from './diagnosis/limits.ts'
import type { CaptureInput, EngineOptions, ReportOptions } from './engine-options.ts'
import { clusterOf, trackingOptions } from './engine-options.ts'
import type { Cluster } from './model/cluster.ts'
import type { Report, ReportStream } from './model/report.ts'
import type { TapPosition } from './model/sighting.ts'
import { withFiles } from './with-files.ts'
import { trackCaptures } from './workers/track-captures.ts'

/** How every connection of one capture ended, connection by connection. */
export function analyzeStream(
  input: CaptureInput,
  options: EngineOptions = {},
): Promise<ReportStream> {
  return withFiles((files) => reportOn(input, { ...options, files }))
}

async function reportOn(input: CaptureInput, options: ReportOptions): Promise<ReportStream> {
  // Small beside the captures: what is wrong with them is said first.
  const cluster = await clusterOf(options)
  const [tracked] = await trackCaptures([{ id: 'capture', input }], trackingOptions(options))
  const set = new CaptureConnections('capture', tracked!.facts, tracked!.parts)
  assignRoles(set, options.server)
  const split = await splitInTwo(set, input, options, cluster)
  if (split !== null) return split
  const position: TapPosition | null =
    options.at === undefined ? singlePosition(set) : { host: options.at, basis: '--at', told: true }
  const loss = singleLoss(set)
  const signs = captureSigns(set)
  const cases = singleCases(set, position, loss)
  return buildReport({
    command: 'analyze',
    captures: [captureReport(set, 'capture', position, signs.unseenSegments)],
    clock: null,
    cases,
    signs: [{ signs, loss }],
    limits: [],
    selection: options.selection ?? {},
    cluster,
    logs: await logsOf(cases, options),
    headline: null,
  })
}

/** Two points of the path in one file are compared; null for a capture of one point, and one that is read but once. */
async function splitInTwo(
  set: CaptureConnections,
  input: CaptureInput,
  options: ReportOptions,
  cluster: Cluster | null,
): Promise<ReportStream | null> {
  // Nearly all captures end here.
  if (set.totals.places.length !== 2) return null
  const { isRereadable, splitCapture, twoPlaces } = await import('./split-capture.ts')
  const places = isRereadable(input) ? twoPlaces(set) : null
  if (places === null) return null
  return splitCapture(input, places, options, async (cases) => ({
    cluster,
    logs: await logsOf(cases, options),
  }))
}

/** How every connection of one capture ended, as one value. Rejects with a `RstscopeError`. */
export async function analyze(input: CaptureInput, options: EngineOptions = {}): Promise<Report> {
  return collect(await analyzeStream(input, options))
}

/** What the access logs among the options tell of the connections; null where none are given. */
export async function logsOf(cases: Cases, options: EngineOptions): Promise<AccessLogs | null> {
  if (options.line === undefined && (options.accessLogs ?? []).length === 0) return null
  const { readAccessLogs } = await import('./access-logs.ts')
  return readAccessLogs(cases, options)
}

/** A stream of connections as one report value, keys in the documented order; closes the stream. */
export function collect({ head, connections, close }: ReportStream): Report {
  const { findings, limits, ...rest } = head
  try {
    return { ...rest, findings, connections: [...connections()], limits }
  } finally {
    close?.()
  }
}
