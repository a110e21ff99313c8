import { type Layout, labelled } from '../../reports/fact-lines.ts'
import type { BatchComparison, WorseFinding } from './baseline.ts'
import type { BatchFinding } from './batch-summary.ts'
import { countText, numberText, placeText, plural, sinceText } from './summary-words.ts'

const MOST_LINES = 8

/** What changed since the baseline, as lines below a heading. */
export function comparisonLines(
  comparison: BatchComparison,
  layout: Layout,
  all: boolean,
): string[] {
  const { baseline, samples } = comparison
  const most = all ? Number.POSITIVE_INFINITY : MOST_LINES
  const section = (label: string, texts: string[], count = texts.length) =>
    labelled(label, cut(texts, most, count), layout)
  const size = `${numberText(baseline.samples)} ${plural(baseline.samples, 'sample')}, ${numberText(baseline.connections)} ${plural(baseline.connections, 'connection')}`
  return [
    layout.style.dim(`  SINCE THE BASELINE (${size})`),
    ...section('new', comparison.new.map(foundText)),
    ...section('worse', comparison.worse.map(worseText)),
    ...section('gone', comparison.gone.map(goneText)),
    ...section('as before', unchangedTexts(comparison)),
    ...section(
      'failed now',
      samples.failed.map(({ sample, message }) => `${sample}: ${message}`),
      samples.failedCount,
    ),
    ...section('missing', samples.missing, samples.missingCount),
    ...section(
      'samples',
      samples.shared === 0
        ? ['the two runs share no sample by its id: none can be called missing or failed since.']
        : [],
    ),
  ]
}

function cut(texts: string[], most: number, count: number): string[] {
  const shown = texts.slice(0, most)
  return count > shown.length ? [...shown, `and ${numberText(count - shown.length)} more`] : shown
}

/** `warning: RS203 An idle timeout closed the connection: shop/cart, 26 connections since 13:58:02Z`. */
export function foundText(finding: BatchFinding): string {
  const { code, title, count, severity, firstAt, place } = finding
  const parts = place === null ? [] : [placeText(finding)]
  if (count.atMost > 0) parts.push(`${countText(count)} ${plural(count.about, 'connection')}`)
  const since = firstAt === null ? '' : ` since ${sinceText(firstAt, null)}`
  return `${severity}: ${code} ${title}${parts.length > 0 ? `: ${parts.join(', ')}` : ''}${since}`
}

/** How much worse, and how sure that is. */
export function worseText({ finding, because, before, factor, chance }: WorseFinding): string {
  if (because === 'severity') return `${foundText(finding)}; it was ${before.severity} before`
  const was = `${numberText(before.count)} of ${numberText(before.connections)} connections before`
  return `${foundText(finding)}; ${factor.toFixed(1)} times as frequent: ${was} (by chance: ${chanceText(chance)})`
}

function chanceText(chance: number): string {
  return chance < 1e-6 ? 'less than one in a million' : `1 in ${numberText(Math.round(1 / chance))}`
}

/** What is not found any more, or could not be looked for. */
export function goneText({ finding, unseen }: BatchComparison['gone'][number]): string {
  return `${foundText(finding)}${unseen ? '; none of its samples was read now, so this is not known' : ''}`
}

function unchangedTexts({ unchanged }: BatchComparison): string[] {
  return unchanged === 0
    ? []
    : [
        `${numberText(unchanged)} ${plural(unchanged, 'finding')} of both runs, not more often than chance allows`,
      ]
}
