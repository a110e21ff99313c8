import type { ClockObservations } from '../../src/model/clock.ts'

/** Two taps with their clocks, simulated on a true time line: the second opinion on every clock test. */
export interface Simulation {
  observations: ClockObservations
  clientBase: number
  upstreamBase: number
  /** What each clock showed at a true moment, in ns after that capture's base. */
  clientClock(at: number): number
  upstreamClock(at: number): number
  /** True moments of the observations at the client tap, in order. */
  moments: number[]
}

export interface SimulatedStep {
  at: number
  changeNs: number
  clock: 'client' | 'upstream'
}

export interface SimulationOptions {
  offsetNs: number
  driftPpm: number
  /** True moment, direction and delay of each segment. */
  segments: { at: number; direction: 0 | 1; delayNs: number }[]
  clientResolution?: number
  upstreamResolution?: number
  steps?: SimulatedStep[]
  /** The upstream clock also swings by this much, once in ten minutes. */
  swingNs?: number
}

const EPOCH = 1e14

export function simulate(options: SimulationOptions): Simulation {
  const steps = options.steps ?? []
  const cut = (time: number, resolution: number) => Math.floor(time / resolution) * resolution
  const stepped = (clock: 'client' | 'upstream', at: number) =>
    steps.reduce((sum, s) => (s.clock === clock && at >= s.at ? sum + s.changeNs : sum), 0)
  const client = (at: number) => EPOCH + at + stepped('client', at)
  const upstream = (at: number) =>
    EPOCH +
    at +
    options.offsetNs +
    at * options.driftPpm * 1e-6 +
    (options.swingNs ?? 0) * Math.sin((at / 600e9) * 2 * Math.PI) +
    stepped('upstream', at)
  const clientResolution = options.clientResolution ?? 1000
  const upstreamResolution = options.upstreamResolution ?? 1000
  const rows = options.segments.map(({ at, direction, delayNs }) => {
    const clientAt = direction === 0 ? at : at + delayNs
    const upstreamAt = direction === 0 ? at + delayNs : at
    return {
      clientAt,
      direction,
      client: cut(client(clientAt), clientResolution),
      upstream: cut(upstream(upstreamAt), upstreamResolution),
    }
  })
  const clientBase = rows[0]!.client
  const upstreamBase = rows[0]!.upstream
  return {
    observations: {
      count: rows.length,
      clientTime: Float64Array.from(rows, (r) => r.client - clientBase),
      upstreamTime: Float64Array.from(rows, (r) => r.upstream - upstreamBase),
      direction: Uint8Array.from(rows, (r) => r.direction),
      baseDeltaNs: BigInt(upstreamBase) - BigInt(clientBase),
    },
    clientBase,
    upstreamBase,
    clientClock: (at) => client(at) - clientBase,
    upstreamClock: (at) => upstream(at) - upstreamBase,
    moments: rows.map((r) => r.clientAt),
  }
}

/** θ at a true moment: what the upstream clock showed minus what the client clock showed. */
export function trueOffset(simulation: Simulation, at: number): number {
  return (
    simulation.upstreamClock(at) +
    simulation.upstreamBase -
    simulation.clientClock(at) -
    simulation.clientBase
  )
}
