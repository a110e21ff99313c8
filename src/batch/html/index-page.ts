import { html, type Markup, trusted } from '../../reports/html/markup.ts'
import { SCRIPT, SCRIPT_HASH } from '../../reports/html/page-script.ts'
import { STYLE, STYLE_HASH } from '../../reports/html/page-style.ts'
import type { SampleRow } from '../sample-row.ts'
import type { BatchComparison } from '../summary/baseline.ts'
import type { BatchSummary } from '../summary/batch-summary.ts'
import { numberText, resetsText, samplesText, worstText } from '../summary/summary-words.ts'
import { short } from './bounded.ts'
import { comparisonHtml } from './comparison.ts'
import { failuresHtml, findingsHtml, limitsHtml, timeHtml } from './findings.ts'
import { INDEX_STYLE, INDEX_STYLE_HASH } from './index-style.ts'
import { readSamples, samplesHtml } from './samples.ts'
import { servicesHtml, trendHtml } from './trend.ts'

export interface IndexPage {
  summary: BatchSummary
  /** Read once. */
  rows: Iterable<SampleRow>
  comparison: BatchComparison | null
  /** The folder of the results as the page's folder sees it, with `/` (`../nightly`); absent where it is the same. */
  results?: string
}

/**
 * The index of a run as one HTML file that fetches nothing and needs neither its script nor its style sheet. Its links
 * lead to the samples' reports, from the folder in which `index.ndjson` lies. The same run gives the same bytes.
 */
export function* writeIndexPage({
  summary,
  rows,
  comparison,
  results = '',
}: IndexPage): Iterable<string> {
  const { lines, links } = readSamples(rows, results)
  // Nothing may be fetched or sent, and no other script or style runs than these three.
  const policy = `default-src 'none'; style-src '${STYLE_HASH}' '${INDEX_STYLE_HASH}'; script-src '${SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`
  yield html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${resetsText(summary)} — rstscope batch</title>
<style>${trusted(STYLE)}</style>
<style>${trusted(INDEX_STYLE)}</style>
</head>
<body>
<a class="skip" href="#findings">To the findings</a>
<main id="top">
${answerHtml(summary)}
${contents(summary, comparison)}
`.markup
  yield card('counts', 'In numbers', countsHtml(summary))
  yield card('findings', 'Findings', findingsHtml(summary, links))
  yield comparisonHtml(comparison).markup
  yield card('trend', 'Resets over time', trendHtml(summary))
  yield card('services', 'By Service', servicesHtml(summary))
  yield card('samples', 'Samples', samplesHtml(lines, links))
  yield card('failures', 'What could not be read', failuresHtml(summary, links))
  yield card('limits', 'Limits', limitsHtml(summary))
  yield html`</main>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`.markup
}

function card(id: string, title: string, content: Markup): string {
  return html`<section class="card"><h2 id="${id}">${title}</h2>${content}</section>
`.markup
}

function answerHtml(summary: BatchSummary): Markup {
  const [worst] = summary.findings
  const isBad = worst !== undefined && worst.severity !== 'info'
  const wasRead = summary.samples.done + summary.samples.partly > 0
  const tone = isBad ? 'alarm' : wasRead ? 'calm' : 'open'
  return html`<header class="verdict ${tone}">
<h1>${resetsText(summary)}</h1>
<p class="rest">${samplesText(summary)}</p>
${isBad ? html`<p class="cause"><strong>Worst:</strong> ${short(worstText(worst))}</p>` : null}
</header>`
}

function contents(
  { findings, samples, limits, sampleLimits }: BatchSummary,
  comparison: BatchComparison | null,
): Markup {
  const entries: [id: string, text: string][] = [
    ['findings', `Findings ${findings.length}`],
    ...(comparison === null ? [] : [['baseline', 'Since the baseline'] as [string, string]]),
    ['trend', 'Resets over time'],
    ['services', 'By Service'],
    ['samples', `Samples ${samples.total}`],
    ['failures', `Not read ${samples.failed + samples.partly}`],
    ['limits', `Limits ${limits.length + sampleLimits.length}`],
  ]
  return html`<nav class="contents" aria-label="Contents">${entries.map(([id, text]) => html`<a href="#${id}">${text}</a> `)}</nav>`
}

function countsHtml(summary: BatchSummary): Markup {
  const { packets, bytes, connections, resets, firstPacketAt, lastPacketAt, tool } = summary
  const range =
    resets.atLeast === resets.atMost
      ? null
      : html` (at least ${numberText(resets.atLeast)}, at most ${numberText(resets.atMost)})`
  return html`<dl><dt>Packets</dt><dd>${numberText(packets)}${bytes === null ? null : html` in ${numberText(bytes)} bytes of captures`}</dd>
<dt>Connections</dt><dd>${numberText(connections)}; one that several samples hold counts in each</dd>
<dt>Resets</dt><dd>${numberText(resets.about)}${range}; each once</dd>
<dt>Time</dt><dd>${firstPacketAt === null || lastPacketAt === null ? 'no packets' : html`${timeHtml(firstPacketAt)} to ${timeHtml(lastPacketAt)}`}</dd>
${tool === null ? null : html`<dt>Made by</dt><dd>rstscope ${short(tool.version)}; the same captures give the same page</dd>`}</dl>`
}
