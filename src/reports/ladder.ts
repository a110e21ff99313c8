import type { Capture, Connection, Fate, Report } from '../model/report.ts'
import { commonClock } from './common-clock.ts'
import { frameLabel } from './frame-label.ts'
import type { TextStyle } from './text-style.ts'
import { padEnd, textWidth, truncate, wrap } from './text-width.ts'
import { formatMilliseconds, formatSeconds } from './time-format.ts'

const TIME_COLUMN = 14
/** Columns between time, lane and frames: spaces and the two bars. */
const BARS = 7
const LEAST_LANE = 20
const MOST_LANE = 58
/** A gap between two rows is folded from this length on. */
export const FOLD_SECONDS = 1

/** One segment as a ladder shows it. */
export interface Row {
  fate: Fate
  /** Seconds on the common clock when it passed the tap nearest to its sender that saw it. */
  time: number | null
  frames: string
  missing: string | null
}

/** The packets of one connection that decide, of all captures, on one clock: a line for each, oldest first. */
export function ladderLines(
  report: Pick<Report, 'captures' | 'clock'>,
  connection: Connection,
  width: number,
  style: TextStyle,
): string[] {
  const rows = ladderRows(report, connection)
  if (rows.length === 0) return []
  const layout = ladderLayout(rows, width)
  const { lane } = layout
  const taps = tapsOf(report.captures, connection)
  const origin = rows.find((row) => row.time !== null)?.time ?? 0
  const lines = header(taps, connection, layout, style)
  let previous: number | null = null
  for (const row of rows) {
    const gap = previous === null || row.time === null ? 0 : row.time - previous
    if (gap >= FOLD_SECONDS) lines.push(foldLine(gap, connection, lane, style))
    lines.push(...rowLines(row, origin, layout, style))
    previous = row.time ?? previous
  }
  return lines
}

interface LadderLayout {
  lane: number
  /** Columns right of the lane. */
  beside: number
  /** Whether the first reset is marked beside its frames, or under its arrow for want of room. */
  markBeside: boolean
}

function ladderLayout(rows: Row[], width: number): LadderLayout {
  const widest = (markBeside: boolean): number =>
    Math.max('packets'.length, ...rows.map((row) => textWidth(tail(row, '', markBeside))))
  const rest = width - TIME_COLUMN - BARS
  const markBeside = rest - widest(true) >= LEAST_LANE
  const lane = Math.max(LEAST_LANE, Math.min(MOST_LANE, rest - widest(markBeside)))
  return { lane, beside: Math.max(rest - lane, widest(markBeside)), markBeside }
}

/** The segments of a connection on one clock, oldest first. */
export function ladderRows(
  report: Pick<Report, 'captures' | 'clock'>,
  connection: Connection,
): Row[] {
  const clock = commonClock(report)
  const all = tapsOf(report.captures, connection)
  return connection.fates.map((fate) => {
    const taps = tapsFromSender(all, fate)
    const seen = taps.filter((tap) => (fate.frames[tap.id] ?? null) !== null)
    // Delivered though one tap shows no such frame: its bytes were there, cut into other pieces.
    const unseen =
      fate.fate === 'delivered'
        ? undefined
        : taps.find((tap) => (fate.frames[tap.id] ?? null) === null)
    const first = seen[0]
    return {
      fate,
      time: first ? clock.at(fate, first.id) : null,
      frames: seen.map((tap) => frameLabel(tap.id, fate.frames[tap.id]!)).join(' '),
      missing: taps.length > 1 && unseen ? unseen.id : null,
    }
  })
}

/** Of captures along a path those by which this connection was looked at. */
export function tapsOf(captures: Capture[], { fates }: Connection): Capture[] {
  return captures.filter(({ id }) => fates.some(({ frames }) => id in frames))
}

function tapsFromSender(captures: Capture[], fate: Fate): Capture[] {
  return fate.segment.from === 'client' ? captures : captures.toReversed()
}

function header(
  captures: Capture[],
  connection: Connection,
  layout: LadderLayout,
  style: TextStyle,
): string[] {
  const { lane } = layout
  const names =
    captures.length > 1 ? [captures[0]!.id, captures.at(-1)!.id] : (['client', 'upstream'] as const)
  const at = (side: 'client' | 'upstream', name: string): string =>
    (connection.views[name]?.[side] ?? connection[side]).address
  const left = `${names[0]} ${at('client', names[0])}`
  const right = `${names[1]} ${at('upstream', names[1])}`
  const space = lane + 1 - textWidth(left) - textWidth(right)
  const title =
    space >= 1
      ? `${left}${' '.repeat(space)}${right}`
      : padEnd(
          `${names[0]}${' '.repeat(lane + 1 - names[0].length - names[1].length)}${names[1]}`,
          lane + 1,
        )
  return [
    `${'time ms'.padStart(TIME_COLUMN)}   ${title}   packets`,
    style.dim(
      `  ${style.line.repeat(TIME_COLUMN)}${style.cross}${style.line.repeat(lane)}${style.cross}${style.line.repeat(Math.min(layout.beside, 26) + 3)}`,
    ),
  ]
}

function foldLine(gap: number, connection: Connection, lane: number, style: TextStyle): string {
  const text = foldText(gap, connection)
  const before = Math.max(0, Math.floor((lane - textWidth(text)) / 2))
  const inner = padEnd(`${' '.repeat(before)}${text}`, lane)
  return `${' '.repeat(TIME_COLUMN + 2)}${style.foldedBar}${style.dim(inner)}${style.foldedBar}`
}

