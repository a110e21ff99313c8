import { barChart } from '../../reports/html/charts.ts'
import { html, type Markup } from '../../reports/html/markup.ts'
import type { BatchFinding, BatchSummary, Trend } from '../summary/batch-summary.ts'
import { secondsOf, timeOf } from '../summary/known-ends.ts'
import { SEVERITY_RANK } from '../summary/places.ts'
import { numberText, sinceText } from '../summary/summary-words.ts'
import { short, table, within } from './bounded.ts'
import { spanText } from './findings.ts'

const MOST_BYTES = 150_000
const TICKS = [0, 0.25, 0.5, 0.75, 1]
const DAY_SECONDS = 86_400
const SPARK_WIDTH = 120
const SPARK_HEIGHT = 18

/** When connections were reset, over all samples. */
export function trendHtml({ trend }: BatchSummary): Markup {
  if (trend === null) return html`<p>No connection was reset.</p>`
  const bars = trend.bins.map(({ bad, ordinary }, i) => ({
    name: `${timeAt(trend, i / trend.bins.length)} to ${timeAt(trend, (i + 1) / trend.bins.length)}`,
    counts: [bad, ordinary] as [number, number],
  }))
  const ticks = TICKS.map((part) => ({ part, text: tickText(trend, part) }))
  const undated =
    trend.undated === 0
      ? ''
      : ` ${numberText(trend.undated)} more resets are not drawn: samples list the times of at most 1000 connections of a finding.`
  return html`<div class="scroll" role="region" aria-label="Resets over time" tabindex="0">${barChart('chart-trend', 'Resets over time', bars, ticks)}</div>
<p class="muted">From ${timeAt(trend, 0)}, ${spanText(trend.seconds)}, in the clocks of the captures. Solid: resets that cut something off; hatched: ordinary ones. A connection that several samples hold counts once.${undated}</p>`
}

function timeAt({ from, seconds }: Trend, part: number): string {
  return sinceText(timeOf(secondsOf(from) + seconds * part), null)
}

function tickText(trend: Trend, part: number): string {
  const [date, time] = timeAt(trend, part).split('\u00a0') as [string, string]
  return trend.seconds < DAY_SECONDS ? time : `${date.slice(5)} ${time.slice(0, 5)}`
}

interface Service {
  place: string
  resets: number
  others: number
  worst: BatchFinding
  codes: Set<string>
  bins: number[] | null
  firstAt: string | null
}

/** The Services and endpoints, those first that have the worst findings, and when their connections ended. */
export function servicesHtml({ findings }: BatchSummary): Markup {
  const services = [...byService(findings)].sort(
    (a, b) =>
      SEVERITY_RANK[a.worst.severity] - SEVERITY_RANK[b.worst.severity] ||
      b.resets - a.resets ||
      (a.place < b.place ? -1 : 1),
  )
  if (services.length === 0) return html`<p>No findings.</p>`
  const { shown, left } = within(services.map(serviceRow), MOST_BYTES)
  const more = left === 0 ? null : html`<p>${left} more are not listed here.</p>`
  const columns: [string, boolean][] = [
    ['Service or endpoint', false],
    ['Worst', false],
    ['Findings', false],
    ['Resets', true],
    ['Others', true],
    ['Since', false],
    ['When', false],
  ]
  return html`${table('Findings by Service', columns, html`<tbody>${shown}</tbody>`)}${more}
<p class="muted">Resets, and other bad ends, of the findings above; a connection with two findings is in both. The bars of a row are of equal time, from the first reset of all samples to the last.</p>`
}

function byService(findings: readonly BatchFinding[]): Iterable<Service> {
  const services = new Map<string, Service>()
  for (const finding of findings) {
    const { place, resets, count, trend, code, firstAt } = finding
    if (place === null) continue
    const known = services.get(place) ?? {
      place,
      resets: 0,
      others: 0,
      worst: finding,
      codes: new Set<string>(),
      bins: null,
      firstAt,
    }
    known.resets += resets
    known.others += count.about - resets
    known.codes.add(code)
    if (SEVERITY_RANK[finding.severity] < SEVERITY_RANK[known.worst.severity]) known.worst = finding
    if (firstAt !== null && (known.firstAt === null || firstAt < known.firstAt)) {
      known.firstAt = firstAt
    }
    if (trend !== null) known.bins = trend.map((value, i) => value + (known.bins?.[i] ?? 0))
    services.set(place, known)
  }
  return services.values()
}

function serviceRow(service: Service): Markup {
  const { place, resets, others, worst, codes, firstAt, bins } = service
  return html`<tr><td>${short(place)}</td><td>${worst.severity}</td><td>${short([...codes].sort().join(' '))}</td><td class="n">${numberText(resets)}</td><td class="n">${numberText(others)}</td><td>${firstAt === null ? '–' : sinceText(firstAt, null)}</td><td>${bins === null ? '–' : spark(bins, place)}</td></tr>
`
}

/** A row of small bars; what they say stands in words for those who do not see them. */
function spark(bins: readonly number[], place: string): Markup {
  const most = Math.max(1, ...bins)
  const slot = SPARK_WIDTH / bins.length
  const filled = bins.filter((count) => count > 0).length
  const bars = bins
    .map((count, i) => {
      if (count === 0) return ''
      const height = Math.max(1.5, (count / most) * SPARK_HEIGHT)
      return `M${i * slot} ${SPARK_HEIGHT}v-${height.toFixed(1)}h${(slot - 0.4).toFixed(1)}V${SPARK_HEIGHT}z`
    })
    .join('')
  return html`<svg width="${SPARK_WIDTH}" height="${SPARK_HEIGHT}" viewBox="0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}" role="img" aria-label="${short(place)}: ends in ${filled} of ${bins.length} intervals, at most ${most} in one"><path d="${bars}" fill="currentColor"/><path d="M0 ${SPARK_HEIGHT - 0.5}h${SPARK_WIDTH}" stroke="currentColor" opacity="0.4"/></svg>`
}
