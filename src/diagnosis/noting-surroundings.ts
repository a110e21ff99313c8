import type { JoinedLine } from '../model/access-log.ts'
import type {
  Beside,
  Burst,
  Case,
  EndpointFacts,
  EndpointTimes,
  LinkedLeg,
  Surroundings,
} from '../model/case.ts'
import type { Cluster } from '../model/cluster.ts'
import { ownBurst } from './standing.ts'
import { NO_FACTS, NO_TIMES } from './surroundings.ts'
import type { Measure } from './timers.ts'

/** What can be asked of surroundings, as bits: what was asked is what an answer depends on. */
export const ASKED = {
  /** The endpoint as such. */
  endpoint: 1,
  turnsAway: 2,
  /** With the bit before: it was told that the endpoint does so. */
  toldSo: 512,
  /** Whether and when it first refused. */
  refused: 4,
  /** The burst of ends at the connection's own. */
  burst: 8,
  /** How many ended after as long a time. */
  idle: 16,
  age: 32,
  request: 64,
  /** Something else that another connection in the same place may be told otherwise. */
  itself: 128,
  /** Its access-log lines, where logs were given. */
  lines: 256,
} as const

/**
 * Surroundings that note in `asked` what is asked of them; without `known` ones they answer as if the connection were
 * alone at its endpoint, which may be known to turn connections away.
 */
export function notingSurroundings(
  known: Surroundings | null,
  beside: Beside,
  turnsAway = false,
): Surroundings & { asked: number } {
  return new NotingSurroundings(known, beside, turnsAway)
}

class NotingSurroundings implements Surroundings {
  asked = 0
  private readonly known: Surroundings | null
  private readonly beside: Beside
  private readonly isTurning: boolean

  constructor(known: Surroundings | null, beside: Beside, isTurning: boolean) {
    this.known = known
    this.beside = beside
    this.isTurning = isTurning
  }

  get cluster(): Cluster | null {
    const { cluster } = this.beside
    if (cluster !== null) this.asked |= ASKED.itself
    return cluster
  }

  endpoint(c: Case): EndpointFacts {
    this.asked |= ASKED.endpoint
    return this.known?.endpoint(c) ?? { ...NO_FACTS }
  }

  turnsAway(c: Case): boolean {
    const answer = this.known?.turnsAway(c) ?? this.isTurning
    this.asked |= answer ? ASKED.turnsAway | ASKED.toldSo : ASKED.turnsAway
    return answer
  }

  firstRefused(c: Case): number {
    this.asked |= ASKED.refused
    return this.known?.firstRefused(c) ?? Number.NaN
  }

  endpointTimes(c: Case): EndpointTimes {
    this.asked |= ASKED.itself
    return this.known?.endpointTimes(c) ?? { ...NO_TIMES }
  }

  burst(c: Case): Burst {
    this.asked |= ASKED.burst
    return this.known?.burst(c) ?? ownBurst(c)
  }

  linked(id: number): LinkedLeg | null {
    this.asked |= ASKED.itself
    return this.known?.linked(id) ?? null
  }

  survivors(c: Case, timeNs: number): number {
    this.asked |= ASKED.itself
    return this.known?.survivors(c, timeNs) ?? 0
  }

  othersAliveAfter(id: number, timeNs: number): boolean {
    this.asked |= ASKED.itself
    return this.known?.othersAliveAfter(id, timeNs) ?? false
  }

  repeated(c: Case, measure: Measure): number {
    this.asked |= ASKED[measure]
    return this.known?.repeated(c, measure) ?? 1
  }

  logLines(c: Case): readonly JoinedLine[] {
    const { lines } = this.beside
    if (lines === null) return []
    this.asked |= ASKED.lines
    return lines(c.id - 1)
  }
}
