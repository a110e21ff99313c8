import type { Connection, Finding, ReportStream } from '../../model/report.ts'
import { lineText, shortName, summaryText, tellingLines } from '../access-log-lines.ts'
import { legsOf, nextTap, pointsOf, seenText } from '../path-strip.ts'
import { evidenceList, type PageContext, timeHtml } from './evidence.ts'
import { commandHtml } from './first-screen.ts'
import { html, list, type Markup, NOTHING } from './markup.ts'

const MOST_FINDINGS = 40
const MOST_LOG_LINES = 20

/** Where on the path the connection was seen, and where to capture next; nothing where two points are the path. */
export function pathHtml(
  head: ReportStream['head'],
  leading: Connection | null,
  other: Connection | null,
): Markup {
  const points = leading ? pointsOf(head, leading, other) : null
  if (leading === null || points === null) return NOTHING
  const legs = legsOf(points, leading, other)
  const steps = points.map(({ name, captures }, i) => {
    const over = legs.find(({ from, to }) => from < i && i <= to)
    const line =
      i === 0
        ? null
        : html`<span class="leg">${over ? `connection ${over.connection.id}` : 'not captured'}</span>`
    return html`<li>${line}<span class="point">${name}<small>${captures.length === 0 ? 'no capture' : captures.join(', ')}</small></span></li>`
  })
  const own = legs.filter(({ connection }) => connection === leading)
  const next = [...own, ...legs].flatMap((leg) => nextTap(leg, points, head))[0]
  return html`<section class="card"><h2 id="path">Path</h2><ol class="path">${steps}</ol>${list(
    legs.map((leg) => seenText(leg, points)),
    8,
  )}${next === undefined ? null : html`<p><strong>Next point to capture:</strong> ${next}</p>`}</section>`
}

export function findingsHtml(findings: readonly Finding[], context: PageContext): Markup {
  if (findings.length === 0) return html`<p>No findings.</p>`
  const left = findings.length - MOST_FINDINGS
  const more =
    left > 0 ? html`<p>${left} more findings are not shown; the JSON report has them.</p>` : null
  return html`${findings.slice(0, MOST_FINDINGS).map((finding) => findingHtml(finding, context))}${more}`
}

function findingHtml(finding: Finding, context: PageContext): Markup {
  const { severity, code, title, why, next, evidence, against } = finding
  const count = finding.count ?? finding.connections.length
  const ids = finding.connections.slice(0, 20)
  const named = `${ids.join(', ')}${count > ids.length ? ` and ${count - ids.length} more` : ''}`
  return html`<article class="finding ${severity}"><h3><span class="severity">${severity}</span> <code>${code}</code> ${title}</h3>
<dl><dt>Why</dt><dd>${why}</dd>
<dt>For</dt><dd>${evidence.length === 0 ? 'no single packet' : evidenceList(evidence, context)}</dd>
<dt>Against</dt><dd>${against.length === 0 ? 'nothing found' : evidenceList(against, context)}</dd>
${next.length === 0 ? null : html`<dt>Next</dt><dd>${list(next.map(commandHtml), 8, 'ol')}</dd>`}
${ids.length === 0 ? null : html`<dt>Connections</dt><dd>${named}</dd>`}</dl></article>`
}

/** What the access logs say of the connection, and what was read of them; nothing without logs. */
export function logsHtml(connection: Connection | null, context: PageContext): Markup {
  const logs = context.head.accessLogs
  if (logs === undefined) return NOTHING
  const shown = tellingLines(connection?.accessLog ?? [], MOST_LOG_LINES)
  const left = (connection?.accessLog.length ?? 0) - shown.length
  const lines = shown.map((line) => {
    const at = line.at === null ? null : html` ${timeHtml(line.at, null, context)}`
    return html`<span class="frame">${shortName(line.source)}:${line.line}</span>${at} ${lineText(line)}`
  })
  const warnings = logs.flatMap(({ source, warnings: found }) =>
    found.map(
      ({ code, message, line }) =>
        `${source}: ${code}: ${message}${line === null ? '' : ` (first: line ${line})`}`,
    ),
  )
  return html`<section class="card"><h2 id="logs">Access logs</h2>
${connection === null || lines.length === 0 ? html`<p class="muted">No line belongs to the connection that the answer is about.</p>` : html`<h3>Lines of connection ${connection.id}</h3>${list(lines, MOST_LOG_LINES)}`}
${left > 0 ? html`<p>${left} more lines of this connection are in the JSON report.</p>` : null}
<h3>What was read</h3>${list([...logs.map(summaryText), ...warnings], 30)}</section>`
}

