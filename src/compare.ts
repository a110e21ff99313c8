import { collect, logsOf } from './analyze.ts'
import { assignRoles } from './assign-roles.ts'
import { buildReport } from './build-report.ts'
import { pairedCases } from './compare-cases.ts'
import { CaptureConnections } from './connections/connection-set.ts'
import { Pairing } from './correlation/pairing.ts'
import type { RequestClock } from './correlation/request-clock.ts'
import { toldClock } from './correlation/shared-clock.ts'
import { captureReport } from './diagnosis/capture-report.ts'
import { captureSigns } from './diagnosis/limits.ts'
import { noSharedConnection } from './diagnosis/no-shared-connection.ts'
import { secondsOf, timeText } from './diagnosis/time-text.ts'
import type { CaptureInput, EngineOptions } from './engine-options.ts'
import { clusterOf, trackingOptions } from './engine-options.ts'
import { RstscopeError } from './errors.ts'
import type { Clock, Limit, Report, ReportStream } from './model/report.ts'
import { type TrackedParts, trackCaptures } from './workers/track-captures.ts'

export interface CompareInputs {
  client: CaptureInput
  upstream: CaptureInput
}

/** Which side reset each connection first, by the captures of both sides, connection by connection. */
export async function compareStream(
  inputs: CompareInputs,
  options: EngineOptions = {},
): Promise<ReportStream> {
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
  refuseSameCapture(first, second)
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

const BY_REQUESTS: Limit = {
  code: 'clock-by-requests',
  message:
    'no packet was seen at both points: the clocks are related by requests that a proxy between passed on',
}

/** The same packets at the same moments twice are one capture: nothing can be compared with itself. */
function refuseSameCapture(a: TrackedParts, b: TrackedParts): void {
  if (!isSameCapture(a, b)) return
  throw new RstscopeError(
    'RSTSCOPE_USAGE',
    'the client and the upstream capture are the same capture',
    'for one capture: rstscope analyze CAPTURE',
  )
}

function isSameCapture(a: TrackedParts, b: TrackedParts): boolean {
  if (a.facts.packets === 0 || a.facts.packets !== b.facts.packets) return false
  if (a.facts.baseNs !== b.facts.baseNs || a.parts.length !== b.parts.length) return false
  return a.parts.every((part, i) => {
    const other = b.parts[i]!
    return (
      part.count === other.count &&
      part.totals.lastPacketTime === other.totals.lastPacketTime &&
      isEqual(part.words, other.words) &&
      isEqual(part.doubles, other.doubles) &&
      part.archive.length === other.archive.length &&
      part.archive.every((chunk, k) => isEqual(chunk, other.archive[k]!))
    )
  })
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Which side reset each connection first, as one value. Rejects with a `RstscopeError`. */
export async function compare(inputs: CompareInputs, options: EngineOptions = {}): Promise<Report> {
  return collect(await compareStream(inputs, options))
}

function clockReport(pairing: Pairing, baseNs: bigint): Clock | null {
  const { relation, contradictoryRange: range, requests } = pairing
  if (relation === null) {
    const baseDelta = Number(pairing.upstream.facts.baseNs - baseNs)
    return requests && clockByRequests(requests, baseDelta)
  }
  const { offsetNs } = relation
  const lowNs = range === null ? relation.lowNs : range.low
  const highNs = range === null ? relation.highNs : range.high
  let offset = offsetNs
  return {
    offsetSeconds: secondsOf(offsetNs),
    lowSeconds: lowNs === null ? null : secondsOf(lowNs),
    highSeconds: highNs === null ? null : secondsOf(highNs),
    driftPpm: relation.driftPpm,
    pairs: relation.pairs,
    consistent: relation.consistent,
    steps: relation.steps.map((step) => {
      offset += step.changeNs
      return {
        at: timeText(baseNs, step.atClientTime),
        offsetSeconds: secondsOf(offset),
        lowSeconds: null,
        highSeconds: null,
      }
    }),
  }
}

function clockByRequests({ low, high, requests }: RequestClock, baseDelta: number): Clock {
  return {
    offsetSeconds: secondsOf((low + high) / 2 + baseDelta),
    lowSeconds: secondsOf(low + baseDelta),
    highSeconds: secondsOf(high + baseDelta),
    driftPpm: 0,
    pairs: requests,
    consistent: true,
    steps: [],
  }
}
