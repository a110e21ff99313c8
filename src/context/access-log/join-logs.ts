import type { JoinedLine } from '../../model/access-log.ts'
import type { AddressPair } from '../../model/connection.ts'
import type { ConnectionIndex, Life } from './connection-index.ts'
import { KeptLines } from './kept-lines.ts'
import type { LogClock } from './log-clock.ts'
import { LogReader, type LogSummary, type MissingLines } from './log-reader.ts'
import { type LogInput, logLabel, readLog } from './open-log.ts'

export interface AccessLogInput {
  /** How it is called in the report; its path where none is given. */
  name?: string
  input: LogInput
}

/** What logs tell of the connections. */
export interface JoinedLogs {
  summaries: LogSummary[]
  /** Lines of a connection (by index), in the order of the logs. */
  linesOf(index: number): readonly JoinedLine[]
  /** Connections with lines, ascending. */
  indices(): number[]
  missing: MissingLines
  /** Joined lines that were counted and are not kept. */
  unlisted: number
  /** Do lines of a log tell of this leg (client address and upstream end) at this time of a capture? */
  tellsOf(pair: AddressPair, life: Life): boolean
  /** How far the clock of each log is from those of the captures. */
  clocks: LogClock[]
}

/** Reads logs line by line and joins what they tell to the connections. What is kept is bounded, whatever they hold. */
export async function joinLogs(
  inputs: readonly AccessLogInput[],
  format: string | undefined,
  index: ConnectionIndex,
  signal?: AbortSignal,
): Promise<JoinedLogs> {
  const kept = new KeptLines()
  const missing: MissingLines = { lines: [], count: 0 }
  const logs: LogReader[] = []
  for (const [source, { name, input }] of inputs.entries()) {
    const label = name ?? logLabel(input)
    const clocks = logs.map((before) => before.clock)
    const log = new LogReader(source, label, format, index, kept, missing, clocks)
    const damage = (message: string) => log.warn('damaged-compression', message, null)
    for await (const chunk of readLog(input, damage, signal)) log.push(chunk)
    log.end()
    logs.push(log)
  }
  return {
    summaries: logs.map((log) => log.summary),
    linesOf: (at) => kept.of(at),
    indices: () => kept.indices(),
    missing,
    unlisted: kept.unlisted,
    tellsOf: (pair, life) => logs.some((log) => log.tellsOf(pair, life)),
    clocks: logs.map((log) => log.clock),
  }
}
