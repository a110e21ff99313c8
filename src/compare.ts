import { collect, logsOf } from './analyze.ts'
import { assignRoles } from './assign-roles.ts'
import { buildReport } from './build-report.ts'
import { BY_REQUESTS, clockReport } from './clock-report.ts'
import { pairedCases } from './compare-cases.ts'
import { CaptureConnections } from './connections/connection-set.ts'
import { Pairing } from './correlation/pairing.ts'
import { toldClock } from './correlation/shared-clock.ts'
import { captureReport } from './diagnosis/capture-report.ts'
import { captureSigns } from './diagnosis/limits.ts'
import { noSharedConnection } from './diagnosis/no-shared-connection.ts'
import type { CaptureInput, EngineOptions, ReportOptions } from './engine-options.ts'
import { clusterOf, trackingOptions } from './engine-options.ts'
import type { Limit, Report, ReportStream } from './model/report.ts'
import { refuseSameCapture } from './same-capture.ts'
import { withFiles } from './with-files.ts'
import { type TrackedParts, trackCaptures } from './workers/track-captures.ts'

export interface CompareInputs {
  client: CaptureInput
  upstream: CaptureInput
  /** Captures at points between, as in a gateway, in order from the client on. */
  via?: readonly CaptureInput[]
  /** Captures of further upstreams that are behind the same service or gateway. */
  replicas?: readonly CaptureInput[]
}

/** Which side reset each connection first, by the captures of both sides, connection by connection. */
export function compareStream(
  inputs: CompareInputs,
  options: EngineOptions = {},
): Promise<ReportStream> {
  return withFiles((files) => reportOn(inputs, { ...options, files }))
}

async function reportOn(inputs: CompareInputs, options: ReportOptions): Promise<ReportStream> {
  if ((inputs.via?.length ?? 0) + (inputs.replicas?.length ?? 0) > 0) {
    const { comparePath } = await import('./compare-path.ts')
    return comparePath(inputs, options)
  }
  // Small beside the captures: what is wrong with them is said first.
  const cluster = await clusterOf(options)
  const tracked = await trackCaptures(
    [
      { id: 'client', input: inputs.client },
      { id: 'upstream', input: inputs.upstream },
    ],
    trackingOptions(options),
  )
  const [first, second] = tracked as [TrackedParts, TrackedParts]
  refuseSameCapture('client', first, 'upstream', second)
  let pairing = pair(first, second, options)
  const swapped = pairing.areSwapped
  if (swapped) pairing = pair(second, first, options)
  const { client, upstream } = pairing
  const cases = pairedCases(pairing)
  const shared = pairing.matches.methods.some((method) => method !== null)
  const alone = shared || cases.links.isAny ? null : noSharedConnection(client, upstream)
  const near = captureSigns(client)
  const far = captureSigns(upstream)
  return buildReport({
    command: 'compare',
    captures: [
      captureReport(client, 'client', pairing.positions.client, near.unseenSegments),
      captureReport(upstream, 'upstream', pairing.positions.upstream, far.unseenSegments),
    ],
    clock: clockReport(pairing, client.facts.baseNs),
    cases,
    signs: [
      { signs: near, loss: pairing.loss.client },
      { signs: far, loss: pairing.loss.upstream },
    ],
    limits: [
      ...(alone === null ? [] : [alone.limit]),
      ...(swapped ? [SWAPPED] : []),
      ...(pairing.requests === null ? [] : [BY_REQUESTS]),
    ],
    selection: options.selection ?? {},
    cluster,
    logs: await logsOf(cases, options),
    headline: alone?.headline ?? null,
  })
}

/** Puts two tracked captures side by side. Roles may be turned by it, so the columns are its own. */
function pair(client: TrackedParts, upstream: TrackedParts, options: EngineOptions): Pairing {
  const near = new CaptureConnections('client', client.facts, client.parts)
  const far = new CaptureConnections('upstream', upstream.facts, upstream.parts)
  assignRoles(near, options.server)
  assignRoles(far, options.server)
  const baseDelta = Number(far.facts.baseNs - near.facts.baseNs)
  const { clockOffsetSeconds } = options
  const told = clockOffsetSeconds === undefined ? null : toldClock(clockOffsetSeconds, baseDelta)
  return new Pairing(near, far, told, options.at ?? null)
}

const SWAPPED: Limit = {
  code: 'captures-swapped',
  message:
    'the captures were given the wrong way round (packets would arrive before they leave, and gain TTL on the way): the first is read as the upstream side, the second as the client side',
}

/** Which side reset each connection first, as one value. Rejects with a `RstscopeError`. */
export async function compare(inputs: CompareInputs, options: EngineOptions = {}): Promise<Report> {
  return collect(await compareStream(inputs, options))
}
