import { html, type Markup } from '../../reports/html/markup.ts'
import { formatSeconds } from '../../reports/time-format.ts'
import type { BatchFinding, BatchSummary } from '../summary/batch-summary.ts'
import {
  endsText,
  factTexts,
  numberText,
  placeText,
  plural,
  shareText,
  sinceText,
  whoText,
} from '../summary/summary-words.ts'
import { boundedList, short, within } from './bounded.ts'
import { type Links, sampleName } from './report-link.ts'

const MOST_BYTES = 300_000
/** Findings that are shown at once; the others can be unfolded. */
const MOST_OPEN = 12
const MOST_SAMPLES = 8
const MOST_UPSTREAMS = 8

/** What was found in all samples together, worst first. */
export function findingsHtml({ findings, moreFindings }: BatchSummary, links: Links): Markup {
  if (findings.length === 0) return html`<p>No findings.</p>`
  const { shown, left } = within(
    findings.map((finding) => findingHtml(finding, links)),
    MOST_BYTES,
  )
  const more =
    left === 0
      ? null
      : html`<p>${left} more findings are not shown; the summary as JSON has them.</p>`
  const others =
    moreFindings.findings === 0
      ? null
      : html`<p>${numberText(moreFindings.findings)} further findings, of about ${numberText(moreFindings.count)} connections, are in the reports of the samples only.</p>`
  const folded = shown.slice(MOST_OPEN)
  const rest =
    folded.length === 0
      ? null
      : html`<details><summary>${folded.length} more ${plural(folded.length, 'finding')}</summary>${folded}</details>`
  return html`${shown.slice(0, MOST_OPEN)}${rest}${more}${others}`
}

function findingHtml(finding: BatchFinding, links: Links): Markup {
  const { severity, code, title, by, count, share, firstAt, lastAt, upstreams } = finding
  const { example, samples, sampleCount, upstreamCount, place } = finding
  const facts = factTexts(finding)
  const listed = samples.slice(0, MOST_SAMPLES)
  const where = example.connection === null ? '' : `, connection ${example.connection}`
  return html`<article class="finding ${severity}"><h3><span class="severity">${severity}</span> <code>${short(code)}</code> ${short(title)}${place === null ? null : html`: ${short(placeText(finding))}`}</h3>
<dl>${count.atMost === 0 ? null : html`<dt>How many</dt><dd>${endsText(finding)}${rangeText(finding)}${by === null ? null : html`; ${whoText(by)}; ${shareText(share)} of all resets`}</dd>`}
${firstAt === null ? null : html`<dt>Since</dt><dd>${timeHtml(firstAt)}${lastAt === null || lastAt === firstAt ? null : html` until ${timeHtml(lastAt)}`}</dd>`}
${facts.length === 0 ? null : html`<dt>Pattern</dt><dd>${facts.join('; ')}</dd>`}
${upstreamCount === 0 ? null : html`<dt>Upstream</dt><dd>${upstreams.slice(0, MOST_UPSTREAMS).map(short).join(', ')}${upstreamCount > MOST_UPSTREAMS ? ` and ${numberText(upstreamCount - MOST_UPSTREAMS)} more` : ''}</dd>`}
<dt>Samples</dt><dd>${numberText(sampleCount)}: ${listed.map((id, i) => html`${i > 0 ? ', ' : ''}${sampleName(id, links)}`)}${sampleCount > listed.length ? ` and ${numberText(sampleCount - listed.length)} more` : ''}</dd>
<dt>Look at</dt><dd>${sampleName(example.sample, links)}${where}; <code>rstscope explain ${short(code)}</code></dd></dl></article>
`
}

function rangeText({ count: { atLeast, atMost } }: BatchFinding): string {
  return atLeast === atMost
    ? ''
    : ` (at least ${numberText(atLeast)}, at most ${numberText(atMost)})`
}

/** A time to the second, in the machine's form and in the reader's. */
export function timeHtml(time: string): Markup {
  return html`<time datetime="${time}">${sinceText(time, null)}</time>`
}

/** What could not be read or seen, and what this page does not hold. */
export function limitsHtml(summary: BatchSummary): Markup {
  const { sampleLimits, sampleWarnings, limits } = summary
  const counted = (items: BatchSummary['sampleLimits']) =>
    items.map(
      ({ code, samples }) =>
        html`<code>${short(code)}</code> in ${numberText(samples)} ${plural(samples, 'sample')}`,
    )
  const none = sampleLimits.length + sampleWarnings.length + limits.length === 0
  if (none) return html`<p>Nothing that these captures could have held is known to be missing.</p>`
  return html`${
    limits.length === 0
      ? null
      : html`<h3>Of this summary</h3>${boundedList(
          limits.map(({ message }) => html`${message}`),
          5000,
        )}`
  }
${sampleLimits.length === 0 ? null : html`<h3>What samples could not show</h3>${boundedList(counted(sampleLimits), 20_000)}`}
${sampleWarnings.length === 0 ? null : html`<h3>Damage in captures</h3>${boundedList(counted(sampleWarnings), 20_000)}`}`
}

/** Samples that failed or were read in part, with the reasons. */
export function failuresHtml({ samples, failed, partly }: BatchSummary, links: Links): Markup {
  const failures = failed.map(
    ({ sample, code, message, hint }) =>
      html`<strong>${short(sample)}</strong>: ${short(message)} <code class="muted">${short(code)}</code>${hint === null ? null : html`<br>try: ${short(hint)}`}`,
  )
  const parts = partly.map(
    ({ sample, warnings }) =>
      html`${sampleName(sample, links)}: ${short(warnings.join(', ')) || 'no reason was kept'}`,
  )
  if (samples.failed + samples.partly === 0) return html`<p>Every sample was read, all of it.</p>`
  return html`${samples.failed === 0 ? null : html`<h3>Failed — ${numberText(samples.failed)}</h3>${boundedList(failures, 150_000, samples.failed)}`}
${samples.partly === 0 ? null : html`<h3>Read in part — ${numberText(samples.partly)}</h3>${boundedList(parts, 80_000, samples.partly)}`}`
}

/** How long the run's captures are: `2 h 0 min 0.500 s`. */
export function spanText(seconds: number): string {
  if (seconds < 2 * 86_400) return formatSeconds(seconds)
  return `${(seconds / 86_400).toFixed(1)} days`
}
