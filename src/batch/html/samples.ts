import { html, type Markup, NOTHING } from '../../reports/html/markup.ts'
import type { SampleRow } from '../sample-row.ts'
import { SEVERITY_RANK } from '../summary/places.ts'
import { plural, sinceText } from '../summary/summary-words.ts'
import { short, table, within } from './bounded.ts'
import { type Links, reportLink, sampleName } from './report-link.ts'

/** What the page keeps of a sample. */
export interface SampleLine {
  id: string
  state: string
  group: number
  worst: string
  resets: number
  connections: number
  packets: number
  firstPacketAt: string | null
}

const GROUPS = [
  'Failed',
  'With errors',
  'With warnings',
  'Read in part, nothing bad found',
  'Nothing bad found',
]

const COLUMNS: [title: string, numeric: boolean][] = [
  ['Sample', false],
  ['State', false],
  ['Worst finding', false],
  ['Resets', true],
  ['Connections', true],
  ['Packets', true],
  ['From', false],
]

/** Bytes of the rows of all samples: with the rest of the page they stay below 2 MB. */
const MOST_BYTES = 1_000_000

/** One pass over the rows: a line for each, and where its report is. */
export function readSamples(
  rows: Iterable<SampleRow>,
  results: string,
): {
  lines: SampleLine[]
  links: Links
} {
  const links = new Map<string, string>()
  const lines: SampleLine[] = []
  for (const row of rows) {
    const link = reportLink(row, results)
    if (link !== null) links.set(row.sample, link)
    const { connections = 0, byFirstReset } = row.summary ?? {}
    const resets = Object.values(byFirstReset ?? {}).reduce((sum, count) => sum + count, 0)
    lines.push({
      id: row.sample,
      state: stateOf(row),
      group: groupOf(row),
      worst: worstOf(row),
      resets,
      connections,
      packets: row.packets,
      firstPacketAt: row.firstPacketAt,
    })
  }
  const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  lines.sort((a, b) => a.group - b.group || b.resets - a.resets || byName(a.id, b.id))
  return { lines, links }
}

function stateOf({ status, warnings }: SampleRow): string {
  if (status === 'failed') return 'failed'
  return status === 'done' ? 'read' : `in part: ${warnings.join(', ') || 'damaged'}`
}

function groupOf({ status, level }: SampleRow): number {
  if (status === 'failed') return 0
  if (level === 'error') return 1
  if (level === 'warning') return 2
  return status === 'partly' ? 3 : 4
}

function worstOf({ findings }: SampleRow): string {
  const [worst] = [...findings].sort(
    (a, b) => SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity] || b.count - a.count,
  )
  if (worst === undefined) return '–'
  return `${worst.code} ${worst.service ?? worst.upstream ?? ''}`.trim()
}

/** Every sample with the way to its report: those that failed and the worst first. */
export function samplesHtml(lines: readonly SampleLine[], links: Links): Markup {
  if (lines.length === 0) return html`<p>No samples.</p>`
  const { shown, left } = within(rowsOf(lines, links), MOST_BYTES)
  const bodies = GROUPS.map((title, group) => {
    const rows = shown.filter((_, i) => lines[i]!.group === group)
    const all = lines.filter((line) => line.group === group).length
    if (rows.length === 0) return NOTHING
    const cut = rows.length < all ? `, the first ${rows.length} listed` : ''
    return html`<tbody><tr class="group"><th colspan="${COLUMNS.length}" scope="rowgroup">${title} — ${all}${cut}</th></tr>
${rows}</tbody>`
  })
  const cut =
    left === 0
      ? html`<p>All ${lines.length} ${plural(lines.length, 'sample')}.</p>`
      : html`<p><strong>${shown.length} of ${lines.length} samples are listed</strong>, the worst first; <code>index.ndjson</code> has every one.</p>`
  return html`${cut}
<form class="tools" id="tools" hidden><label>Filter <input type="search" id="filter" autocomplete="off"></label> <label>Group by <select id="group"><option value="">what was found</option><option value="2">worst finding</option><option value="1">state</option><option value="none">nothing</option></select></label> <output id="shown"></output></form>
${table('Samples', COLUMNS, html`${bodies}`, 'rows')}`
}

function* rowsOf(lines: readonly SampleLine[], links: Links): Iterable<Markup> {
  for (const { id, state, worst, resets, connections, packets, firstPacketAt } of lines) {
    const from = firstPacketAt === null ? '–' : sinceText(firstPacketAt, null)
    yield html`<tr><td>${sampleName(id, links)}</td><td>${short(state)}</td><td>${short(worst)}</td><td class="n">${resets}</td><td class="n">${connections}</td><td class="n">${packets}</td><td>${from}</td></tr>
`
  }
}
