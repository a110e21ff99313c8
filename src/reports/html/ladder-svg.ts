import type { Connection, Fate, ReportStream } from '../../model/report.ts'
import { commonClock } from '../common-clock.ts'
import { FOLD_SECONDS, foldText, ladderRows, type Row, segmentLabel, tapsOf } from '../ladder.ts'
import { formatMilliseconds, formatSeconds } from '../time-format.ts'
import { type LadderScale, ladderScale, type Placed } from './ladder-scale.ts'
import { html, type Markup, NOTHING } from './markup.ts'

type Head = ReportStream['head']

const WIDTH = 800
const LEFT = 96
const RIGHT = 652
const TOP = 58
/** Where a segment that was seen at one tap only ends, as a part of the way. */
const STUB = 0.56
/** Segments in one drawing; the table below it, and the report, have all of them. */
export const MOST_ARROWS = 40

/** One row of the ladder with where and when it was. */
interface Arrow {
  row: Row
  placed: Placed
  /** Seconds at the sender's and at the receiver's tap; null: not seen, or its clock is unknown. */
  sent: number | null
  received: number | null
  id: string
}

/** Anchor of the row that describes the segment. */
export function segmentId(connection: Connection, index: number): string {
  return `p-${connection.id}-${index + 1}`
}

/** Both captures of a connection on one clock, as a drawing that needs neither script nor style sheet. */
export function ladderSvg(head: Head, connection: Connection): Markup {
  const all = ladderRows(head, connection)
  // The end is what the answer is about.
  const first = Math.max(0, all.length - MOST_ARROWS)
  const rows = all.slice(first)
  if (rows.length === 0) return NOTHING
  const taps = tapNames(head, connection)
  const clock = commonClock(head)
  const flights = rows.map(({ fate, time }) => {
    if (taps === null) return { sent: time, received: null }
    const [sender, receiver] = fate.segment.from === 'client' ? taps : [taps[1], taps[0]]
    return { sent: clock.at(fate, sender), received: clock.at(fate, receiver) }
  })
  const scale = ladderScale(
    flights.map(({ sent, received }, i) => ({
      departure: sent ?? rows[i]!.time,
      arrival: received,
    })),
    FOLD_SECONDS,
  )
  const arrows = rows.map((row, i) => ({
    row,
    placed: scale.placed[i]!,
    ...flights[i]!,
    id: segmentId(connection, first + i),
  }))
  const bottom = TOP + scale.height + 16
  const zero = rows.find(({ time }) => time !== null)?.time ?? 0
  const name = `l-${connection.id}`
  const reset = arrows.find(({ row }) => row.fate.firstReset)
  return html`<svg class="ladder" viewBox="0 0 ${WIDTH} ${bottom + 4}" width="${WIDTH}" role="group" aria-labelledby="${name}-t ${name}-d" font-family="system-ui, sans-serif" font-size="13" fill="currentColor">
<title id="${name}-t">Packets of connection ${connection.id}</title>
<desc id="${name}-d">${describe(rows, reset, taps)}</desc>
${heads(head, connection, taps)}
${bands(arrows, head, taps, scale)}
${lifelines(scale, bottom)}
${scale.folds.map((fold) => foldSvg(fold, connection))}
${first > 0 ? html`<text class="soft" x="${LEFT + 8}" y="${TOP - 8}" font-size="11">${first} earlier segments: in the table</text>` : null}
${arrows.map((arrow) => arrowSvg(arrow, zero))}
</svg>`
}

/** The ids of the two captures between which it is drawn; null for one capture, which shows one point only. */
function tapNames(head: Head, connection: Connection): [string, string] | null {
  const taps = tapsOf(head.captures, connection)
  return taps.length < 2 ? null : [taps[0]!.id, taps.at(-1)!.id]
}

function describe(rows: Row[], reset: Arrow | undefined, taps: [string, string] | null): string {
  const between = taps
    ? `the captures ${taps[0]} and ${taps[1]}`
    : 'client and upstream, one capture'
  const end = reset
    ? ` The first reset comes from the direction of the ${reset.row.fate.segment.from}.`
    : ' No first reset among them.'
  return `${rows.length} segments between ${between}, oldest first.${end} The table of segments says the same in words.`
}

