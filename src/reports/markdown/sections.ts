import type { Connection, Evidence, Finding, ReportStream } from '../../model/report.ts'
import { logSummaryTexts, logTexts, logWarningTexts } from '../access-log-lines.ts'
import { clockText, matchText, rewriteTexts } from '../answer-lines.ts'
import { captureEnds } from '../capture-ends.ts'
import { plural } from '../ending-table.ts'
import { endingRows, exampleText } from '../endings.ts'
import { captureLines, type Layout, limitTexts, withoutRepeats } from '../fact-lines.ts'
import { evidenceLabel } from '../frame-label.ts'
import { listWarningTexts, workloadTexts } from '../kubernetes-lines.ts'
import { ladderLines } from '../ladder.ts'
import { pathLines } from '../path-strip.ts'
import { alsoTexts, isCommand, otherLeg, type Reasons } from '../reasons.ts'
import { formatTime, type TimeMode } from '../time-format.ts'
import { type Block, bullets, details, fenced, firstOf, numbered, table } from './blocks.ts'
import { code, inline } from './inline.ts'
import { mermaidLadder } from './mermaid.ts'

type Head = ReportStream['head']

const MOST_EVIDENCE = 12
const MOST_TEXTS = 30
const MOST_FINDINGS = 50
const MOST_PEERS = 4
const MOST_ENDINGS = 12
const MOST_HASHES = 20
const MOST_VERSION = 40

/** The facts of the answer and what it rests on, as one table of two columns. */
export function factTable(
  head: Head,
  leading: Connection | null,
  logged: Connection | null,
  reasons: Reasons,
  mode: TimeMode,
): string {
  const evidence = (items: Evidence[]) => evidenceItems(items, head, mode)
  const texts = (items: string[]) => items.map(inline)
  const facts: [name: string, items: string[]][] = [
    ['Clock', head.command === 'compare' ? texts([clockText(head.clock, head.limits)]) : []],
    ['Connection', leading ? texts([matchText(leading, head.captures)]) : []],
    ['Rewritten', leading ? texts(rewriteTexts(leading)) : []],
    ['Workload', leading ? texts(workloadTexts(leading)) : []],
    ['Also', texts(alsoTexts(head, leading))],
    ['Because', evidence(reasons.because)],
    ['Against', evidence(reasons.against)],
    ['Cause', evidence(reasons.cause)],
    ['But', evidence(reasons.but)],
    ['Kubernetes', texts(reasons.lists)],
    ['Access log', logged ? texts(logTexts(logged, head, mode)) : []],
    ['Ignored', [...evidence(reasons.ignored), ...reasons.moreIgnored]],
    ['To settle', reasons.settles.map(stepText)],
  ]
  const rows = facts.flatMap(([name, items]) =>
    firstOf(items, MOST_EVIDENCE).map((item, i) => [i === 0 ? name : '', item]),
  )
  return rows.length === 0 ? '' : table(['', ''], rows)
}

function evidenceItems(items: Evidence[], head: Pick<Head, 'captures'>, mode: TimeMode): string[] {
  return withoutRepeats(items).map((item) => {
    const zero = head.captures.find(({ id }) => id === item.capture)?.firstPacketAt ?? null
    const time = item.at === null ? '' : ` ${code(formatTime(item.at, mode, zero))}`
    return `${code(evidenceLabel(item))}${time} ${inline(item.text)}`
  })
}

/** The ladder, as a diagram and as text. */
export function ladderBlocks(
  head: Head,
  leading: Connection,
  stream: ReportStream,
  layout: Layout,
): Block[] {
  const diagram = mermaidLadder(head, leading)
  const lines = [
    ...pathLines(head, leading, otherLeg(leading, stream), layout),
    ...ladderLines(head, leading, layout.width, layout.style),
  ]
  const blocks: Block[] = []
  if (diagram !== null) {
    const cut =
      diagram.cut > 0
        ? `\n\nThe diagram leaves out the first ${diagram.cut} ${plural(diagram.cut, 'segment')}; the text below has all.`
        : ''
    blocks.push({
      name: 'the diagram',
      text: `${fenced(diagram.lines, 'mermaid')}${cut}`,
      rank: 3,
    })
  }
  if (lines.length > 0) {
    const text = details('Packets that decide, as text', fenced(lines.map(layout.clean)))
    blocks.push({ name: 'the packets as text', text, rank: 4 })
  }
  return blocks
}

