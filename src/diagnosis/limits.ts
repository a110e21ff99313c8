import type { ConnectionSet } from '../model/connection-set.ts'
import type { Limit } from '../model/report.ts'

export interface CaptureSigns {
  set: ConnectionSet
  loss: string[]
  /** Connections of which one direction only was seen, and all. */
  oneWay: number
  connections: number
  /** Distinct ports of upstream ends, at most 2 counted. */
  upstreamPorts: ReadonlySet<number>
}

/** What a capture could not hold, told by its header or inferred from what it lacks (VERDICTS §8). */
export function captureLimits(signs: CaptureSigns): Limit[] {
  const { set, loss } = signs
  const { facts, totals } = set
  const limits: Limit[] = []
  const add = (code: string, message: string) =>
    limits.push({
      code,
      message: `${set.capture === 'capture' ? '' : `${set.capture} `}capture: ${message}`,
    })
  const filters = [...new Set(facts.interfaces.flatMap((i) => (i.filter ? [i.filter] : [])))]
  if (filters.length > 0) add('capture-filter', `taken with the filter "${filters.join('", "')}"`)
  else if (
    signs.connections >= 3 &&
    signs.upstreamPorts.size === 1 &&
    totals.skippedPackets === 0
  ) {
    const port = [...signs.upstreamPorts][0]
    add(
      'capture-filter',
      `only TCP of port ${port} and nothing else: a filter such as "port ${port}" would also have hidden ICMP errors, fragments and un-NATed segments`,
    )
  }
  const damage = facts.warnings.find((warning) => warning.offset !== null)
  if (damage !== undefined) {
    add('damaged-capture', `damaged at byte ${damage.offset}: what could be read was used`)
  }
  if (totals.snappedSegments > 0) {
    add(
      'snap-length',
      `${totals.snappedSegments} segments were cut by the snap length; TLS and HTTP are followed only as far as their bytes go`,
    )
  }
  if (loss.length > 0) add('capture-loss', `incomplete: ${loss.join('; ')}`)
  if (signs.oneWay > 0 && signs.oneWay * 2 >= signs.connections) {
    add(
      'one-direction',
      `${signs.oneWay} of ${signs.connections} connections show one direction only`,
    )
  }
  if (totals.reassemblyBoundReached > 0) {
    add('bound-reached', `${totals.reassemblyBoundReached} times payload behind a hole was let go`)
  }
  if (totals.putAwayEarly > 0) {
    add(
      'bound-reached',
      `${totals.putAwayEarly} times a live connection had to be put away: what it said afterwards was not followed`,
    )
  }
  if (totals.icmpErrorsDropped > 0) {
    add('bound-reached', `${totals.icmpErrorsDropped} ICMP errors beyond the bound were not read`)
  }
  if (totals.fragmentsIncomplete > 0) {
    add('fragments', `${totals.fragmentsIncomplete} fragmented TCP packets were never complete`)
  }
  return limits
}