function heads(head: Head, connection: Connection, taps: [string, string] | null): Markup {
  const at = (side: 'client' | 'upstream', id: string | undefined): string =>
    ((id === undefined ? undefined : connection.views[id]?.[side]) ?? connection[side]).address
  const names = taps ? taps.map((id) => `${id} capture`) : ['client', 'upstream']
  const last = head.captures.length > 1 ? 'frames' : 'frame'
  return html`<text class="soft" x="${LEFT - 14}" y="36" text-anchor="end" font-size="11">time, ms</text>
<text x="${LEFT - 6}" y="20" font-weight="600">${names[0]!}</text>
<text class="soft mono" x="${LEFT - 6}" y="36" font-size="11">${at('client', taps?.[0])}</text>
<text x="${RIGHT + 6}" y="20" text-anchor="end" font-weight="600">${names[1]!}</text>
<text class="soft mono" x="${RIGHT + 6}" y="36" text-anchor="end" font-size="11">${at('upstream', taps?.[1])}</text>
<text class="soft" x="${RIGHT + 18}" y="36" font-size="11">${last}</text>`
}

function lifelines(scale: LadderScale, bottom: number): Markup[] {
  const stops = [TOP - 18, ...scale.folds.flatMap(({ from, to }) => [TOP + from, TOP + to]), bottom]
  return [LEFT, RIGHT].map(
    (x) =>
      html`${stops.slice(0, -1).map((y, i) => html`<line class="life" x1="${x}" y1="${y}" x2="${x}" y2="${stops[i + 1]!}" stroke="currentColor" stroke-width="1.5"${i % 2 === 1 ? html` stroke-dasharray="2 4"` : null}/>`)}`,
  )
}

/** Grey where the time at a tap is not known better, because its clock is not. */
function bands(
  arrows: Arrow[],
  head: Head,
  taps: [string, string] | null,
  scale: LadderScale,
): Markup {
  if (taps === null) return NOTHING
  const margins = taps.map((id) => uncertainty(head, id))
  const marks = arrows.flatMap(({ row, sent, received }) => {
    const isFromClient = row.fate.segment.from === 'client'
    return [isFromClient ? sent : received, isFromClient ? received : sent].map((time, side) => {
      const margin = margins[side] ?? 0
      if (time === null || margin === 0) return NOTHING
      const top = scale.y(time - margin)
      const height = Math.max(2, scale.y(time + margin) - top)
      return html`<rect x="${side === 0 ? LEFT - 7 : RIGHT - 7}" y="${round(TOP + top)}" width="14" height="${round(height)}" rx="3"/>`
    })
  })
  return html`<g class="band" fill="#c9ced6">${marks}</g>`
}

/** Seconds by which a time of this capture may be off the first capture's clock; null where that is not known. */
function uncertainty(head: Head, id: string): number | null {
  if (head.captures[0]?.id === id) return 0
  const clock = head.captures.find((capture) => capture.id === id)?.clock ?? head.clock
  if (!clock || clock.lowSeconds === null || clock.highSeconds === null) return null
  return Math.max(0, clock.highSeconds - clock.lowSeconds) / 2
}

function foldSvg(fold: LadderScale['folds'][number], connection: Connection): Markup {
  const y = TOP + (fold.from + fold.to) / 2
  const middle = (LEFT + RIGHT) / 2
  return html`<line class="fold" x1="${LEFT}" y1="${y}" x2="${RIGHT}" y2="${y}" stroke="currentColor" stroke-dasharray="1 5" opacity="0.6"/><text class="halo" x="${middle}" y="${y + 4}" text-anchor="middle" font-style="italic">${foldText(fold.gap, connection)}</text>`
}

function arrowSvg({ row, placed, sent, received, id }: Arrow, zero: number): Markup {
  const { fate } = row
  const toRight = fate.segment.from === 'client'
  const [start, end] = toRight ? [LEFT, RIGHT] : [RIGHT, LEFT]
  const from = { x: start, y: TOP + placed.from }
  const to = { x: end, y: TOP + placed.to }
  const at = (part: number) => ({
    x: round(from.x + (to.x - from.x) * part),
    y: round(from.y + (to.y - from.y) * part),
  })
  const isUnderway = fate.fate !== 'arrived-only' && row.missing !== fate.segment.from
  const isStub = row.missing !== null
  const tail = at(isStub && !isUnderway ? 1 - STUB : 0)
  const tip = at(isStub && isUnderway ? STUB : 1)
  const label = at(0.055 + (isStub && !isUnderway ? 1 - STUB : 0))
  const time = row.time === null ? '?' : formatMilliseconds(row.time - zero)
  const kind = fate.firstReset ? 'first' : fate.segment.flags.includes('RST') ? 'reset' : 'plain'
  const side = toRight ? 'start' : 'end'
  return html`<a href="#${id}" class="arrow ${kind}"><title>${arrowTitle(row, time, sent, received)}</title>
<text class="soft mono" x="${LEFT - 14}" y="${round(from.y + 4)}" text-anchor="end" font-size="11.5">${time}</text>
${stroke(tail, tip, kind)}
${isStub && isUnderway ? crossAt(tip) : headAt(tail, tip, kind)}
${isStub ? stubText(row, tail, tip, toRight, isUnderway) : null}
${kind === 'first' ? firstLabel(fate, label, toRight) : html`<text class="halo" x="${label.x}" y="${round(label.y - 5)}" text-anchor="${side}">${labelText(fate)}</text>`}
<text class="soft mono" x="${RIGHT + 18}" y="${round((toRight ? from.y : Math.min(from.y, to.y)) + 4)}" font-size="11.5">${row.frames}</text></a>
`
}

