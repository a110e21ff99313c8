import type {
  Beside,
  Case,
  EndpointFacts,
  EndpointTimes,
  LinkedLeg,
  Surroundings,
} from '../model/case.ts'
import { linkedLeg } from './linked-leg.ts'
import { LEAST_REPEATED_NS, type Measures, measuresOf } from './measures.ts'
import { Moments } from './moments.ts'
import { closeTime, type Standing, startTime } from './standing.ts'
import type { Measure } from './timers.ts'

const BURST_NS = 50e6
/** Connections that end after times this far apart ended after the same time. */
const SAME_NS = 0.25e9
const AT_ONCE_NS = 100e6
/** Turned away in such a number, it is not about one connection. */
const ENOUGH_TURNED_AWAY = 3
/** Accepted this shortly before and after, a port was listened on. */
const AMONG_NS = 1e9

/** What is counted for an endpoint, and the moments that are kept of it. */
const COUNTS = [
  'established',
  'tls',
  'proxyHeaders',
  'plain',
  'refused',
  'forgotten',
  'turnedAway',
] as const
const FIRSTS = ['firstRefused', 'firstEstablished'] as const
const LASTS = ['lastRefused', 'lastEstablished'] as const
const MEASURES = ['idle', 'age', 'request'] as const

type CountName = (typeof COUNTS)[number]
/** When it last refused right after it had accepted; -1 once it accepted right after that. */
const AMONG = 'refusedAfter'
const LONGEST = ['longestFrom', 'longestUntil'] as const

type TimeName = (typeof FIRSTS | typeof LASTS | typeof LONGEST)[number] | typeof AMONG

/** A connection as those around it see it. Times in ns on the client's clock, NaN where there is none. */
export interface Sighted {
  id: number
  upstream: number
  standing: Standing
  started: number
  /** When the upstream closed first. */
  closed: number
  /** Until when it was alive. */
  until: number
  measures: Measures | null
}

/** Gathers, over all connections, what single causes ask about the others; endpoints by their ids. */
export class SurroundingsCollector {
  private size = 64
  private readonly counts: Record<CountName, Uint32Array>
  private readonly times: Record<TimeName, Float64Array>
  private readonly allEnds = new Moments()
  private readonly cuts = new Moments()
  /** When connections began in which payload went both ways, and until when it did. */
  private readonly begun = new Moments()
  private readonly lasted = new Moments()
  /** Beginnings of connections whose age is among the measured. */
  private readonly aged = new Moments()
  private readonly measured = { idle: new Moments(), age: new Moments(), request: new Moments() }
  /** The two connections in which payload went both ways last. */
  private readonly alive = [
    { id: 0, until: Number.NEGATIVE_INFINITY },
    { id: 0, until: Number.NEGATIVE_INFINITY },
  ]
  /** Linked connections: the other leg asks for them. */
  private readonly linked = new Map<number, LinkedLeg>()

  constructor() {
    const columns = <Name extends string, Column>(names: readonly Name[], make: () => Column) =>
      Object.fromEntries(names.map((name) => [name, make()])) as Record<Name, Column>
    this.counts = columns(COUNTS, () => new Uint32Array(this.size))
    this.times = columns([...FIRSTS, ...LASTS, ...LONGEST, AMONG] as const, () =>
      new Float64Array(this.size).fill(Number.NaN),
    )
  }

  add({ id, upstream, standing, started, closed, until, measures }: Sighted): void {
    if (upstream >= this.size) this.grow(upstream)
    const { counts, times } = this
    if (standing.established) {
      counts.established[upstream]!++
      const last = times.refusedAfter[upstream]!
      if (last >= 0 && started - last < AMONG_NS) times.refusedAfter[upstream] = -1
      this.span(upstream, 'firstEstablished', 'lastEstablished', started)
    }
    if (standing.refused) {
      counts.refused[upstream]!++
      const isAmong = started - times.lastEstablished[upstream]! < AMONG_NS
      if (isAmong && times.refusedAfter[upstream] !== -1) times.refusedAfter[upstream] = started
      this.span(upstream, 'firstRefused', 'lastRefused', started)
    }
    if (standing.tls) counts.tls[upstream]!++
    if (standing.served === 'proxy-header') counts.proxyHeaders[upstream]!++
    if (standing.served === 'plain') counts.plain[upstream]!++
    if (standing.forgotten) counts.forgotten[upstream]!++
    if (standing.closedBy !== null) {
      this.allEnds.add(upstream, closed)
      if (standing.abrupt) this.cuts.add(upstream, closed)
      if (standing.unanswered && closed - started <= AT_ONCE_NS) counts.turnedAway[upstream]!++
    }
    if (measures !== null) this.addMeasures(upstream, started, measures)
    if (until >= started) {
      this.begun.add(upstream, started)
      this.lasted.add(upstream, until)
    }
    if (until - started > (times.longestUntil[upstream]! - times.longestFrom[upstream]! || 0)) {
      times.longestFrom[upstream] = started
      times.longestUntil[upstream] = until
    }
    const [first, second] = this.alive as [LastAlive, LastAlive]
    if (until > first.until) {
      this.alive.pop()
      this.alive.unshift({ id, until })
    } else if (until > second.until) {
      this.alive[1] = { id, until }
    }
  }

