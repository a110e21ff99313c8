import type { ReportStream } from '../../model/report.ts'
import { excerptOf } from '../excerpt.ts'
import { writeJson } from '../json.ts'
import { renderMarkdown } from '../markdown/markdown.ts'
import { leadingConnection, onlyConnection, otherLeg } from '../reasons.ts'
import { streamOf } from '../stream-of.ts'
import type { TimeMode } from '../time-format.ts'
import { idleGaps, resetsOverTime } from './charts.ts'
import { connectionsHtml } from './connection-table.ts'
import type { PageContext } from './evidence.ts'
import {
  capturesHtml,
  decidedHtml,
  findingsHtml,
  kubernetesHtml,
  limitsHtml,
  logsHtml,
  pathHtml,
} from './facts.ts'
import { pageTitle, pictureHtml, reasonsHtml, verdictHtml } from './first-screen.ts'
import { incidentsHtml, incidentsOf } from './incidents.ts'
import { html, type Markup, trusted, wholeLines } from './markup.ts'
import { SCRIPT, SCRIPT_HASH } from './page-script.ts'
import { STYLE, STYLE_HASH } from './page-style.ts'
import { REPORT_OPEN } from './report-element.ts'
import { type Survey, survey } from './survey.ts'

export interface HtmlOptions {
  time: TimeMode
}

/** Longest JSON report (characters) that the page carries; a longer one is cut, and the page says so. */
const MOST_JSON = 768 * 1024

/**
 * The report as one HTML file that fetches nothing and needs neither its script nor its style sheet. Shows facts of
 * the report and adds none; the same report gives the same bytes.
 */
export function* writeHtml(stream: ReportStream, options: HtmlOptions): Iterable<string> {
  const { head } = stream
  const context: PageContext = { head, time: options.time }
  const leading = leadingConnection(stream)
  const other = leading ? otherLeg(leading, stream) : null
  const found = survey(stream)
  const incidents = incidentsOf(stream)
  // Nothing may be fetched or sent, and no other script or style runs than these two.
  const policy = `default-src 'none'; style-src '${STYLE_HASH}'; script-src '${SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`
  yield html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${pageTitle(head, leading)}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#findings">To the findings</a>
<main id="top">
${verdictHtml(context)}
<div class="screen">${reasonsHtml(context, leading)}${pictureHtml(context, leading, stream)}</div>
${contents(head, found.connections)}
`.markup
  yield pathHtml(head, leading, other).markup
  yield card('findings', 'Findings', findingsHtml(head.findings, context))
  yield logsHtml(leading ?? onlyConnection(stream), context).markup
  yield kubernetesHtml(context).markup
  yield card('over-time', 'Resets', head.excerpt ? NOT_DRAWN : chartsHtml(found, options.time))
  if (incidents.length > 0) {
    yield card('incidents', 'Timelines', incidentsHtml(incidents, leading, context))
  }
  const ids = new Set(incidents.map((connection) => connection.id))
  yield card('connections', 'Connections', connectionsHtml(found, ids, context))
  yield card('captures', 'Captures', capturesHtml(context))
  yield card('limits', 'Limits', limitsHtml(head))
  yield card('decided', 'How this was decided', decidedHtml(context, leading))
  yield ticketCard(stream, options)
  yield* jsonBlock(stream)
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

/** Of a report that was cut only some connections are known. */
const NOT_DRAWN = html`<p class="muted">Not drawn: the report that this page was made from does not hold all of its connections.</p>`

function chartsHtml(found: Survey, time: TimeMode): Markup {
  return html`<div class="charts"><div><h3>Over time</h3><div class="scroll" role="region" aria-label="Resets over time" tabindex="0">${resetsOverTime(found, time)}</div></div><div><h3>Silence before them</h3><div class="scroll" role="region" aria-label="Silence before resets" tabindex="0">${idleGaps(found)}</div></div></div>`
}

function contents(
  { findings, limits, captures }: ReportStream['head'],
  connections: number,
): Markup {
  const entries: [id: string, text: string][] = [
    ['findings', `Findings ${findings.length}`],
    ['over-time', 'Resets over time'],
    ['connections', `Connections ${connections}`],
    ['captures', `Captures ${captures.length}`],
    ['limits', `Limits ${limits.length}`],
    ['decided', 'How this was decided'],
    ['ticket', 'For a ticket'],
  ]
  return html`<nav class="contents" aria-label="Contents">${entries.map(([id, text]) => html`<a href="#${id}">${text}</a> `)}</nav>`
}

/** The report as Markdown, for a ticket. */
function ticketCard(stream: ReportStream, { time }: HtmlOptions): string {
  const markdown = [...renderMarkdown(stream, { time, all: false, ascii: false })].join('')
  return card(
    'ticket',
    'For a ticket',
    html`<p>The same report as Markdown.</p><details><summary>Show</summary><pre id="text" tabindex="0">${wholeLines(markdown)}</pre></details>`,
  )
}

/** The report itself, so that the page is its own source; of one that is too long an excerpt. */
function* jsonBlock(stream: ReportStream): Iterable<string> {
  const whole = boundedJson(stream)
  const excerpt =
    whole === null ? excerptOf(stream, MOST_JSON, (json) => inScript(json).length) : null
  if (whole === null && excerpt === null) {
    yield card(
      'json',
      'Report as JSON',
      html`<p>Left out: even without its connections it is longer than ${MOST_JSON / 1024} KiB. --out report.json writes it.</p>`,
    )
    return
  }
  const { connections } = stream.head.summary
  const holds =
    excerpt === null
      ? html`the whole report`
      : html`<strong>an excerpt</strong> of the report (${excerpt.connections.length} of ${connections} connections, all counts)`
  const more = excerpt === null ? null : html` --out report.json writes all of it.`
  yield card(
    'json',
    'Report as JSON',
    html`<p>This page carries ${holds} in its element <code>script#report</code>: <code>rstscope render</code> makes any other format of it.${more}</p>`,
  )
  yield REPORT_OPEN
  yield* whole ?? [...writeJson(streamOf(excerpt!))].map(inScript)
  yield '</script>\n'
}

/** The JSON as it stands in the page; null where it is too long. */
function boundedJson(stream: ReportStream): string[] | null {
  const pieces: string[] = []
  let length = 0
  for (const piece of writeJson(stream)) {
    const text = inScript(piece)
    length += text.length
    if (length > MOST_JSON) return null
    pieces.push(text)
  }
  return pieces
}

/** In a script element only `<` could end it, or begin a comment; separators are escaped in all JSON. */
function inScript(json: string): string {
  return json.replaceAll('<', '\\u003c')
}
