import type { ConnectionIndex } from './context/access-log/connection-index.ts'
import { joinLine, type Miss } from './context/access-log/join.ts'
import { describeLine, legTexts } from './context/access-log/line-text.ts'
import type { LogClock } from './context/access-log/log-clock.ts'
import { lineParser } from './context/access-log/parse-line.ts'
import { timeText } from './diagnosis/time-text.ts'
import { RstscopeError } from './errors.ts'
import type { LogLine } from './model/access-log.ts'
import type { Limit } from './model/report.ts'

export interface FoundLine {
  /** Indices of its connections. */
  selected: ReadonlySet<number>
  headline: string | null
  limits: Limit[]
}

/** The connections of one pasted access-log line; a usage error for a text that is none. */
export function findLine(
  text: string,
  format: string | undefined,
  index: ConnectionIndex,
  clock: LogClock,
): FoundLine {
  const parsed = lineParser(format).parse(text.trim(), 0, 1)
  if (parsed === null || parsed === 'piece') {
    throw new RstscopeError(
      'RSTSCOPE_USAGE',
      '--line: this is no access log line that can be read',
      'paste the whole line in quotes; for a format of your own add --access-log-format',
    )
  }
  const { line } = parsed
  const { joins, miss } = joinLine(line, index, clock)
  const selected = new Set(joins.map((join) => join.index))
  if (selected.size === 0) {
    const message = `the line (${describeLine(line)}) belongs to no connection: looked for ${lookedFor(line)}; ${coverText(index)}${missText(miss)}`
    const headline = 'NOTHING SELECTED: no connection fits the access log line'
    return { selected, headline, limits: [{ code: 'line-without-connection', message }] }
  }
  const ambiguous = joins.every((join) => join.confidence === 'unclear')
  const ids = [...selected].map((at) => at + 1).join(', ')
  const message = `the line (${describeLine(line)}) may belong to any of the connections ${ids}`
  return {
    selected,
    headline: null,
    limits: ambiguous && selected.size > 1 ? [{ code: 'line-ambiguous', message }] : [],
  }
}

function lookedFor(line: LogLine): string {
  const legs = legTexts(line)
  const where = legs.length > 0 ? legs.join(' and ') : 'no address: the line has none with a port'
  if (line.startNs === null) return `${where}, at any time`
  const lasts = line.durationNs === null ? '' : ` for ${line.durationNs / 1e6} ms`
  return `${where}, ${timeText(line.startNs, 0)}${lasts}`
}

function coverText(index: ConnectionIndex): string {
  const { captures, origin } = index.connections
  return captures
    .map(
      ({ capture, start, end }) =>
        `the ${capture === 'capture' ? '' : `${capture} `}capture covers ${timeText(origin, start)} to ${timeText(origin, end)}`,
    )
    .join(', ')
}

function missText(miss: Miss | null): string {
  if (miss === null) return ''
  const by = `${(Math.abs(miss.gapNs) / 1e9).toFixed(3)} s`
  const when = miss.gapNs > 0 ? `ended ${by} before it` : `began ${by} after it`
  return `; connection ${miss.index + 1} has these addresses, but ${when}: is the clock or the time zone of the log another?`
}
