import type { Leg, LogLine } from '../../model/access-log.ts'
import type { AddressPair, Endpoint } from '../../model/connection.ts'
import { type ConnectionIndex, endpointHash, type Life } from './connection-index.ts'
import { isFailure } from './failure.ts'
import { clockObservations, joinLine, type Missing, SLACK_NS } from './join.ts'
import type { KeptLines } from './kept-lines.ts'
import {
  type ClockObservation,
  fitsClock,
  type LogClock,
  logClock,
  offsetTo,
  SAME_CLOCK,
} from './log-clock.ts'
import { type FormatName, type LineParser, lineParser } from './parse-line.ts'
import { LineSplitter } from './split-lines.ts'

/** What became of one log. */
export interface LogSummary {
  source: string
  /** How most of its lines were read; null where none was. */
  format: FormatName | null
  /** Lines that are not blank; those that were read; those that are no access log lines. */
  lines: number
  read: number
  unreadable: number
  /** Lines with a connection; lines that may belong to one of several. */
  joined: number
  ambiguous: number
  /** Lines of failed requests. */
  errors: number
  /** Earliest and latest START_TIME, ns since 1970. */
  first: bigint | null
  last: bigint | null
  warnings: LogWarning[]
}

export interface LogWarning {
  code: string
  message: string
  /** The first line that it is about. */
  line: number | null
}

/** A failed request of which a capture should show the connection and does not. */
export interface MissingLine extends Missing {
  line: LogLine
}

/** Lines without a connection: the first of them, and how many there are. */
export interface MissingLines {
  lines: MissingLine[]
  count: number
}

const MOST_MISSING = 1000
/** Lines that wait until the log's clock is known, and what they say of it. */
const MOST_WAITING = 20_000
const MOST_OBSERVED = 2_000
/** Ends that one log may speak of. */
const MOST_PATHS = 100_000

/** One log on its way from bytes to joined lines. */
export class LogReader {
  readonly summary: LogSummary
  private readonly source: number
  private readonly index: ConnectionIndex
  private readonly kept: KeptLines
  private readonly missing: MissingLines
  private readonly splitter = new LineSplitter()
  private readonly parser: LineParser
  private readonly formats = new Map<FormatName, number>()
  /** Hashes of where its lines go, and from where. */
  private readonly paths = new Set<number>()
  private firstUnreadable = 0
  /** Lines whose client's address is in no packet. */
  private inferred = 0
  private firstInferred = 0
  /** Lines with the addresses of a connection of another time. */
  private missed = 0
  private firstMissed = 0
  private smallestGapNs = Number.POSITIVE_INFINITY
  /** Null until enough lines have told it: they wait. */
  private settled: LogClock | null = null
  private readonly waiting: { line: LogLine; size: number }[] = []
  private readonly observations: ClockObservation[] = []
  private readonly clocks: readonly LogClock[]

  constructor(
    source: number,
    label: string,
    format: string | undefined,
    index: ConnectionIndex,
    kept: KeptLines,
    missing: MissingLines,
    clocks: readonly LogClock[],
  ) {
    this.source = source
    this.index = index
    this.kept = kept
    this.missing = missing
    this.clocks = clocks
    this.parser = lineParser(format)
    this.summary = {
      ...{ source: label, format: null, lines: 0, read: 0, unreadable: 0 },
      ...{ joined: 0, ambiguous: 0, errors: 0, first: null, last: null, warnings: [] },
    }
    for (const message of this.parser.warnings) this.warn('format', message, null)
  }

  push(chunk: Uint8Array): void {
    this.splitter.push(chunk, this.onLine)
  }

  end(): void {
    this.splitter.end(this.onLine)
    this.settle()
    const { summary, splitter } = this
    const most = [...this.formats].sort((a, b) => b[1] - a[1])[0]
    summary.format = most?.[0] ?? null
    summary.lines += splitter.tooLong
    summary.unreadable = summary.lines - summary.read
    if (splitter.tooLong > 0) {
      const message = `${counted(splitter.tooLong, 'line')} longer than 1 MiB were skipped`
      this.warn('line-too-long', message, splitter.firstTooLong)
    }
    const others = summary.unreadable - splitter.tooLong
    if (others > 0) {
      const all = summary.read === 0 ? ': none of them is' : ''
      const message = `${counted(others, 'line')} could not be read as an access log line${all}`
      this.warn('no-access-log-line', message, this.firstUnreadable)
    }
    if (this.inferred > 0) {
      const message = `${counted(this.inferred, 'line')} have a client with port 0: an address out of a header, which no packet carries; %DOWNSTREAM_DIRECT_REMOTE_ADDRESS% has the one that they carry`
      this.warn('client-inferred', message, this.firstInferred)
    }
    if (this.missed > 0) {
      const message = `${counted(this.missed, 'line')} have the addresses of a connection that lived at another time (by ${seconds(this.smallestGapNs)} or more): the clock or the time zone of the log may be another`
      this.warn('other-time', message, this.firstMissed)
    }
  }

