import type { Connection, ReportStream } from '../model/report.ts'
import { type EndingGroup, endpointText, exampleText, namedText } from './endings.ts'
import { hanging, type Layout } from './fact-lines.ts'
import { type Column, plainTable, tableFits } from './plain-table.ts'
import { wrap } from './text-width.ts'

/** Rows in the table of endings unless all are asked for. */
const MOST_ROWS = 12

const RESET_WORDS: Record<string, string> = {
  client: 'reset by the client',
  upstream: 'reset by the upstream',
  between: 'reset by a device between',
  undetermined: 'who reset is undetermined',
}

const COLUMNS: Column[] = [
  { title: 'HOW IT ENDED', align: 'left', least: 17 },
  { title: 'WHO RESET', align: 'left' },
  { title: 'CAUSE', align: 'left' },
  { title: 'PEER', align: 'left' },
  { title: 'COUNT', align: 'right' },
  { title: 'EXAMPLE', align: 'left' },
]

/** What the table says of all connections. */
export interface CountedHead {
  command: ReportStream['head']['command']
  summary: Pick<ReportStream['head']['summary'], 'connections' | 'matched' | 'benign'>
}

/** How the connections ended: a table of the groups, and how many there are in all. */
export function endingLines(
  head: CountedHead,
  groups: EndingGroup[],
  connectionAt: (id: number) => Connection | null,
  layout: Layout,
  all: boolean,
  exampleOf: (connection: Connection) => string = exampleText,
): string[] {
  const { summary, command } = head
  const shown = groups.filter((group) => all || !group.benign)
  const rows = (all ? shown : shown.slice(0, MOST_ROWS)).map((group) => {
    const first = connectionAt(group.first)
    if (first === null) return { ...group, example: String(group.first) }
    return { ...group, peer: peerText(group, first), example: exampleOf(first) }
  })
  const lines = rows.length > 0 ? endingTable(rows, layout) : []
  const notes = [`${summary.connections} ${plural(summary.connections, 'connection')}`]
  if (command === 'compare') notes.push(`${summary.matched} seen in both captures`)
  if (summary.benign > 0) {
    notes.push(`${summary.benign} ended in an ordinary way${all ? '' : ' (listed with --all)'}`)
  }
  if (shown.length > rows.length) {
    notes.push(
      `${shown.length - rows.length} more ${plural(shown.length - rows.length, 'group')} (listed with --all)`,
    )
  }
  lines.push(...hanging('', `${notes.join(', ')}.`, layout))
  return lines
}

/** A peer of one address has the name that its first connection has. */
function peerText({ peer }: EndingGroup, { upstream }: Connection): string {
  return peer === endpointText(upstream) ? namedText(upstream) : peer
}

/** The noun for so many. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}

type Row = EndingGroup & { example: string }

function endingTable(groups: Row[], layout: Layout): string[] {
  const cells = groups.map((group) =>
    [
      group.how,
      group.who || '-',
      group.cause || '-',
      group.peer,
      String(group.count),
      group.example,
    ].map(layout.clean),
  )
  return tableFits(COLUMNS, cells, layout.width)
    ? plainTable(COLUMNS, cells, layout.width, layout.style)
    : endingList(groups, layout)
}

/** The same as sentences, for what is too wide for a table: nothing of an address or a cause is cut off. */
function endingList(groups: Row[], layout: Layout): string[] {
  const digits = Math.max(...groups.map(({ count }) => String(count).length))
  const indent = ' '.repeat(digits + 6)
  const lines = groups.flatMap((group) => {
    const parts = [group.how, RESET_WORDS[group.who], group.cause].filter(Boolean)
    const texts = [parts.join('; '), `${group.peer}, for example ${group.example}`]
    return texts
      .flatMap((text) => wrap(layout.clean(text), layout.width - indent.length))
      .map((line, i) =>
        i === 0 ? `  ${String(group.count).padStart(digits)} ×  ${line}` : `${indent}${line}`,
      )
  })
  return [layout.style.dim('  HOW THEY ENDED'), ...lines]
}
