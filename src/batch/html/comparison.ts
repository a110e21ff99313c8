import { html, type Markup, NOTHING } from '../../reports/html/markup.ts'
import type { BatchComparison } from '../summary/baseline.ts'
import { foundText, goneText, worseText } from '../summary/comparison-text.ts'
import { numberText, plural } from '../summary/summary-words.ts'
import { boundedList, short } from './bounded.ts'

const MOST_BYTES = 40_000
const LONGEST = 600

/** What is new, worse or gone since the baseline; nothing without one. */
export function comparisonHtml(comparison: BatchComparison | null): Markup {
  if (comparison === null) return NOTHING
  const { baseline, samples, unchanged } = comparison
  const part = (title: string, texts: string[], all = texts.length) =>
    all === 0
      ? null
      : html`<h3>${title} — ${numberText(all)}</h3>${boundedList(
          texts.map((text) => html`${text.slice(0, LONGEST)}`),
          MOST_BYTES,
          all,
        )}`
  const shared =
    samples.shared === 0
      ? 'The two runs share no sample by its id: none can be called missing or failed since.'
      : `${numberText(samples.shared)} ${plural(samples.shared, 'sample')} of both runs, ${numberText(samples.added)} only of this one.`
  return html`<section class="card"><h2 id="baseline">Since the baseline</h2>
<p>The baseline has ${numberText(baseline.samples)} ${plural(baseline.samples, 'sample')} with ${numberText(baseline.connections)} ${plural(baseline.connections, 'connection')}, ${numberText(baseline.resets)} of them reset. ${unchanged === 0 ? '' : `${numberText(unchanged)} ${plural(unchanged, 'finding')} of both runs ${unchanged === 1 ? 'is' : 'are'} not more frequent than chance allows. `}${shared}</p>
${part('New', comparison.new.map(foundText))}${part('Worse', comparison.worse.map(worseText))}${part('Gone', comparison.gone.map(goneText))}
${part(
  'Failed now',
  samples.failed.map(({ sample, message }) => `${short(sample)}: ${message}`),
  samples.failedCount,
)}${part('Missing now', samples.missing.map(short), samples.missingCount)}</section>
`
}