  /** How far its clock is from those of the captures; known at the end. */
  get clock(): LogClock {
    return this.settled ?? SAME_CLOCK
  }

  warn(code: string, message: string, line: number | null): void {
    this.summary.warnings.push({ code, message, line })
  }

  /** Do its lines tell of this leg at this time of a capture? */
  tellsOf({ client, upstream }: AddressPair, { capture, start, end }: Life): boolean {
    const { first, last } = this.summary
    if (first === null || last === null) return false
    const { origin } = this.index.connections
    const { offsetNs } = offsetTo(this.clock, capture)
    const covers =
      Number(first - origin) + offsetNs - SLACK_NS <= start &&
      Number(last - origin) + offsetNs + SLACK_NS >= end
    return (
      covers &&
      (this.paths.has(pathKey('downstream', null, upstream)) ||
        this.paths.has(pathKey('upstream', client.address, upstream)))
    )
  }

  private readonly onLine = (text: string, number: number): void => {
    const { summary } = this
    const parsed = this.parser.parse(text, this.source, number)
    if (parsed === 'piece') return
    summary.lines++
    if (parsed === null) {
      this.firstUnreadable ||= number
      return
    }
    summary.read++
    this.formats.set(parsed.format, (this.formats.get(parsed.format) ?? 0) + 1)
    this.note(parsed.line)
    if (this.settled !== null) {
      this.join(parsed.line, text.length)
      return
    }
    this.waiting.push({ line: parsed.line, size: text.length })
    this.observations.push(...clockObservations(parsed.line, this.index))
    const isEnough = this.observations.length >= MOST_OBSERVED
    if (isEnough || this.waiting.length >= MOST_WAITING) this.settle()
  }

  private note(line: LogLine): void {
    if (isFailure(line)) this.summary.errors++
    this.noteTime(line.startNs)
    this.notePaths(line)
    if (line.clientInferred && this.inferred++ === 0) this.firstInferred = line.number
  }

  /** A log too short to tell its clock may have that of a log before it. */
  private settle(): void {
    if (this.settled !== null) return
    const { observations, waiting } = this
    const own = logClock(observations)
    const alike = this.clocks.find((clock) => fitsClock(observations, clock))
    this.settled = own.size > 0 ? own : (alike ?? SAME_CLOCK)
    for (const [capture, { offsetNs, offsetSlackNs }] of this.settled) {
      const by = `${seconds(offsetNs)} (± ${seconds(offsetSlackNs)}) ${offsetNs > 0 ? 'behind' : 'ahead of'}`
      const message = `its clock is ${by} that of the ${capture === 'capture' ? '' : `${capture} `}capture: lines were joined to connections by that`
      this.warn('clock-offset', message, null)
    }
    for (const { line, size } of waiting) this.join(line, size)
    waiting.length = 0
    observations.length = 0
  }

  private join(line: LogLine, size: number): void {
    const { summary } = this
    const { joins, miss, missing } = joinLine(line, this.index, this.clock)
    for (const { index, others, ...join } of joins) {
      this.kept.add(index, { line, ...join, others: others.map((other) => other + 1) }, size)
    }
    if (joins.some((join) => join.confidence !== 'unclear')) summary.joined++
    else if (joins.length > 0) summary.ambiguous++
    if (miss !== null) {
      if (this.missed++ === 0) this.firstMissed = line.number
      this.smallestGapNs = Math.min(this.smallestGapNs, Math.abs(miss.gapNs))
    }
    if (missing !== null && isFailure(line)) {
      this.missing.count++
      if (this.missing.lines.length < MOST_MISSING) this.missing.lines.push({ line, ...missing })
    }
  }

  private noteTime(start: bigint | null): void {
    const { summary } = this
    if (start === null) return
    if (summary.first === null || start < summary.first) summary.first = start
    if (summary.last === null || start > summary.last) summary.last = start
  }

  private notePaths({ upstream, downstream }: LogLine): void {
    if (this.paths.size >= MOST_PATHS) return
    if (downstream.server) this.paths.add(pathKey('downstream', null, downstream.server))
    if (upstream.server && upstream.client) {
      this.paths.add(pathKey('upstream', upstream.client.address, upstream.server))
    }
  }
}

/** Two paths with one hash would at worst make a log seem to tell of a connection that it does not tell of. */
function pathKey(leg: Leg, client: string | null, server: Endpoint): number {
  const from = endpointHash({ address: client ?? '', port: leg === 'upstream' ? 1 : 2 })
  return endpointHash(server, from)
}

function seconds(ns: number): string {
  return `${(Math.abs(ns) / 1e9).toFixed(3)} s`
}

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}
