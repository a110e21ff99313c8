import type { Connection, ReportStream } from '../../model/report.ts'
import { clockText, matchText, rewriteTexts } from '../answer-lines.ts'
import { captureEnds, MOST_NAMED } from '../capture-ends.ts'
import { plural } from '../ending-table.ts'
import { endingWords, endpointText } from '../endings.ts'
import { workloadTexts } from '../kubernetes-lines.ts'
import { alsoTexts, isCommand, type Reasons, reasonsOf } from '../reasons.ts'
import { confidenceBadge, evidenceList, type PageContext, timeHtml } from './evidence.ts'
import { ladderSvg } from './ladder-svg.ts'
import { lifeStrip } from './life-strip.ts'
import { html, list, type Markup, NOTHING } from './markup.ts'

/** `RST 14:02:11Z upstream 10.8.1.15:8443 — rstscope`. */
export function pageTitle({ verdict }: ReportStream['head'], leading: Connection | null): string {
  const reset = leading?.firstReset
  const what = reset
    ? `RST ${reset.at.slice(11, 19)}Z ${verdict.by ?? reset.by} ${endpointText(leading.upstream)}`
    : (splitHeadline(verdict.headline)[0] as string)
  return `${what} — rstscope`
}

/** The sentence up to its first colon, and the rest of it. */
function splitHeadline(headline: string): [subject: string, rest: string] {
  const at = headline.indexOf(': ')
  return at > 0 && at <= 70 ? [headline.slice(0, at), headline.slice(at + 2)] : [headline, '']
}

/** The answer: who reset first and why, each with its own confidence. */
export function verdictHtml({ head }: PageContext): Markup {
  const { verdict, findings } = head
  const isShared = !head.limits.some(({ code }) => code === 'no-shared-connection')
  const [subject, rest] = splitHeadline(verdict.headline.trim())
  const isCalm = isShared && findings.every(({ severity }) => severity === 'info')
  const tone = verdict.by === null ? (isCalm ? 'calm' : 'open') : 'alarm'
  return html`<header class="verdict ${tone}">
<h1>${subject} ${isShared ? confidenceBadge(verdict.confidence) : null}<button type="button" id="copy" hidden>Copy for a ticket</button></h1>
${rest === '' ? null : html`<p class="rest">${rest}</p>`}
${secondLine(head)}
</header>`
}

function secondLine({ verdict }: ReportStream['head']): Markup {
  const { cause, settles, by } = verdict
  if (cause) {
    const text = cause.headline.replace(/^Cause: /, '')
    return html`<p class="cause"><strong>Cause:</strong> ${text} ${confidenceBadge(cause.confidence)}</p>`
  }
  if (settles[0] !== undefined)
    return html`<p class="cause"><strong>To settle it:</strong> ${settles[0]}</p>`
  return by === null ? NOTHING : html`<p class="cause">Cause: these packets do not name one.</p>`
}

/** What the answer rests on, what speaks against it, how far the clocks are known, and what to do next. */
export function reasonsHtml(context: PageContext, leading: Connection | null): Markup {
  const { head } = context
  const reasons = reasonsOf(head, leading)
  const because = [...reasons.because, ...reasons.cause]
  const against = [...reasons.against, ...reasons.but]
  const ignored = html`${evidenceList(reasons.ignored, context)}${reasons.moreIgnored}`
  return html`<div class="reasons">
${because.length > 0 || reasons.ignored.length === 0 ? section('Because', because.length === 0 ? html`<p class="muted">The report names no single packet.</p>` : evidenceList(because, context)) : null}
${reasons.ignored.length === 0 ? null : section('Resets that changed nothing', ignored)}
${section('Against', against.length === 0 ? html`<p class="muted">Nothing found.</p>` : evidenceList(against, context))}
${reasons.lists.length > 0 ? section('Lists and logs say', list(reasons.lists, 8)) : null}
${head.command === 'compare' ? section('Clock', html`<p>${clockText(head.clock, head.limits)}</p>`) : null}
${section('Next', nextSteps(reasons, leading))}
</div>`
}

function section(title: string, content: Markup): Markup {
  return html`<section><h2>${title}</h2>${content}</section>`
}

function nextSteps({ next, settles }: Reasons, leading: Connection | null): Markup {
  const steps = [...settles, ...next]
  if (steps.length === 0) {
    return html`<p class="muted">${leading === null ? 'Nothing to do.' : 'The report names no next step.'}</p>`
  }
  return list(steps.map(commandHtml), 8, 'ol')
}

/** A command to type looks like one. */
export function commandHtml(step: string): Markup {
  return isCommand(step) ? html`<code>${step}</code>` : html`${step}`
}