  private addMeasures(upstream: number, started: number, measures: Measures): void {
    for (const measure of MEASURES) {
      const ns = measures[measure]
      if (!(ns >= LEAST_REPEATED_NS)) continue
      this.measured[measure].add(upstream, ns)
      if (measure === 'age') this.aged.add(upstream, started)
    }
  }

  addLinked(c: Case): void {
    this.linked.set(c.id, linkedLeg(c))
  }

  // What surroundings say, by numbers: of connections whose objects are not at hand.

  /** Ends at an endpoint within 50 ms of a moment. */
  ends(upstream: number, time: number): number {
    return this.allEnds.within(upstream, time, BURST_NS)
  }

  /** Those of them that were abrupt. */
  abruptEnds(upstream: number, time: number): number {
    return this.cuts.within(upstream, time, BURST_NS)
  }

  turnsAway(upstream: number): boolean {
    if (upstream >= this.size) return false
    return this.counts.turnedAway[upstream]! >= ENOUGH_TURNED_AWAY && this.works(upstream)
  }

  firstRefused(upstream: number): number {
    return upstream < this.size ? this.times.firstRefused[upstream]! : Number.NaN
  }

  /** Ends of an endpoint's connections after as long a time; `started`: when that of an age began. */
  repeated(upstream: number, measure: Measure, ns: number, started: number): number {
    if (!(ns >= LEAST_REPEATED_NS)) return 1
    const repeated = this.measured[measure].within(upstream, ns, SAME_NS)
    return measure === 'age' ? repeated - this.begunWith(upstream, started) : repeated
  }

  /** Once all connections were added. */
  result({ cluster, lines }: Beside): Surroundings {
    return {
      cluster,
      linked: (id) => this.linked.get(id) ?? null,
      endpoint: ({ upstreamId }) => this.endpoint(upstreamId),
      endpointTimes: ({ upstreamId }) => this.endpointTimes(upstreamId),
      turnsAway: (c) => this.turnsAway(c.upstreamId),
      firstRefused: (c) => this.firstRefused(c.upstreamId),
      burst: (c) => {
        const time = closeTime(c)
        return { ends: this.ends(c.upstreamId, time), abrupt: this.abruptEnds(c.upstreamId, time) }
      },
      survivors: (c, timeNs) => this.survivors(c, timeNs),
      othersAliveAfter: (id, timeNs) => this.alive.some((a) => a.id !== id && a.until > timeNs),
      repeated: (c, measure) => {
        const ns = measuresOf(c)[measure]
        return this.repeated(c.upstreamId, measure, ns, startTime(c))
      },
      logLines: (c) => lines?.(c.id - 1) ?? [],
    }
  }

  /** Others that began within a second of this one: of one age, if they end together, by that alone. */
  private begunWith(upstream: number, started: number): number {
    return Math.max(0, this.aged.within(upstream, started, 1e9) - 1)
  }

  private works(upstream: number): boolean {
    return this.times.longestUntil[upstream]! > this.times.longestFrom[upstream]!
  }

  /** Those that began in time, less all that were over by then: some of these began too late to count. */
  private survivors(c: Case, timeNs: number): number {
    const { upstreamId } = c
    const began = this.begun.before(upstreamId, closeTime(c) || timeNs)
    return Math.max(0, began - this.lasted.before(upstreamId, timeNs))
  }

  private endpoint(id: number): EndpointFacts {
    const facts = { ...NO_FACTS }
    if (id >= this.size) return facts
    for (const name of COUNTS) facts[name] = this.counts[name][id]!
    const { firstEstablished, lastRefused, refusedAfter } = this.times
    facts.refusedAmongAccepted = refusedAfter[id] === -1
    facts.works = this.works(id)
    facts.readyAfter = firstEstablished[id]! - lastRefused[id]!
    return facts
  }

  private endpointTimes(id: number): EndpointTimes {
    const times = { ...NO_TIMES }
    if (id >= this.size) return times
    for (const name of Object.keys(times) as (keyof EndpointTimes)[])
      times[name] = this.times[name][id]!
    return times
  }

  private span(id: number, first: TimeName, last: TimeName, time: number): void {
    const { times } = this
    if (!(times[first][id]! <= time)) times[first][id] = time
    if (!(times[last][id]! >= time)) times[last][id] = time
  }

  private grow(id: number): void {
    const { counts, times } = this
    this.size = 2 ** Math.ceil(Math.log2(id + 1))
    for (const name of COUNTS) {
      const grown = new Uint32Array(this.size)
      grown.set(counts[name])
      counts[name] = grown
    }
    for (const name of Object.keys(times) as TimeName[]) {
      const grown = new Float64Array(this.size).fill(Number.NaN)
      grown.set(times[name])
      times[name] = grown
    }
  }
}

export const NO_FACTS: EndpointFacts = {
  established: 0,
  tls: 0,
  proxyHeaders: 0,
  plain: 0,
  refused: 0,
  forgotten: 0,
  turnedAway: 0,
  works: false,
  refusedAmongAccepted: false,
  readyAfter: Number.NaN,
}

export const NO_TIMES: EndpointTimes = {
  lastRefused: Number.NaN,
  firstEstablished: Number.NaN,
  lastEstablished: Number.NaN,
  longestFrom: Number.NaN,
  longestUntil: Number.NaN,
}

interface LastAlive {
  id: number
  until: number
}
