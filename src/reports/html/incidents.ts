import type { Connection, Fate, ReportStream } from '../../model/report.ts'
import { endingRows, endingWords, namedText } from '../endings.ts'
import { segmentLabel, tapsOf } from '../ladder.ts'
import { formatSeconds } from '../time-format.ts'
import { confidenceBadge, evidenceList, type PageContext, timeHtml } from './evidence.ts'
import { commandHtml } from './first-screen.ts'
import { ladderSvg, segmentId } from './ladder-svg.ts'
import { lifeStrip } from './life-strip.ts'
import { html, list, type Markup, NOTHING } from './markup.ts'

/** Connections with a timeline of their own. */
export const MOST_INCIDENTS = 12
const MOST_SEGMENTS = 120

/** The connection that the answer is about, the first one of each other bad ending, then more of the leading group. */
export function incidentsOf(stream: ReportStream): Connection[] {
  const { connections } = stream.head.verdict
  const firsts = endingRows(stream.endings(), 0)
    .filter(({ benign, rank }) => !benign && rank < 2)
    .map(({ first }) => first)
  const ids = new Set([...connections.slice(0, 1), ...firsts, ...connections])
  return [...ids].slice(0, MOST_INCIDENTS).flatMap((id) => stream.at(id) ?? [])
}

/** What happened on each of these connections, as far as the report holds it. */
export function incidentsHtml(
  incidents: readonly Connection[],
  drawn: Connection | null,
  context: PageContext,
): Markup {
  const parts = incidents.map((connection) =>
    incidentHtml(connection, connection.id === drawn?.id, context),
  )
  return html`<p class="muted">The one that the answer is about first, then the first of each other kind that ended badly, at most ${MOST_INCIDENTS}. For any other one: rstscope … --connection ID.</p>${parts}`
}

function incidentHtml(connection: Connection, isDrawn: boolean, context: PageContext): Markup {
  const { head } = context
  const { id, firstReset, causes } = connection
  const who = firstReset
    ? html` — first reset: ${firstReset.by} ${confidenceBadge(firstReset.confidence)}`
    : null
  // On the first screen already, where there is no ladder for it.
  const strip = isDrawn && connection.fates.length === 0 ? NOTHING : lifeStrip(head, connection)
  const ladder = isDrawn
    ? html`<p><a href="#top">Its ladder is on the first screen.</a></p>`
    : html`<div class="scroll" role="region" aria-label="Ladder of connection ${id}" tabindex="0">${ladderSvg(head, connection)}</div>`
  return html`<details class="incident" id="c-${id}"${isDrawn ? html` open` : null}>
<summary><h3>Connection ${id}: ${endingWords(connection)}</h3><span class="ends">${namedText(connection.client)} → ${namedText(connection.upstream)}${who}</span></summary>
${strip === NOTHING ? null : html`<div class="scroll" role="region" aria-label="Life of connection ${id}" tabindex="0">${strip}</div>`}
${lifeHtml(connection, context)}
${causes.slice(0, 4).map((cause) => causeHtml(cause, context))}
${connection.ignoredResets.length === 0 ? null : html`<h4>Resets that changed nothing</h4>${evidenceList(connection.ignoredResets, context)}`}
${connection.fates.length === 0 ? html`<p class="muted">The report holds none of its segments.</p>` : html`${ladder}${segmentTable(connection, context)}`}
</details>`
}

function causeHtml(cause: Connection['causes'][number], context: PageContext): Markup {
  return html`<h4>${cause.id} ${confidenceBadge(cause.confidence)}</h4><p>${cause.why}</p>
${cause.against.length === 0 ? null : html`<p>Against:</p>${evidenceList(cause.against, context)}`}${cause.next.length === 0 ? null : list(cause.next.map(commandHtml), 8, 'ol')}`
}

