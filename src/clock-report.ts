import type { Pairing } from './correlation/pairing.ts'
import type { RequestClock } from './correlation/request-clock.ts'
import { secondsOf, timeText } from './diagnosis/time-text.ts'
import type { Clock, Limit } from './model/report.ts'

export const BY_REQUESTS: Limit = {
  code: 'clock-by-requests',
  message:
    'no packet was seen at both points: the clocks are related by requests that a proxy between passed on',
}

/** How the clocks of two captures relate, as the report says it; `baseNs` is the zero of the report's own clock. */
export function clockReport(pairing: Pairing, baseNs: bigint): Clock | null {
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
