import type { Connection } from '../../model/report.ts'
import { plural } from '../ending-table.ts'
import { namedText } from '../endings.ts'
import { formatSeconds } from '../time-format.ts'
import { type PageContext, timeHtml } from './evidence.ts'
import { html, type Markup } from './markup.ts'
import type { ListedGroup, Survey } from './survey.ts'

const COLUMNS = [
  'ID',
  'Client',
  'Upstream',
  'How it ended',
  'Who reset',
  'Cause',
  'Started',
  'Lasted',
]

/** Every kind of ending with its count, and the first connections of each. */
export function connectionsHtml(
  survey: Survey,
  incidents: ReadonlySet<number>,
  context: PageContext,
): Markup {
  const listed = survey.groups.reduce((sum, group) => sum + group.listed.length, 0)
  const all = survey.connections
  const caps =
    listed === all
      ? html`<p>All ${all} ${plural(all, 'connection')}.</p>`
      : html`<p><strong>${listed} of ${all} connections are listed</strong>; the groups count all of them. The JSON report lists every one.</p>`
  const { kinds, count } = survey.otherKinds
  const others =
    count === 0
      ? null
      : html`<p>${count} connections of ${kinds} further kinds of ending are counted here only.</p>`
  if (all === 0) return html`<p>No connections.</p>`
  return html`${groupTable(survey.groups)}${others}
<h3>One by one</h3>${caps}
<form class="tools" id="tools" hidden><label>Filter <input type="search" id="filter" autocomplete="off"></label> <label>Group by <select id="group"><option value="">how it ended</option><option value="4">who reset</option><option value="5">cause</option><option value="2">upstream</option><option value="none">nothing</option></select></label> <output id="shown"></output></form>
<div class="scroll" role="region" aria-label="Connections" tabindex="0"><table id="rows"><caption>Connections by how they ended</caption><thead><tr>${COLUMNS.map((name, i) => html`<th scope="col"${i === 0 || i === 7 ? html` class="n"` : null}>${name}</th>`)}</tr></thead>
${survey.groups.map((group) => groupRows(group, incidents, context))}
</table></div>`
}

function groupTable(groups: readonly ListedGroup[]): Markup {
  const rows = groups.map(
    ({ how, who, cause, benign, count }) =>
      html`<tr><td>${how}${benign ? html` <span class="muted">(ordinary)</span>` : null}</td><td>${who || '–'}</td><td>${cause || '–'}</td><td class="n">${count}</td></tr>`,
  )
  return html`<div class="scroll" role="region" aria-label="Connections counted by how they ended" tabindex="0"><table><caption>Counts of all connections</caption><thead><tr><th scope="col">How it ended</th><th scope="col">Who reset</th><th scope="col">Cause</th><th scope="col" class="n">Count</th></tr></thead><tbody>${rows}</tbody></table></div>`
}

function groupRows(
  group: ListedGroup,
  incidents: ReadonlySet<number>,
  context: PageContext,
): Markup {
  const { how, who, cause, count, listed } = group
  const title = [how, who && `reset by ${who}`, cause].filter(Boolean).join(', ')
  const shown = listed.length < count ? `, the first ${listed.length} listed` : ''
  return html`<tbody><tr class="group"><th colspan="${COLUMNS.length}" scope="rowgroup">${title} — ${count}${shown}</th></tr>
${listed.map((connection) => row(connection, group, incidents, context))}</tbody>`
}

/** `data-v`: what a column is sorted by, where that is not its text. */
function row(
  connection: Connection,
  { how, who, cause }: ListedGroup,
  incidents: ReadonlySet<number>,
  context: PageContext,
): Markup {
  const { id, client, upstream, startedAt, durationSeconds } = connection
  const name = incidents.has(id) ? html`<a href="#c-${id}">${id}</a>` : html`${id}`
  return html`<tr><td class="n">${name}</td><td>${namedText(client)}</td><td>${namedText(upstream)}</td><td>${how}</td><td>${who || '–'}</td><td>${cause || '–'}</td><td>${timeHtml(startedAt, null, context)}</td><td class="n" data-v="${durationSeconds}">${formatSeconds(durationSeconds)}</td></tr>
`
}