/** Its whole life in numbers: what the segments below are the end of. */
function lifeHtml(connection: Connection, context: PageContext): Markup {
  const { head } = context
  const { firstReset, durationSeconds } = connection
  const views = head.captures.map(({ id }) => {
    const view = connection.views[id]
    if (!view) return html`<tr><th scope="row">${id}</th><td colspan="5">not seen</td></tr>`
    const gaps = view.unseenSegments > 0 ? `, ${view.unseenSegments} segments unseen` : ''
    const began = view.midstream ? ', no SYN in view' : ''
    return html`<tr><th scope="row">${id}</th><td>${view.firstFrame} to ${view.lastFrame}</td><td class="n">${view.packets}</td><td class="n">${view.bytes.fromClient}</td><td class="n">${view.bytes.fromUpstream}</td><td><code>${view.history}</code>${gaps}${began}</td></tr>`
  })
  const idle = firstReset?.idleSeconds ?? null
  const facts = [
    html`started ${timeHtml(connection.startedAt, null, context)}`,
    html`lasted ${formatSeconds(durationSeconds)}`,
    idle === null ? null : html`silent for ${formatSeconds(idle)} before it ended`,
    firstReset?.where ? html`${firstReset.where.text}` : null,
    connection.protocol === 'none'
      ? null
      : html`${connection.protocol}${connection.tls?.sni ? html`, name asked for: ${connection.tls.sni}` : null}`,
  ].filter((fact) => fact !== null)
  const held = connection.fates.length
  return html`<p>${facts.map((fact, i) => html`${i === 0 ? '' : '; '}${fact}`)}.</p>
<div class="scroll" role="region" aria-label="What each capture saw of connection ${connection.id}" tabindex="0"><table><thead><tr><th scope="col">Capture</th><th scope="col">Frames</th><th scope="col" class="n">Packets</th><th scope="col" class="n">Bytes from client</th><th scope="col" class="n">Bytes from upstream</th><th scope="col">History (Zeek’s letters)</th></tr></thead><tbody>${views}</tbody></table></div>
<p class="muted">A report holds ${held} segments of this connection, those near its end. The others, windows, TTLs and payload are in the captures only.</p>`
}

function segmentTable(connection: Connection, context: PageContext): Markup {
  const taps = tapsOf(context.head.captures, connection)
  const from = Math.max(0, connection.fates.length - MOST_SEGMENTS)
  const base = firstNumbers(connection.fates)
  const rows = connection.fates.slice(from).map((fate, i) => {
    const { segment, frames, at } = fate
    const places = taps.map(({ id }) => {
      const time = at[id] ?? null
      const frame = frames[id] ?? null
      return frame === null
        ? html`<td>not seen</td>`
        : html`<td><span class="frame">#${frame}</span> ${time === null ? null : timeHtml(time, id, context)}</td>`
    })
    const first = fate.firstReset ? html`<strong>first reset</strong> ` : null
    const note = fate.note === 'first reset' ? '' : (fate.note ?? '')
    return html`<tr id="${segmentId(connection, from + i)}"${fate.firstReset ? html` class="first"` : null}><td>${segment.from}</td><td>${segmentLabel(segment)}</td>${places}<td class="n">${relative(segment.seq, base[segment.from])}</td><td class="n">${segment.ack === null ? '–' : relative(segment.ack, base[segment.from === 'client' ? 'upstream' : 'client'])}</td><td>${fate.fate}</td><td>${first}${note}</td></tr>`
  })
  const cut =
    from > 0
      ? html`<p class="muted">The last ${MOST_SEGMENTS} of ${connection.fates.length} segments; all are in the JSON report.</p>`
      : null
  return html`${cut}<div class="scroll" role="region" aria-label="Segments of connection ${connection.id}" tabindex="0"><table><caption>Segments, oldest first; sequence numbers from the first one listed of each side, times in each capture’s own clock</caption><thead><tr><th scope="col">From</th><th scope="col">Segment</th>${taps.map(({ id }) => html`<th scope="col">${id}</th>`)}<th scope="col" class="n">Seq</th><th scope="col" class="n">Ack</th><th scope="col">Fate</th><th scope="col">Note</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

/** Sequence number of the first segment of each side that is listed; else what the other side acknowledges first. */
function firstNumbers(fates: readonly Fate[]): Record<'client' | 'upstream', number> {
  const of = (side: 'client' | 'upstream') =>
    fates.find(({ segment }) => segment.from === side)?.segment.seq ??
    fates.find(({ segment }) => segment.ack !== null)?.segment.ack ??
    0
  return { client: of('client'), upstream: of('upstream') }
}

/** Sequence numbers wrap: a signed distance modulo 2³². */
function relative(number: number, base: number): number {
  return (number - base) | 0
}
