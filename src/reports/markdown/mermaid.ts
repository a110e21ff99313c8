import type { Connection, ReportStream } from '../../model/report.ts'
import { FOLD_SECONDS, foldText, ladderRows, type Row, segmentLabel } from '../ladder.ts'
import { escapeText } from '../text-escape.ts'
import { formatMilliseconds } from '../time-format.ts'

/** GitLab and Gitea draw nothing longer than 5,000 characters. */
export const MOST_MERMAID_CHARACTERS = 4800
export const MOST_ARROWS = 40
/** Of one label; a note may hold a request line. */
const MOST_LABEL = 80

export interface Diagram {
  lines: string[]
  /** Segments of the ladder that are not drawn. */
  cut: number
}

/** The ladder as a mermaid sequence diagram; null without segments. The last segments are drawn: they tell how it ended. */
export function mermaidLadder(
  head: Pick<ReportStream['head'], 'captures' | 'clock'>,
  connection: Connection,
): Diagram | null {
  const rows = ladderRows(head, connection)
  if (rows.length === 0) return null
  const origin = rows.find((row) => row.time !== null)?.time ?? 0
  const opening = [
    'sequenceDiagram',
    `    participant C as ${label(`client ${connection.client.address}`)}`,
    `    participant U as ${label(`upstream ${connection.upstream.address}`)}`,
  ]
  let previous: number | null = null
  const arrows: string[][] = rows.map((row) => {
    const gap = previous === null || row.time === null ? 0 : row.time - previous
    previous = row.time ?? previous
    const fold =
      gap >= FOLD_SECONDS ? [`    Note over C,U: ${label(foldText(gap, connection))}`] : []
    return [...fold, arrow(row, origin)]
  })
  let kept = arrows.slice(-MOST_ARROWS)
  const drawn = () => [...opening, ...kept.flat()]
  while (kept.length > 1 && drawn().join('\n').length > MOST_MERMAID_CHARACTERS) {
    kept = kept.slice(1)
  }
  return { lines: drawn(), cut: rows.length - kept.length }
}

function arrow({ fate, time, frames, missing }: Row, origin: number): string {
  const [from, to] = fate.segment.from === 'client' ? ['C', 'U'] : ['U', 'C']
  const isStart = fate.fate === 'arrived-only' || missing === fate.segment.from
  // Solid: seen at both taps. Dotted: not seen to leave. Crossed: not seen to arrive.
  const line = missing === null ? '->>' : isStart ? '-->>' : '-x'
  const unseen = fate.fate === 'capture-loss' ? 'not captured' : 'not seen'
  const parts = [
    time === null ? '' : `${formatMilliseconds(time - origin)} ms`,
    segmentLabel(fate.segment),
    frames,
    missing === null ? '' : `${unseen} at ${missing}`,
    fate.firstReset ? 'FIRST RESET' : '',
    fate.note === 'first reset' ? '' : (fate.note ?? ''),
  ]
  return `    ${from}${line}${to}: ${label(parts.filter(Boolean).join(', '))}`
}

/** Words that mermaid reads as words: everything else by its number, as mermaid writes characters. */
function label(text: string): string {
  const characters = [...escapeText(text.replace(/\p{Zs}/gu, ' '))]
  const cut =
    characters.length > MOST_LABEL ? [...characters.slice(0, MOST_LABEL), '…'] : characters
  return cut
    .map((one) => (/[\p{L}\p{Nd} .,:()/…-]/u.test(one) ? one : `#${one.codePointAt(0)};`))
    .join('')
}
