import type { ConnectionSet } from '../model/connection-set.ts'
import type { Limit } from '../model/report.ts'

/** What all connections of one capture say of the capture. */
export interface CaptureSigns {
  set: ConnectionSet
  /** Of how many connections one direction only was seen. */
  oneWay: number
  /** Segments that were acknowledged though the capture does not show them. */
  unseenSegments: number
  /** Distinct ports of upstream ends, at most 2 counted. */
  upstreamPorts: ReadonlySet<number>
}

export function captureSigns(set: ConnectionSet): CaptureSigns {
  const upstreamPorts = new Set<number>()
  let oneWay = 0
  let unseenSegments = 0
  for (let i = 0; i < set.count; i++) {
    unseenSegments += set.unseenSegments(i)
    if (set.isOneWay(i)) oneWay++
    if (upstreamPorts.size < 2) notePorts(set, i, upstreamPorts)
  }
  return { set, oneWay, unseenSegments, upstreamPorts }
}

function notePorts(set: ConnectionSet, index: number, ports: Set<number>): void {
  ports.add(set.upstreamPort(index))
  if (!set.hasFolds(index)) return
  for (const { upstream } of set.view(index).alsoSeenAs) {
    if (ports.size < 2) ports.add(upstream.port)
  }
}

/** What a capture could not hold, told by its header or inferred from what it lacks (VERDICTS §8). */
export function captureLimits(signs: CaptureSigns, loss: readonly string[]): Limit[] {
  const { set } = signs
  const { facts, totals } = set
  const limits: Limit[] = []
  const add = (code: string, message: string) =>
    limits.push({
      code,
      message: `${set.capture === 'capture' ? '' : `${set.capture} `}capture: ${message}`,
    })
  const filters = [...new Set(facts.interfaces.flatMap((i) => (i.filter ? [i.filter] : [])))]
  if (filters.length > 0) add('capture-filter', `taken with the filter "${filters.join('", "')}"`)
  else if (set.count >= 3 && signs.upstreamPorts.size === 1 && totals.skippedPackets === 0) {
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
  if (signs.oneWay > 0 && signs.oneWay * 2 >= set.count) {
    add('one-direction', `${signs.oneWay} of ${set.count} connections show one direction only`)
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
