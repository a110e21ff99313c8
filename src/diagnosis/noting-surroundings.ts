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
import { NO_FACTS, NO_TIMES } from './surroundings.ts'
import type { Measure } from './timers.ts'

/** What was asked of surroundings, and so what an answer depends on. */
export interface Asked {
  /** The endpoint as such. */
  endpoint: boolean
  /** The burst of ends at the connection's own. */
  burst: boolean
  /** Something that another connection in the same place may be told otherwise. */
  itself: boolean
  /** Its access-log lines, where logs were given. */
  lines: boolean
}

/** Surroundings that note in `asked` what is asked of them; without `known` ones they say that nothing is around. */
export function notingSurroundings(
  known: Surroundings | null,
  beside: Beside,
): Surroundings & { asked: Asked } {
  return new NotingSurroundings(known, beside)
}

class NotingSurroundings implements Surroundings {
  readonly asked: Asked = { endpoint: false, burst: false, itself: false, lines: false }
  private readonly known: Surroundings | null
  private readonly beside: Beside

  constructor(known: Surroundings | null, beside: Beside) {
    this.known = known
    this.beside = beside
  }

  get cluster(): Cluster | null {
    const { cluster } = this.beside
    if (cluster !== null) this.asked.itself = true
    return cluster
  }

  endpoint(c: Case): EndpointFacts {
    this.asked.endpoint = true
    return this.known?.endpoint(c) ?? { ...NO_FACTS }
  }

  endpointTimes(c: Case): EndpointTimes {
    this.asked.itself = true
    return this.known?.endpointTimes(c) ?? { ...NO_TIMES }
  }

  burst(c: Case): Burst {
    this.asked.burst = true
    return this.known?.burst(c) ?? { ends: 0, abrupt: 0 }
  }

  linked(id: number): LinkedLeg | null {
    this.asked.itself = true
    return this.known?.linked(id) ?? null
  }

  survivors(c: Case, timeNs: number): number {
    this.asked.itself = true
    return this.known?.survivors(c, timeNs) ?? 0
  }

  othersAliveAfter(id: number, timeNs: number): boolean {
    this.asked.itself = true
    return this.known?.othersAliveAfter(id, timeNs) ?? false
  }

  repeated(c: Case, measure: Measure): number {
    this.asked.itself = true
    return this.known?.repeated(c, measure) ?? 1
  }

  logLines(c: Case): readonly JoinedLine[] {
    const { lines } = this.beside
    if (lines === null) return []
    this.asked.lines = true
    return lines(c.id - 1)
  }
}
