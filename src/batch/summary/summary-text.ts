import { type Layout, labelled } from '../../reports/fact-lines.ts'
import { type Column, plainTable, tableFits } from '../../reports/plain-table.ts'
import { asciiText, escapeText } from '../../reports/text-escape.ts'
import { type TextOptions, textStyle } from '../../reports/text-style.ts'
import { wrap } from '../../reports/text-width.ts'
import type { BatchComparison } from './baseline.ts'
import type { BatchFinding, BatchSummary } from './batch-summary.ts'
import { comparisonLines } from './comparison-text.ts'
import {
  countText,
  endsText,
  factTexts,
  failureText,
  HELD,
  numberText,
  onlyDay,
  placeText,
  plural,
  resetsText,
  samplesText,
  shareText,
  sinceText,
  whoText,
  worstText,
} from './summary-words.ts'

export interface SummaryTextOptions extends TextOptions {
  /** List every finding, and every sample that failed. */
  all: boolean
}

const MOST_ROWS = 12
const MOST_SAMPLES = 5

const COLUMNS: Column[] = [
  { title: 'COUNT', align: 'right' },
  { title: 'SHARE', align: 'right' },
  { title: 'WHO', align: 'left' },
  { title: 'SERVICE', align: 'left' },
  { title: 'FINDING', align: 'left', least: 20 },
  // Its date and its time may stand below each other.
  { title: 'SINCE', align: 'left', least: 10 },
  { title: 'SAMPLES', align: 'right' },
]

/** The layout of a summary's lines. */
export function layoutOf(options: TextOptions): Layout {
  return {
    width: Math.max(60, options.width),
    time: 'utc',
    style: textStyle(options),
    clean: options.ascii ? (text) => asciiText(escapeText(text)) : escapeText,
  }
}

/** The summary as text for a person: the answer first, then findings, worst first, then what could not be read. */
export function summaryText(
  summary: BatchSummary,
  comparison: BatchComparison | null,
  options: SummaryTextOptions,
): string {
  const layout = layoutOf(options)
  const sections = [
    answerLines(summary, layout),
    findingLines(summary, layout, options.all),
    comparison === null ? [] : comparisonLines(comparison, layout, options.all),
    sampleLines(summary, layout, options.all),
    tryLines(summary, layout),
  ]
  const text = sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')
    .replaceAll(HELD, ' ')
  return options.ascii ? asciiText(text) : text
}

function answerLines(summary: BatchSummary, { style, clean, width }: Layout): string[] {
  const lines = wrap(`${samplesText(summary)} ${resetsText(summary)}`, width).map(style.bold)
  const [worst] = summary.findings
  if (worst === undefined || worst.severity === 'info') return lines
  return [...lines, ...wrap(clean(`Worst: ${worstText(worst)}`), width)]
}

function findingLines(summary: BatchSummary, layout: Layout, all: boolean): string[] {
  const listed = all
    ? summary.findings
    : summary.findings.filter(({ severity }) => severity !== 'info')
  const shown = all ? listed : listed.slice(0, MOST_ROWS)
  if (summary.findings.length === 0) return []
  const day = onlyDay(summary)
  const cells = shown.map((finding) =>
    [
      finding.count.atMost === 0 ? '-' : countText(finding.count),
      shareText(finding.share),
      finding.by ?? '-',
      placeText(finding),
      `${finding.code} ${finding.title}`,
      sinceText(finding.firstAt, day).replace(HELD, ' '),
      numberText(finding.sampleCount),
    ].map(layout.clean),
  )
  const lines: string[] = []
  if (cells.length > 0) {
    const fits = tableFits(COLUMNS, cells, layout.width)
    lines.push(
      ...(fits
        ? plainTable(COLUMNS, cells, layout.width, layout.style)
        : findingList(shown, day, layout)),
    )
  }
  return [...lines, ...restLines(summary, shown.length, listed.length, layout)]
}

/** The same as sentences, for what is too wide for a table: nothing of a name is cut off. */
function findingList(findings: BatchFinding[], day: string | null, layout: Layout): string[] {
  const counts = findings.map(({ count }) => countText(count))
  const digits = Math.max(...counts.map((text) => text.length))
  const indent = ' '.repeat(digits + 6)
  const lines = findings.flatMap((finding, i) => {
    const { code, title, by, share, sampleCount, firstAt } = finding
    const some = finding.resets < finding.count.about ? [endsText(finding)] : []
    const who = by === null ? [] : [...some, whoText(by), `${shareText(share)} of all resets`]
    const texts = [
      [`${code} ${title}`, ...who, ...factTexts(finding)].join('; '),
      `${placeText(finding)}, since ${sinceText(firstAt, day)}, in ${numberText(sampleCount)} ${plural(sampleCount, 'sample')}`,
    ]
    return texts
      .flatMap((text) => wrap(layout.clean(text), layout.width - indent.length))
      .map((line, n) => (n === 0 ? `  ${counts[i]!.padStart(digits)} ×  ${line}` : indent + line))
  })
  return [layout.style.dim('  FINDINGS'), ...lines]
}

function restLines(
  { findings, moreFindings, limits, resets }: BatchSummary,
  shown: number,
  worth: number,
  layout: Layout,
): string[] {
  const notes: string[] = []
  if (worth > shown) notes.push(`${worth - shown} more findings (listed with --all).`)
  const ordinary = findings.length - worth
  if (ordinary > 0)
    notes.push(`${ordinary} ${plural(ordinary, 'finding')} of ordinary ends (listed with --all).`)
  if (moreFindings.findings > 0) {
    notes.push(
      `${numberText(moreFindings.findings)} further findings, of about ${numberText(moreFindings.count)} connections, are in the reports of the samples only.`,
    )
  }
  if (resets.atLeast !== resets.atMost) {
    notes.push(
      `Resets: at least ${numberText(resets.atLeast)}, at most ${numberText(resets.atMost)}.`,
    )
  }
  return [
    ...notes.flatMap((note) => wrap(note, layout.width - 2)).map((line) => `  ${line}`),
    ...labelled(
      'limits',
      limits.map(({ message }) => message),
      layout,
    ),
  ]
}

/** Samples that failed or were read in part, with the reason. */
function sampleLines(
  { samples, failed, partly, sampleLimits }: BatchSummary,
  layout: Layout,
  all: boolean,
): string[] {
  const most = all ? Number.POSITIVE_INFINITY : MOST_SAMPLES
  const failures = failed.slice(0, most).map(failureText)
  const parts = partly
    .slice(0, most)
    .map(({ sample, warnings }) => `${sample}: ${warnings.join(', ') || 'no reason was kept'}`)
  const limits = sampleLimits.map(
    ({ code, samples: count }) => `${code} in ${numberText(count)} ${plural(count, 'sample')}`,
  )
  return [
    ...labelled(
      'failed',
      [...failures, ...left(samples.failed - failures.length)],
      layout,
      layout.style.yellow,
    ),
    ...labelled('in part', [...parts, ...left(samples.partly - parts.length)], layout),
    ...labelled('not seen', limits.length === 0 ? [] : [limits.join('; ')], layout),
  ]
}

function left(count: number): string[] {
  return count > 0 ? [`and ${numberText(count)} more (in index.ndjson)`] : []
}

function tryLines({ findings }: BatchSummary, layout: Layout): string[] {
  const [worst] = findings
  if (worst === undefined) return []
  const { code, example } = worst
  const where =
    example.connection === null
      ? []
      : [`the report of ${example.sample}, connection ${example.connection}`]
  return labelled('try', [`rstscope explain ${code}`, ...where], layout)
}
