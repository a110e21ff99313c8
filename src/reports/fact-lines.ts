import type { Evidence, Report, ReportStream } from '../model/report.ts'
import { type CaptureEnds, MOST_NAMED } from './capture-ends.ts'
import { evidenceLabel } from './frame-label.ts'
import type { TextStyle } from './text-style.ts'
import { padEnd, textWidth, wrap } from './text-width.ts'
import { formatTime, type TimeMode } from './time-format.ts'

const LABEL_COLUMN = 13
/** Least room beside the frames and times of evidence for its text to stand in a column of its own. */
const LEAST_TEXT = 32

/** A text with what stands before it in a column of its own: a frame and its time. */
export interface LedText {
  lead: string
  text: string
  /** The text before it has the same lead. */
  again: boolean
}

/** What every section needs to lay out its lines. */
export interface Layout {
  width: number
  time: TimeMode
  style: TextStyle
  /** Makes a string of the report harmless to show. */
  clean: (text: string) => string
}

/** A label in the left column with its texts beside it, each wrapped within the width. */
export function labelled(
  label: string,
  texts: (string | LedText)[],
  layout: Layout,
  paint: (line: string) => string = (line) => line,
): string[] {
  const indent = ' '.repeat(LABEL_COLUMN)
  const lines = texts.flatMap((text) => wrappedText(text, layout))
  return lines.map((line, i) =>
    i === 0
      ? `  ${layout.style.cyan(padEnd(label, LABEL_COLUMN - 2))}${paint(line)}`
      : `${indent}${paint(line)}`,
  )
}

function wrappedText(item: string | LedText, layout: Layout): string[] {
  const room = layout.width - LABEL_COLUMN
  if (typeof item !== 'string') {
    const hang = textWidth(item.lead) + 2
    if (room - hang >= LEAST_TEXT) {
      return wrap(layout.clean(item.text), room - hang).map((line, i) =>
        i === 0 && !item.again ? `${item.lead}  ${line}` : `${' '.repeat(hang)}${line}`,
      )
    }
  }
  const text = typeof item === 'string' ? item : `${item.lead}  ${item.text}`
  return wrap(layout.clean(text), room - 2).map((line, i) => (i === 0 ? line : `  ${line}`))
}

/** Columns that the frames of all this evidence take at most. */
export function labelWidth(items: Evidence[]): number {
  return items.reduce((most, item) => Math.max(most, Math.min(20, evidenceLabel(item).length)), 0)
}

/** Evidence as sentences, none of them twice: `client #412  14:02:11.482310Z  text`, frames padded to `widest`. */
export function evidenceTexts(
  evidence: Evidence[],
  report: Pick<Report, 'captures'>,
  mode: TimeMode,
  widest: number,
): LedText[] {
  const items = withoutRepeats(evidence)
  const labels = items.map(evidenceLabel)
  const leads = items.map((item, i) => {
    const zero = report.captures.find(({ id }) => id === item.capture)?.firstPacketAt ?? null
    const time = item.at === null ? '' : `  ${formatTime(item.at, mode, zero)}`
    return `${padEnd(labels[i]!, widest)}${time}`
  })
  return items.map(({ text }, i) => ({
    lead: leads[i]!,
    text,
    again: i > 0 && leads[i] === leads[i - 1],
  }))
}

/** Evidence without what it says twice. */
export function withoutRepeats(items: Evidence[]): Evidence[] {
  return items.filter(
    (item, i) =>
      items.findIndex((other) => other.text === item.text && sameFrame(other, item)) === i,
  )
}

/** Whether two sentences are about the same packet. */
export function sameFrame(a: Evidence, b: Evidence): boolean {
  return a.capture === b.capture && a.frame === b.frame
}

/** What the captures could not show, and what is wrong with their files. */
export function limitLines(head: ReportStream['head'], layout: Layout): string[] {
  const { limits, warnings } = limitTexts(head)
  return [
    ...labelled('limits', limits, layout),
    ...labelled('warning', warnings, layout, layout.style.yellow),
  ]
}

/** The same as sentences. */
export function limitTexts(head: ReportStream['head']): { limits: string[]; warnings: string[] } {
  const warnings = head.captures.flatMap((capture) =>
    capture.warnings.map(({ code, message, offset }) => {
      const where = offset === null ? '' : ` (at byte ${offset})`
      return `${capture.paths.join(', ')}: ${code}: ${message}${where}`
    }),
  )
  const limits = head.limits.map(({ message }) => message)
  if (limits.length + warnings.length === 0) {
    limits.push('nothing that these captures could have held is known to be missing.')
  }
  return { limits, warnings }
}

/** A text that begins in the left column, its further lines set in. */
export function hanging(label: string, text: string, layout: Layout): string[] {
  return wrap(layout.clean(`${label}${text}`), layout.width - 4).map((line, i) =>
    i === 0 ? `  ${line}` : `    ${line}`,
  )
}

/** What each capture holds, for the report that two captures share no connection. */
export function captureLines(
  head: ReportStream['head'],
  endsOf: (capture: string) => CaptureEnds,
  layout: Layout,
): string[] {
  return head.captures.flatMap((capture) => {
    const zero = capture.firstPacketAt
    const span = [capture.firstPacketAt, capture.lastPacketAt]
      .map((at) => (at === null ? '?' : formatTime(at, layout.time, zero)))
      .join(' – ')
    const { clients, upstreams } = endsOf(capture.id)
    const peers = `${several(clients, layout)} → ${several(upstreams, layout)}`
    return labelled(capture.id, [capture.paths.join(', '), peers, span], layout)
  })
}

function several(texts: Set<string>, layout: Layout): string {
  const named = [...texts].map(layout.clean)
  if (named.length === 0) return '(no TCP connection)'
  return named.length <= MOST_NAMED ? named.join(', ') : `${named[0]} and others`
}
