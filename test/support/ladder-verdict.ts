import { vi } from 'vitest'
import { analyze, type Connection, compare, type EngineOptions } from '../../src/index.ts'
import { background, captures, type LadderOptions, play, type Tapped } from './ladder.ts'

// The version is read beside the built files, which are one folder deeper than the source.
vi.mock('../../src/version.ts', () => ({ VERSION: '0.0.0' }))

export interface Verdict {
  termination: string
  detail: string
  benign: boolean
  crossed: boolean
  by: string | null
  confidence: string | null
  causedBy: string | null
  causedByConfidence: string | null
  anatomy: string | null
  acceptance: string | null
  /** `side kind`. */
  firstClose: string | null
  ignored: number
  match: string | null
}

/** What VERDICTS speaks about, of one connection. */
export function verdictOf(connection: Connection): Verdict {
  const { firstReset: reset, firstClose: close } = connection
  return {
    termination: connection.termination,
    detail: connection.detail,
    benign: connection.benign,
    crossed: connection.crossedInFlight,
    by: reset?.by ?? null,
    confidence: reset?.confidence ?? null,
    causedBy: reset?.causedBy ?? null,
    causedByConfidence: reset?.causedByConfidence ?? null,
    anatomy: reset?.anatomy ?? null,
    acceptance: reset?.acceptance ?? null,
    firstClose: close === null ? null : `${close.by} ${close.kind}`,
    ignored: connection.ignoredResets.length,
    match: connection.match?.method ?? null,
  }
}

export interface ScenarioOptions extends LadderOptions {
  /** Seconds during which other traffic shows both taps running; null for none. */
  running?: [from: number, to: number] | null
  /** Played beside it. */
  also?: Tapped[]
  engine?: EngineOptions
}

function files(text: string, options: ScenarioOptions) {
  const { running = [0.5, 300], also = [] } = options
  const played = [play(text, options), ...also]
  if (running !== null) {
    const { offset, transit, hops, hopsToTap, wrapping, timestamps } = options
    const same = { offset, transit, hops, hopsToTap, wrapping, timestamps }
    played.push(background(running[0], running[1], defined(same)))
  }
  return captures(...played)
}

function defined<T extends object>(from: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(from).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> }
}

/** The connections of the ladder, without the background, as `compare` reports them. */
export async function compared(text: string, options: ScenarioOptions = {}): Promise<Connection[]> {
  const report = await compare(files(text, options), { jobs: 1, ...options.engine })
  return report.connections.filter(isOfLadder)
}

/** What `compare` says of two files that were made elsewhere. */
export async function comparedFiles(files: {
  client: Uint8Array
  upstream: Uint8Array
}): Promise<Verdict[]> {
  const report = await compare(files, { jobs: 1 })
  return report.connections.map(verdictOf)
}

/** The same from one tap alone, as `analyze` reports it. */
export async function analyzed(
  text: string,
  tap: 'client' | 'upstream',
  options: ScenarioOptions = {},
): Promise<Connection[]> {
  const report = await analyze(files(text, options)[tap], { jobs: 1, ...options.engine })
  return report.connections.filter(isOfLadder)
}

function isOfLadder(connection: Connection): boolean {
  return connection.client.port !== 50000
}

/** The verdict on a ladder's only connection. */
export async function verdict(text: string, options: ScenarioOptions = {}): Promise<Verdict> {
  return verdictOf(only(await compared(text, options)))
}

export async function verdictAlone(
  text: string,
  tap: 'client' | 'upstream',
  options: ScenarioOptions = {},
): Promise<Verdict> {
  return verdictOf(only(await analyzed(text, tap, options)))
}

function only(connections: readonly Connection[]): Connection {
  if (connections.length !== 1) {
    const found = connections.map((c) => `${c.client.address}:${c.client.port} ${c.detail}`)
    throw new Error(`${connections.length} connections: ${found.join(', ')}`)
  }
  return connections[0]!
}
