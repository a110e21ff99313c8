import type { Connection, Evidence, ReportStream } from '../model/report.ts'
import { logLines, logSummaries } from './access-log-lines.ts'
import { answerLines, clockText, matchText, rewriteTexts } from './answer-lines.ts'
import { captureEnds } from './capture-ends.ts'
import { endingLines } from './ending-table.ts'
import { endingRows, endingWords, namedText } from './endings.ts'
import {
  captureLines,
  evidenceTexts,
  hanging,
  type Layout,
  labelled,
  labelWidth,
  limitLines,
} from './fact-lines.ts'
import { listWarnings, workloadTexts } from './kubernetes-lines.ts'
import { ladderLines } from './ladder.ts'
import { pathLines } from './path-strip.ts'
import { plainTable } from './plain-table.ts'
import { alsoTexts, leadingConnection, onlyConnection, otherLeg, reasonsOf } from './reasons.ts'
import { asciiText, escapeDeep, escapeText } from './text-escape.ts'
import { type TextOptions, textStyle } from './text-style.ts'
import { wrap } from './text-width.ts'
import type { TimeMode } from './time-format.ts'

export interface TerminalOptions extends TextOptions {
  /** List ordinary ends and every single connection too. */
  all: boolean
  time: TimeMode
}

/** Peers of one kind of ending in the table of endings unless all are asked for. */
const MOST_PEERS = 4

/** The report as text for a person, in pieces of whole lines. Shows facts of the report and adds none. */
export function* renderText(stream: ReportStream, options: TerminalOptions): Iterable<string> {
  const layout: Layout = {
    width: Math.max(60, options.width),
    time: options.time,
    style: textStyle(options),
    clean: options.ascii ? (text) => asciiText(escapeText(text)) : escapeText,
  }
  const finish = options.ascii ? asciiText : (text: string) => text
  const head = escapeDeep(stream.head, layout.clean)
  yield finish(`${answerLines(head, layout.style).join('\n')}\n`)
  for (const section of sections(head, stream, layout, options.all)) {
    if (section.length > 0) yield finish(`\n${section.join('\n')}\n`)
  }
  if (options.all) yield* listAll(stream, layout, finish)
}

type Head = ReportStream['head']

/** `head` is the stream's, made harmless to show. */
function* sections(
  head: Head,
  stream: ReportStream,
  layout: Layout,
  all: boolean,
): Iterable<string[]> {
  if (head.limits.some(({ code }) => code === 'no-shared-connection')) {
    yield captureLines(head, (capture) => captureEnds(stream, capture), layout)
    yield labelled('try', head.verdict.settles.slice(head.verdict.cause ? 0 : 1), layout)
  } else {
    const leading = escapeDeep(leadingConnection(stream), layout.clean)
    yield contextLines(head, leading, stream, layout)
    if (leading) yield ladderLines(head, leading, layout.width, layout.style)
    yield reasonLines(head, leading, layout)
    const logged =
      head.accessLogs === undefined
        ? null
        : (leading ?? escapeDeep(onlyConnection(stream), layout.clean))
    if (logged) yield logLines(logged, head, layout)
    yield findingLines(head, layout)
  }
  yield endingLines(
    head,
    endingRows(stream.endings(), all ? Number.POSITIVE_INFINITY : MOST_PEERS),
    (id) => stream.at(id),
    layout,
    all,
  )
  yield [...logSummaries(head, layout), ...limitLines(head, layout), ...listWarnings(head, layout)]
  yield secondCaptureLines(head, layout)
}

function contextLines(
  head: Head,
  leading: Connection | null,
  stream: ReportStream,
  layout: Layout,
): string[] {
  const lines: string[] = []
  if (head.command === 'compare')
    lines.push(...labelled('clock', [clockText(head.clock, head.limits)], layout))
  if (leading) {
    const other = escapeDeep(otherLeg(leading, stream), layout.clean)
    lines.push(...pathLines(head, leading, other, layout))
    lines.push(...labelled('match', [matchText(leading, head.captures)], layout))
    lines.push(...labelled('rewritten', rewriteTexts(leading), layout))
    lines.push(...labelled('workload', workloadTexts(leading), layout))
  }
  return [...lines, ...labelled('also', alsoTexts(head, leading), layout)]
}

function reasonLines(head: Head, leading: Connection | null, layout: Layout): string[] {
  const reasons = reasonsOf(head, leading)
  const { because, against, cause, but, ignored } = reasons
  const labels = labelWidth([
    ...head.verdict.because,
    ...head.verdict.against,
    ...(leading?.causes[0]?.evidence ?? []),
    ...(leading?.causes[0]?.against ?? []),
    ...(leading?.ignoredResets ?? []),
  ])
  const texts = (items: Evidence[]) => evidenceTexts(items, head, layout.time, labels)
  const { next } = reasons
  const steps = next.length > 1 ? next.map((step, i) => `${i + 1}. ${step}`) : next
  return [
    ...labelled('because', texts(because), layout),
    ...labelled('against', texts(against), layout),
    ...labelled('cause', texts(cause), layout),
    ...labelled('but', texts(but), layout),
    ...labelled('lists', reasons.lists, layout),
    ...labelled('ignored', [...texts(ignored), ...reasons.moreIgnored], layout),
    ...labelled('to settle', reasons.settles, layout),
    ...labelled('next', steps, layout),
  ]
}

function findingLines(head: Head, layout: Layout): string[] {
  const { findings } = head
  if (findings.length === 0) return []
  const rows = findings.map((finding) => [
    finding.severity,
    finding.code,
    finding.title,
    finding.evidence.map((item) => `${item.capture} #${item.frame ?? '?'}`).join(', '),
  ])
  return plainTable(
    [
      { title: 'FINDINGS', align: 'left' },
      { title: 'CODE', align: 'left' },
      { title: '', align: 'left', least: 20 },
      { title: 'EVIDENCE', align: 'left', least: 10 },
    ],
    rows,
    layout.width,
    layout.style,
  )
}

/** Says that one capture is one point of the path, where who reset is therefore open. */
function secondCaptureLines(head: Head, layout: Layout): string[] {
  const { command, verdict, captures } = head
  const isSettled = verdict.by === null || verdict.confidence === 'certain'
  if (command !== 'analyze' || captures.length > 1 || isSettled) return []
  const path = captures[0]?.paths[0] ?? 'CAPTURE'
  return [
    ...hanging(
      '',
      'One capture shows one point of the path: a side is named because the RST came from there.',
      layout,
    ),
    `  To prove who sent it:  ${layout.style.bold(`rstscope compare ${path === '-' ? 'CAPTURE' : path} <capture at the other side>`)}`,
  ]
}

/** Every connection on a line of its own. */
function* listAll(
  stream: ReportStream,
  layout: Layout,
  finish: (text: string) => string,
): Iterable<string> {
  yield finish(`\n${layout.style.dim('  CONNECTION  ENDS, HOW, WHO, WHY')}\n`)
  for (const connection of stream.connections()) {
    const { firstReset, causes, client, upstream } = connection
    const parts = [`${namedText(client)} → ${namedText(upstream)}`, endingWords(connection)]
    if (firstReset) parts.push(`${firstReset.by} (${firstReset.confidence})`)
    if (causes[0]) parts.push(`${causes[0].id} (${causes[0].confidence})`)
    if (connection.benign) parts.push('ordinary')
    const lines = wrap(layout.clean(parts.join('; ')), layout.width - 14)
    const label = `  ${String(connection.id).padStart(10)}  `
    yield finish(`${label}${lines.join(`\n${' '.repeat(14)}`)}\n`)
  }
}