/** A note says what the label does not. */
function labelText(fate: Fate): string {
  const note = fate.note === null || fate.note === 'first reset' ? '' : ` · ${fate.note}`
  const text = `${segmentLabel(fate.segment)}${note}`
  return text.length > 64 ? `${text.slice(0, 63)}…` : text
}

interface Spot {
  x: number
  y: number
}

/** The first reset is a double line: told by its shape where colours are not seen. */
function stroke(a: Spot, b: Spot, kind: string): Markup {
  const line = (width: number, name: string, color: string) =>
    html`<line class="${name}" x1="${a.x}" y1="${a.y}" x2="${b.x}" y2="${b.y}" stroke="${color}" stroke-width="${width}"/>`
  if (kind !== 'first') return line(kind === 'reset' ? 1.75 : 1.25, 'stroke', 'currentColor')
  return html`${line(7, 'stroke', '#b3261e')}${line(2.6, 'core', '#ffffff')}`
}

function headAt(a: Spot, tip: Spot, kind: string): Markup {
  const size = kind === 'first' ? 13 : 8
  const length = Math.hypot(tip.x - a.x, tip.y - a.y) || 1
  const [ux, uy] = [(tip.x - a.x) / length, (tip.y - a.y) / length]
  const back = { x: tip.x - ux * size * 1.25, y: tip.y - uy * size * 1.25 }
  const wing = (sign: number) =>
    `${round(back.x - sign * uy * size * 0.6)},${round(back.y + sign * ux * size * 0.6)}`
  const color = kind === 'first' ? '#b3261e' : 'currentColor'
  return html`<polygon class="tip" points="${tip.x},${tip.y} ${wing(1)} ${wing(-1)}" fill="${color}"/>`
}

function crossAt({ x, y }: Spot): Markup {
  return html`<path class="lost" d="M${x - 5} ${y - 5}l10 10m0-10l-10 10" stroke="currentColor" stroke-width="2" fill="none"/>`
}

function stubText(row: Row, tail: Spot, tip: Spot, toRight: boolean, isUnderway: boolean): Markup {
  const words = row.fate.fate === 'capture-loss' ? 'not captured' : 'not seen'
  const { x, y } = isUnderway ? tip : tail
  const isRightOf = isUnderway === toRight
  return html`<text class="halo soft" x="${x + (isRightOf ? 12 : -12)}" y="${y + 4}" text-anchor="${isRightOf ? 'start' : 'end'}" font-style="italic">${words} at ${row.missing!}</text>`
}

function firstLabel(fate: Fate, { x, y }: Spot, toRight: boolean): Markup {
  const text = `${segmentLabel(fate.segment)} — first reset`
  const width = Math.round(text.length * 7.4 + 14)
  const left = toRight ? x : x - width
  // On its line, as the other labels are, so that the next one has its room.
  return html`<rect class="flag" x="${left}" y="${round(y - 20)}" width="${width}" height="22" rx="4" fill="#b3261e"/><text class="on-flag" x="${left + width / 2}" y="${round(y - 4.5)}" text-anchor="middle" font-weight="700" fill="#ffffff">${text}</text>`
}

function arrowTitle(row: Row, time: string, sent: number | null, received: number | null): string {
  const { segment, fate, firstReset } = row.fate
  const travelled = sent !== null && received !== null ? received - sent : null
  return [
    `${time} ms: ${segmentLabel(segment)} from the ${segment.from}`,
    firstReset ? 'the first reset' : '',
    fate,
    row.missing === null ? '' : `not seen at ${row.missing}`,
    travelled === null ? '' : `${formatSeconds(travelled)} from tap to tap`,
    row.frames,
  ]
    .filter(Boolean)
    .join(', ')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