/** What was read of Kubernetes lists; nothing without them. */
export function kubernetesHtml(context: PageContext): Markup {
  const { kubernetes } = context.head
  if (kubernetes === undefined) return NOTHING
  const { objects, events, warnings } = kubernetes
  const kinds = Object.entries(objects).map(([kind, count]) => `${kind}: ${count}`)
  const span =
    events.oldestAt === null || events.newestAt === null
      ? null
      : html`, from ${timeHtml(events.oldestAt, null, context)} to ${timeHtml(events.newestAt, null, context)}`
  const cover = events.coverCaptures
    ? 'They cover the captures.'
    : 'They do not cover the whole of the captures.'
  const said = warnings.map(
    ({ code, message, count }) => `${code}: ${message}${count > 1 ? ` (${count} times)` : ''}`,
  )
  return html`<section class="card"><h2 id="kubernetes">Kubernetes</h2>${kinds.length === 0 ? html`<p>No objects were read.</p>` : list(kinds, 40)}<p>${events.count} events${span}. ${cover}</p>${said.length === 0 ? null : list(said, 20)}</section>`
}

export function capturesHtml(context: PageContext): Markup {
  const rows = context.head.captures.map((capture) => {
    const files = capture.paths.map((path, i) => {
      const hash = capture.sha256[i]
      return html`<br>${path}${hash === undefined ? null : html`<br><code class="hash">sha256 ${hash}</code>`}`
    })
    const span = [capture.firstPacketAt, capture.lastPacketAt].map((at) =>
      at === null ? html`?` : timeHtml(at, capture.id, context),
    )
    const drops = capture.dropsKnown ? String(capture.droppedByCapture) : 'not told by this format'
    const tap = capture.tap
      ? `in the ${capture.tap.inHost} host (${capture.tap.told ? 'told' : capture.tap.basis})`
      : 'not known'
    const warnings = capture.warnings.map(
      ({ code, message, offset }) =>
        `${code}: ${message}${offset === null ? '' : ` (at byte ${offset})`}`,
    )
    const packed = capture.compression === null ? '' : `, ${capture.compression}`
    return html`<h3>${capture.id}</h3><dl><dt>Files</dt><dd>${capture.paths.length === 1 ? 'one file' : `${capture.paths.length} files, read as one`}: ${capture.format}${packed}, ${capture.linkTypes.join(', ')}${files.slice(0, 50)}${files.length > 50 ? html`<br>${files.length - 50} more files` : null}</dd>
<dt>Time</dt><dd>${span[0]!} to ${span[1]!}</dd>
<dt>Packets</dt><dd>${capture.packets}, ${capture.tcpPackets} of them TCP, ${capture.skippedPackets} skipped; dropped by the capture: ${drops}; segments that must have passed unseen: ${capture.unseenSegments}</dd>
<dt>Snap length</dt><dd>${capture.snapLength ?? 'not told'}${capture.filter === null ? null : html`; filter <code>${capture.filter}</code>`}</dd>
<dt>Taken</dt><dd>${tap}</dd>${warnings.length === 0 ? null : html`<dt>Warnings</dt><dd>${list(warnings, 20)}</dd>`}</dl>`
  })
  return html`${rows}`
}

export function limitsHtml({ limits }: ReportStream['head']): Markup {
  if (limits.length === 0)
    return html`<p>Nothing that these captures could have held is known to be missing.</p>`
  return list(
    limits.map(({ code, message }) => html`${message} <code class="muted">${code}</code>`),
    60,
  )
}

/** How the answer came about: which facts of the report it stands on, and what would change it. */
export function decidedHtml(context: PageContext, leading: Connection | null): Markup {
  const { head } = context
  const { verdict } = head
  const reset = leading?.firstReset
  const roles = leading ? [html`Which end is the client: told by ${leading.roleReason}.`] : []
  const match = leading?.match
    ? [html`Its views in the captures are one connection by ${leading.match.method}.`]
    : []
  const facts = reset
    ? [
        html`The first reset is ${reset.anatomy} (how the kernel that sent it came to it) and its acceptance ${reset.acceptance}.`,
        html`Sent by: ${reset.by}, ${reset.confidence}. Caused by: ${reset.causedBy}, ${reset.causedByConfidence}.`,
        ...(reset.trigger
          ? [
              html`It answers ${reset.trigger.capture} #${reset.trigger.frame ?? '?'}: ${reset.trigger.text}`,
            ]
          : []),
      ]
    : []
  const settles = verdict.settles.map((text) => html`Would settle it: ${text}`)
  return html`${list([...roles, ...match, ...facts, ...settles], 20)}
<p>Who and why carry a confidence each: <em>certain</em> where packets at both ends show it, <em>probable</em> where a sign of it was seen, <em>unclear</em> otherwise. Made by rstscope ${head.tool.version}; the same captures give the same page.</p>`
}
