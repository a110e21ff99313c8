import type { ReportStream, Severity } from '../../model/report.ts'
import { answerLines } from '../answer-lines.ts'
import type { Layout } from '../fact-lines.ts'
import { leadingConnection, onlyConnection, reasonsOf } from '../reasons.ts'
import { asciiText } from '../text-escape.ts'
import { textStyle } from '../text-style.ts'
import type { TimeMode } from '../time-format.ts'
import { type Block, withinBudget } from './blocks.ts'
import { fencedText, inline } from './inline.ts'
import {
  captureBlock,
  endingBlock,
  factTable,
  findingBlocks,
  ladderBlocks,
  limitBlock,
  originBlocks,
  stepBlocks,
} from './sections.ts'

export interface MarkdownOptions {
  /** Longest page; below 20,000 counts as 20,000. Without it 60,000: the body of an issue on GitHub holds 65,536. */
  maxCharacters?: number | undefined
  /** `ticket`: under headings for summary, severity and description. */
  template?: 'ticket' | undefined
  /** Count ordinary ends in the table, too. */
  all: boolean
  ascii: boolean
  time: TimeMode
}

const MOST_CHARACTERS = 60_000
/** The answer and the list of inputs always fit into this. */
const LEAST_CHARACTERS = 20_000
/** Columns of the packets as text: what the page of a ticket shows without scrolling. */
const WIDTH = 100

/** The report as Markdown for a ticket, with the sentences of the terminal. No name in it can become a link, a mention, a tag or a cell. */
export function* renderMarkdown(stream: ReportStream, options: MarkdownOptions): Iterable<string> {
  const blocks =
    options.template === 'ticket' ? ticketBlocks(stream, options) : pageBlocks(stream, options)
  const most = Math.max(LEAST_CHARACTERS, options.maxCharacters ?? MOST_CHARACTERS)
  const finished = options.ascii
    ? blocks.map((block) => ({ ...block, text: asciiText(block.text) }))
    : blocks
  yield withinBudget(finished, most)
}

/** The first lines of every report. */
function answers(stream: ReportStream, { ascii }: MarkdownOptions): string[] {
  const lines = answerLines(stream.head, textStyle({ color: false, ascii, width: WIDTH }))
  // Before they are cut to length: in ASCII a letter takes up to ten characters.
  return (ascii ? lines.map(asciiText) : lines).map(inline)
}

function pageBlocks(stream: ReportStream, options: MarkdownOptions): Block[] {
  const [first, ...others] = answers(stream, options)
  const answer = [`**${first}**`, ...others].join('\n\n')
  return [{ name: 'the answer', text: answer, rank: 0 }, ...bodyBlocks(stream, options)]
}

function bodyBlocks(stream: ReportStream, options: MarkdownOptions): Block[] {
  const { head } = stream
  const layout: Layout = {
    width: WIDTH,
    time: options.time,
    style: textStyle({ color: false, ascii: options.ascii, width: WIDTH }),
    clean: fencedText,
  }
  const shared = !head.limits.some(({ code }) => code === 'no-shared-connection')
  const leading = shared ? leadingConnection(stream) : null
  const logged = head.accessLogs === undefined ? null : (leading ?? onlyConnection(stream))
  const reasons = reasonsOf(head, leading)
  const facts = factTable(head, leading, logged, reasons, options.time)
  return [
    ...(facts === '' ? [] : [{ name: 'the facts', text: facts, rank: 1 }]),
    ...(shared ? [] : [captureBlock(head, stream, layout)]),
    ...(leading ? ladderBlocks(head, leading, stream, layout) : []),
    ...stepBlocks(reasons.next),
    ...findingBlocks(head, options.time),
    endingBlock(stream, options.all),
    limitBlock(head),
    ...originBlocks(head),
  ]
}

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info']

/** The same page under the headings that forms of tickets ask for. */
function ticketBlocks(stream: ReportStream, options: MarkdownOptions): Block[] {
  const [first, ...others] = answers(stream, options)
  const { findings } = stream.head
  const worst = SEVERITIES.find((one) => findings.some(({ severity }) => severity === one))
  const alike = findings.filter(({ severity }) => severity === worst)
  const titles = [...new Set(alike.map(({ code, title }) => `${inline(code)} ${inline(title)}`))]
  const severity = worst === undefined ? 'none: nothing was found' : `${worst}: ${titles[0]}`
  const more = titles.length > 1 ? `, and ${titles.length - 1} more` : ''
  const top = [
    `## Summary\n\n${first}`,
    `## Severity\n\n${severity}${more}`,
    ['## Description', ...others].join('\n\n'),
  ]
  return [{ name: 'the answer', text: top.join('\n\n'), rank: 0 }, ...bodyBlocks(stream, options)]
}