/** The ladder of the connection that the answer is about, or what there is instead. */
export function pictureHtml(
  context: PageContext,
  leading: Connection | null,
  stream: ReportStream,
): Markup {
  const { head } = context
  if (head.limits.some(({ code }) => code === 'no-shared-connection'))
    return unsharedHtml(context, stream)
  if (leading === null) return calmHtml(head)
  const ladder = ladderSvg(head, leading)
  const also = alsoTexts(head, leading)
  return html`<div class="picture">
<h2>Connection ${leading.id}: ${endingWords(leading)}</h2>
<p class="match">${matchText(leading, head.captures)}${rewriteTexts(leading).map((text) => html`; rewritten: ${text}`)}${workloadTexts(leading).map((text) => html`<br>${text}`)}</p>
${ladder === NOTHING ? lifeOnly(head, leading) : html`<div class="scroll" role="region" aria-label="Ladder of connection ${leading.id}" tabindex="0">${ladder}</div>${legend(head)}`}
${also.length === 0 ? null : html`<p class="muted"><a href="#connections">${also.join('; ')}</a>.</p>`}
</div>`
}

/** One capture is told by the life of the connection: a ladder takes two. */
function lifeOnly(head: ReportStream['head'], leading: Connection): Markup {
  const strip = lifeStrip(head, leading)
  const said = html`<p class="muted">The report holds none of its single segments${head.captures.length < 2 ? ': the ladder takes a capture at the other side, too' : ''}. <a href="#c-${leading.id}">Its life in numbers</a>.</p>`
  if (strip === NOTHING) return said
  return html`<div class="scroll" role="region" aria-label="Life of connection ${leading.id}" tabindex="0">${strip}</div>${said}`
}

function legend(head: ReportStream['head']): Markup {
  const one = head.captures.length < 2
  const sample = (drawing: Markup, text: string) =>
    html`<li><svg width="34" height="12" aria-hidden="true" fill="currentColor">${drawing}</svg> ${text}</li>`
  return html`<ul class="legend">
${sample(html`<g class="arrow first"><line class="stroke" x1="0" y1="6" x2="34" y2="6" stroke="#b3261e" stroke-width="7"/><line class="core" x1="0" y1="6" x2="34" y2="6" stroke="#ffffff" stroke-width="2.6"/></g>`, 'first reset')}
${one ? null : sample(html`<g class="band" fill="#c9ced6"><rect x="10" y="0" width="14" height="12" rx="3"/></g>`, 'clock uncertainty')}
${sample(html`<line x1="0" y1="6" x2="24" y2="6" stroke="currentColor"/><path d="M20 2l8 8m0-8l-8 8" stroke="currentColor" stroke-width="2"/>`, 'not seen at the other point')}
<li>${one ? 'One capture shows one point: how long a segment travelled is not known.' : 'Time runs down, not to scale; slope: time on the way.'}</li>
</ul>`
}

function calmHtml({ summary, command }: ReportStream['head']): Markup {
  const matched = command === 'compare' ? `, ${summary.matched} of them seen in both captures` : ''
  const endings = Object.entries(summary.byTermination).filter(([, count]) => count > 0)
  return html`<div class="picture"><h2>How the connections ended</h2>
<p>${summary.connections} ${plural(summary.connections, 'connection')}${matched}, ${summary.benign} with an ordinary end.</p>
${
  endings.length === 0
    ? null
    : list(
        endings.map(([name, count]) => `${name}: ${count}`),
        12,
      )
}
<p><a href="#connections">All of them, by how they ended</a></p></div>`
}

function unsharedHtml(context: PageContext, stream: ReportStream): Markup {
  const rows = context.head.captures.map((capture) => {
    const { clients, upstreams } = captureEnds(stream, capture.id)
    const span = [capture.firstPacketAt, capture.lastPacketAt].map((at) =>
      at === null ? html`?` : timeHtml(at, capture.id, context),
    )
    return html`<tr><th scope="row">${capture.id}</th><td>${several(clients)} → ${several(upstreams)}</td><td>${span[0]!} to ${span[1]!}</td></tr>`
  })
  return html`<div class="picture"><h2>What each capture holds</h2><div class="scroll" role="region" aria-label="What each capture holds" tabindex="0"><table><thead><tr><th scope="col">Capture</th><th scope="col">Who talks to whom</th><th scope="col">When</th></tr></thead><tbody>${rows}</tbody></table></div></div>`
}

function several(names: Set<string>): string {
  const all = [...names]
  if (all.length === 0) return '(no TCP connection)'
  return all.length <= MOST_NAMED ? all.join(', ') : `${all[0]} and others`
}