/** What a gap of so many seconds between two rows is. */
export function foldText(gap: number, connection: Connection): string {
  const idle = connection.firstReset?.idleSeconds ?? null
  // Only the report can say that nothing passed in between; the ladder leaves packets out.
  const silent = idle !== null && Math.abs(gap - idle) <= 0.2 + idle * 0.01
  return silent ? `${formatSeconds(idle)} silent` : `${formatSeconds(gap)} later`
}

function rowLines(row: Row, origin: number, layout: LadderLayout, style: TextStyle): string[] {
  const { lane, markBeside } = layout
  const time = row.time === null ? '?' : formatMilliseconds(row.time - origin)
  const note = noteText(row, markBeside)
  const { arrow, noteShown } = drawArrow(row, note, lane - 2, style)
  const paint = row.fate.firstReset ? style.red : (text: string): string => text
  const noteBeside = textWidth(tail(row, note, markBeside)) <= layout.beside
  const after = tail(row, noteShown || !noteBeside ? '' : note, markBeside)
  const under = noteShown || noteBeside || note === '' ? [] : wrap(note, lane - 3)
  return [
    `${time.padStart(TIME_COLUMN)}  ${style.bar} ${paint(arrow)} ${style.bar}   ${paint(after)}`,
    ...under.map((text) => {
      const inner = padEnd(truncate(text, lane - 3, style.ellipsis), lane - 2)
      return `${' '.repeat(TIME_COLUMN + 2)}${style.bar}  ${paint(inner)}${style.bar}`
    }),
  ]
}

const FIRST_RESET = 'first reset'

function tail(row: Row, note: string, marked: boolean): string {
  return [row.frames, marked && row.fate.firstReset ? FIRST_RESET : '', note]
    .filter(Boolean)
    .join('  ')
}

/** What is said of a row once: the mark of the first reset too, where it does not stand beside the frames. */
function noteText(row: Row, markBeside: boolean): string {
  const { firstReset, note } = row.fate
  if (!firstReset) return note ?? ''
  const own = note === FIRST_RESET ? '' : (note ?? '')
  return markBeside ? own : [FIRST_RESET, own].filter(Boolean).join(', ')
}

/** What a segment is, in a few words: `PSH 512 B`, `SYN-ACK`, `ACK`. */
export function segmentLabel(segment: Fate['segment']): string {
  const names = segment.flags.split(' ').filter(Boolean)
  const others = names.filter((name) => name !== 'ACK')
  const telling = names.includes('ACK') && others.length > 0 ? others : names
  if (telling !== names && names[0] === 'SYN') telling[0] = 'SYN-ACK'
  return [telling.join(' '), segment.length > 0 ? `${segment.length} B` : '']
    .filter(Boolean)
    .join(' ')
}

/** Columns of an arrow that are neither label nor stub: spaces, head, and two strokes at each end. */
const ARROW_FRAME = 8

function drawArrow(
  row: Row,
  note: string,
  width: number,
  style: TextStyle,
): { arrow: string; noteShown: boolean } {
  const { fate } = row
  const short = segmentLabel(fate.segment)
  const long = note === '' ? short : `${short}  ${note}`
  const stub = stubText(row, width - ARROW_FRAME, [long, short])
  const room = width - textWidth(stub) - ARROW_FRAME
  const noteShown = textWidth(long) <= room
  const label = truncate(noteShown ? long : short, Math.max(room, 3), style.ellipsis)
  const toRight = fate.segment.from === 'client'
  const stroke = fate.firstReset ? style.doubleLine : style.line
  if (stub === '') return { arrow: fullArrow(label, width, stroke, toRight, style), noteShown }
  const endsUnderway = fate.fate !== 'arrived-only' && row.missing !== fate.segment.from
  return {
    arrow: stubArrow(label, stub, width, stroke, toRight, endsUnderway, style),
    noteShown,
  }
}

/** Rather the label with its note than the name of the tap, which the place of the stub tells too. */
function stubText(row: Row, room: number, labels: [long: string, short: string]): string {
  if (row.missing === null) return ''
  const words = row.fate.fate === 'capture-loss' ? 'not captured' : 'not seen'
  const full = `${words} at ${row.missing}`
  for (const label of labels) {
    for (const stub of [full, words]) {
      if (textWidth(label) + textWidth(stub) <= room) return stub
    }
  }
  return words
}

function fullArrow(
  label: string,
  width: number,
  stroke: string,
  toRight: boolean,
  style: TextStyle,
): string {
  const before = Math.min(12, Math.max(2, Math.floor((width - textWidth(label) - 3) / 3)))
  const after = Math.max(1, width - before - textWidth(label) - 3)
  return toRight
    ? `${stroke.repeat(before)} ${label} ${stroke.repeat(after)}${style.right}`
    : `${style.left}${stroke.repeat(before)} ${label} ${stroke.repeat(after)}`
}

/** A segment seen on one side only: its line ends, or begins, where the other tap did not see it. */
function stubArrow(
  label: string,
  stub: string,
  width: number,
  stroke: string,
  toRight: boolean,
  endsUnderway: boolean,
  style: TextStyle,
): string {
  const free = Math.max(2, width - textWidth(label) - textWidth(stub) - 4)
  const outer = Math.max(1, Math.ceil(free / 2))
  const inner = Math.max(1, free - outer)
  if (endsUnderway) {
    return toRight
      ? `${stroke.repeat(outer)} ${label} ${stroke.repeat(inner)}${style.lost} ${stub}`
      : `${stub} ${style.lost}${stroke.repeat(inner)} ${label} ${stroke.repeat(outer)}`
  }
  return toRight
    ? `${stub} ${stroke.repeat(inner)} ${label} ${stroke.repeat(outer)}${style.right}`
    : `${style.left}${stroke.repeat(outer)} ${label} ${stroke.repeat(inner)} ${stub}`
}
