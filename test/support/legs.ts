import { vi } from 'vitest'
import {
  analyze,
  type CompareInputs,
  type Connection,
  compare,
  type EngineOptions,
  type Report,
} from '../../src/index.ts'
import { type LadderOptions, play, type Side, type Tapped } from './ladder.ts'
import { LADDER_LINK_TYPE } from './ladder-bytes.ts'
import { writePcap } from './write-pcap.ts'

vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

export interface LegOptions extends LadderOptions {
  /** Other connections of the story need numbers of their own. */
  number?: number
}

/** One connection of a story with a proxy; `number` gives it sequence numbers and times of its own. */
export function leg(text: string, options: LegOptions): Tapped {
  const { number = 1, ...rest } = options
  const isn = { client: 0x10000000 + number * 7_654_321, upstream: 0x70000000 + number * 3_456_789 }
  return play(text, { isn, transit: 0.001, ...rest })
}

/** What one capture point recorded: of each connection what its tap on a side saw. */
export function captureOf(...seen: [leg: Tapped, tap: Side][]): Uint8Array {
  const records = seen.flatMap(([tapped, side]) => tapped[side])
  records.sort((a, b) => a.moment - b.moment)
  return writePcap(records, { magic: 'nanosecond', linkType: LADDER_LINK_TYPE })
}

export function analyzed(capture: Uint8Array, options: EngineOptions = {}): Promise<Report> {
  return analyze(capture, { jobs: 1, ...options })
}

export function compared(client: Uint8Array, upstream: Uint8Array): Promise<Report> {
  return compare({ client, upstream }, { jobs: 1 })
}

/** The connection from this client port. */
export function from(report: Report, port: number): Connection {
  const found = report.connections.filter(({ client }) => client.port === port)
  if (found.length !== 1) throw new Error(`${found.length} connections from port ${port}`)
  return found[0]!
}

/** Links as `40000 → 50000 basis (confidence)`, by client ports, of the downstream legs. */
export function linksOf(report: Report): string[] {
  const port = (id: number) => report.connections.find((c) => c.id === id)!.client.port
  return report.connections.flatMap((c) =>
    c.links
      .filter(({ relation }) => relation === 'proxied-to')
      .map((l) => `${c.client.port} → ${port(l.connection)} ${l.basis} (${l.confidence})`),
  )
}

export function comparedPath(inputs: CompareInputs): Promise<Report> {
  return compare(inputs, { jobs: 1 })
}
