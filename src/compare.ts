import { collect } from './analyze.ts'
import { assignRoles } from './assign-roles.ts'
import { buildReport } from './build-report.ts'
import { pairedCases } from './compare-cases.ts'
import { CaptureConnections } from './connections/connection-set.ts'
import { Pairing } from './correlation/pairing.ts'
import { toldClock } from './correlation/shared-clock.ts'
import { captureReport } from './diagnosis/capture-report.ts'
import { noSharedConnection } from './diagnosis/no-shared-connection.ts'
import { secondsOf, timeText } from './diagnosis/time-text.ts'
import type { CaptureInput, EngineOptions } from './engine-options.ts'
import { trackingOptions } from './engine-options.ts'
import type { ClockRelation } from './model/clock.ts'
import type { Clock, Report, ReportStream } from './model/report.ts'
import { unseenIn } from './unseen.ts'
import { trackCaptures } from './workers/track-captures.ts'

export interface CompareInputs {
  client: CaptureInput
  upstream: CaptureInput
}

/** Which side reset each connection first, by the captures of both sides, connection by connection. */
export async function compareStream(
  inputs: CompareInputs,
  options: EngineOptions = {},
): Promise<ReportStream> {
  const tracked = await trackCaptures(
    [
      { id: 'client', input: inputs.client },
      { id: 'upstream', input: inputs.upstream },
    ],
    trackingOptions(options),
  )
  const [client, upstream] = tracked.map(
    ({ facts, parts }, i) => new CaptureConnections(i === 0 ? 'client' : 'upstream', facts, parts),
  ) as [CaptureConnections, CaptureConnections]
  assignRoles(client, options.server)
  assignRoles(upstream, options.server)
  const baseDelta = upstream.facts.baseNs - client.facts.baseNs
  const told =
    options.clockOffsetSeconds === undefined
      ? null
      : toldClock(options.clockOffsetSeconds, Number(baseDelta))
  const pairing = new Pairing(client, upstream, told)
  const shared = pairing.matches.methods.some((method) => method !== null)
  const alone = shared ? null : noSharedConnection(client, upstream)
  return buildReport({
    command: 'compare',
    captures: [
      captureReport(client, 'client', pairing.positions.client, unseenIn(client)),
      captureReport(upstream, 'upstream', pairing.positions.upstream, unseenIn(upstream)),
    ],
    clock: clockReport(pairing.relation, client.facts.baseNs),
    cases: pairedCases(pairing),
    sets: [
      { set: client, loss: pairing.loss.client },
      { set: upstream, loss: pairing.loss.upstream },
    ],
    limits: alone === null ? [] : [alone.limit],
    selection: options.selection ?? {},
    headline: alone?.headline ?? null,
  })
}

/** Which side reset each connection first, as one value. Rejects with a `RstscopeError`. */
export async function compare(inputs: CompareInputs, options: EngineOptions = {}): Promise<Report> {
  return collect(await compareStream(inputs, options))
}

function clockReport(relation: ClockRelation | null, baseNs: bigint): Clock | null {
  if (relation === null) return null
  const { offsetNs, lowNs, highNs } = relation
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