/** Who talks to whom in captures that share no connection. */
export function captureBlock(head: Head, stream: ReportStream, layout: Layout): Block {
  const lines = captureLines(head, (capture) => captureEnds(stream, capture), layout)
  return { name: 'what the captures hold', text: fenced(lines), rank: 2 }
}

export function stepBlocks(next: string[]): Block[] {
  if (next.length === 0) return []
  const steps = numbered(firstOf(next.map(stepText), MOST_TEXTS))
  return [{ name: 'next steps', text: `**Next**\n\n${steps}`, rank: 1 }]
}

/** A command is code as a whole: it is to be copied. */
function stepText(step: string): string {
  return isCommand(step) ? code(step) : inline(step)
}

/** Each finding folded away under its title. */
export function findingBlocks(head: Head, mode: TimeMode): Block[] {
  const shown = head.findings.slice(0, MOST_FINDINGS)
  const blocks = shown.map((finding) => ({
    name: 'findings',
    text: findingText(finding, head, mode),
    rank: 6,
  }))
  const left = head.findings.length - shown.length
  if (left === 0) return blocks
  const text = `${left} more ${plural(left, 'finding')}.`
  return [...blocks, { name: 'the number of other findings', text, rank: 6 }]
}

function findingText(finding: Finding, head: Head, mode: TimeMode): string {
  const { severity, title, why, next, evidence, against } = finding
  const list = (name: string, items: string[]) =>
    items.length === 0 ? [] : [`${name}:`, bullets(firstOf(items, MOST_EVIDENCE))]
  const parts = [
    inline(why),
    ...list('Evidence', evidenceItems(evidence, head, mode)),
    ...list('Against it', evidenceItems(against, head, mode)),
    ...list('Next', next.map(stepText)),
  ]
  return details(`${severity} ${finding.code}: ${title}`, parts.join('\n\n'))
}

/** How the connections ended, in groups. */
export function endingBlock(stream: ReportStream, all: boolean): Block {
  const { summary, command } = stream.head
  const groups = endingRows(stream.endings(), MOST_PEERS).filter(({ benign }) => all || !benign)
  const rows = groups.slice(0, MOST_ENDINGS).map(({ how, who, cause, peer, count, first }) => {
    const example = stream.at(first)
    return [
      ...[how, who || '-', cause || '-'].map((text) => (text === '-' ? '' : inline(text))),
      code(peer),
      String(count),
      example === null ? '' : code(exampleText(example)),
    ]
  })
  const notes = [`${summary.connections} ${plural(summary.connections, 'connection')}`]
  if (command === 'compare') notes.push(`${summary.matched} seen in both captures`)
  if (summary.benign > 0) notes.push(`${summary.benign} ended in an ordinary way`)
  if (groups.length > rows.length) notes.push(`${groups.length - rows.length} more groups`)
  const header = ['How it ended', 'Who reset', 'Cause', 'Peer', 'Count', 'Example']
  const parts = [...(rows.length > 0 ? [table(header, rows, [4])] : []), `${notes.join(', ')}.`]
  return { name: 'the table of endings', text: parts.join('\n\n'), rank: 5 }
}

/** What the inputs could not show, and what became of logs and lists. */
export function limitBlock(head: Head): Block {
  const { limits, warnings } = limitTexts(head)
  const logs = logSummaryTexts(head)
  const problems = [...warnings, ...logWarningTexts(head), ...listWarningTexts(head)]
  const part = (name: string, texts: string[]) =>
    texts.length === 0 ? [] : [`**${name}**`, bullets(firstOf(texts, MOST_TEXTS).map(inline))]
  const parts = [
    ...part('Access logs', logs),
    ...part('Limits', limits),
    ...part('Warnings', problems),
  ]
  return { name: 'limits and warnings', text: parts.join('\n\n'), rank: 2 }
}

/** Version and SHA-256 of the inputs: who gets the same files later can check that they are the same. */
export function originBlocks({ tool, schema, captures }: Head): Block[] {
  const files = captures.flatMap(({ id, paths, sha256 }) =>
    paths.map((path, i) => {
      const hash = sha256[i]
      return `${code(id)} ${code(path)}${hash === undefined ? '' : ` SHA-256 ${code(hash)}`}`
    }),
  )
  const version = `${tool.name} ${inline(tool.version.slice(0, MOST_VERSION))}, report ${code(schema)}`
  return [
    { name: 'the inputs', text: `**Inputs**\n\n${bullets(firstOf(files, MOST_HASHES))}`, rank: 1 },
    { name: 'the version', text: version, rank: 0 },
  ]
}
