import type { Evidence, Report, ReportStream } from '../model/report.ts'
import { evidenceLabel } from './frame-label.ts'
import { type CaptureEnds, MOST_NAMED } from './survey.ts'
import type { TextStyle } from './text-style.ts'
import { padEnd, wrap } from './text-width.ts'
import { formatTime, type TimeMode } from './time-format.ts'

const LABEL_COLUMN = 12

/** What every section needs to lay out its lines. */
export interface Layout {
  width: number
  time: TimeMode
  style: TextStyle
  /** Makes a string of the report harmless to show. */
  clean: (text: string) => string
}

/** A label in the left column with its texts beside it, each wrapped within the width. */
export function labelled(label: string, texts: string[], layout: Layout): string[] {
  const indent = ' '.repeat(LABEL_COLUMN)
  const lines: string[] = []
  for (const text of texts) {
    wrap(text, layout.width - LABEL_COLUMN - 2).forEach((line, i) => {
      lines.push(i === 0 ? line : `  ${line}`)
    })
  }
  return lines.map((line, i) =>
    i === 0 ? `  ${layout.style.cyan(padEnd(label, LABEL_COLUMN - 2))}${line}` : `${indent}${line}`,
  )
}

/** Evidence as sentences: `client #412  14:02:11.482310Z  text`. */
export function evidenceTexts(
  items: Evidence[],
  report: Pick<Report, 'captures'>,
  mode: TimeMode,
): string[] {
  const labels = items.map(evidenceLabel)
  const widest = Math.min(20, Math.max(0, ...labels.map((label) => label.length)))
  return items.map((item, i) => {
    const zero = report.captures.find(({ id }) => id === item.capture)?.firstPacketAt ?? null
    const time = item.at === null ? '' : `  ${formatTime(item.at, mode, zero)}`
    return `${padEnd(labels[i]!, widest)}${time}  ${item.text}`
  })
}

/** What the captures could not show, and what is wrong with their files. */
export function limitLines(head: ReportStream['head'], layout: Layout): string[] {
  const { limits, captures } = head
  const unseen =
    limits.length === 0
      ? ['nothing that these captures could have held is known to be missing.']
      : limits.map(({ message }) => message)
  const lines = unseen.flatMap((text) => hanging('Not seen: ', text, layout))
  for (const capture of captures) {
    for (const { code, message, offset } of capture.warnings) {
      const where = offset === null ? '' : ` (at byte ${offset})`
      const text = `${capture.paths.join(', ')}: ${code}: ${message}${where}`
      lines.push(...hanging('Warning: ', text, layout).map((line) => layout.style.yellow(line)))
    }
  }
  return lines
}

/** A text that begins in the left column, its further lines set in. */
export function hanging(label: string, text: string, layout: Layout): string[] {
  return wrap(`${label}${text}`, layout.width - 4).map((line, i) =>
    i === 0 ? `  ${line}` : `    ${line}`,
  )
}

/** What each capture holds, for the report that two captures share no connection. */
export function captureLines(
  head: ReportStream['head'],
  ends: Map<string, CaptureEnds>,
  layout: Layout,
): string[] {
  return head.captures.flatMap((capture) => {
    const zero = capture.firstPacketAt
    const span = [capture.firstPacketAt, capture.lastPacketAt]
      .map((at) => (at === null ? '?' : formatTime(at, layout.time, zero)))
      .join(' – ')
    const seen = ends.get(capture.id)
    const peers = `${several(seen?.clients, layout)} → ${several(seen?.upstreams, layout)}`
    return labelled(capture.id, [capture.paths.join(', '), peers, span], layout)
  })
}

function several(texts: Set<string> | undefined, layout: Layout): string {
  const named = [...(texts ?? [])].map(layout.clean)
  if (named.length === 0) return '(no TCP connection)'
  return named.length <= MOST_NAMED ? named.join(', ') : `${named[0]} and others`
}
