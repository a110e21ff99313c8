import type { Ending } from '../model/ending.ts'
import { placeOfFrame, type WatchExample, type WatchSummary } from '../model/watch.ts'
import { endingLines, plural } from './ending-table.ts'
import { endingRows, endingWords, namedText } from './endings.ts'
import { hanging, type Layout, labelled } from './fact-lines.ts'
import { formatSeconds, formatTime } from './time-format.ts'

/** Frames that a line names: a person opens the file at the first of them. */
const MOST_FRAMES = 3
const MOST_PEERS = 4

export interface ToldEnding extends WatchExample {
  firstPacketAt: string
  before: Ending | null
  isOpen: boolean
}

/** Ordinary ends, and what is merely still open, are counted only, unless a line has to be taken back. */
export function isShown({ connection, before }: ToldEnding, all: boolean): boolean {
  return all || !connection.benign || before?.benign === false
}

/** One ending on one line: when, who to whom, how, by whom, why, and where to look. */
export function watchLine(told: ToldEnding, layout: Layout): string {
  const { connection, before, isOpen } = told
  const { client, upstream, firstReset, causes, benign } = connection
  const { style } = layout
  const at = formatTime(firstReset?.at ?? connection.endedAt, layout.time, told.firstPacketAt)
  const how = isOpen ? `open, ${connection.detail.replaceAll('-', ' ')}` : endingWords(connection)
  const paint = benign ? (text: string) => text : firstReset === null ? style.yellow : style.red
  const parts = [
    style.dim(at),
    layout.clean(`${namedText(client)} → ${namedText(upstream)}`),
    paint(layout.clean(how)),
  ]
  if (firstReset !== null)
    parts.push(layout.clean(`reset by ${firstReset.by} (${firstReset.confidence})`))
  if (causes[0] !== undefined) parts.push(layout.clean(`${causes[0].id} (${causes[0].confidence})`))
  parts.push(layout.clean(placeText(told)))
  if (before !== null) parts.push('again: not as told before')
  return parts.join('  ')
}

/** `trace.pcap3 #118, #119`: the frames that decide, as Wireshark numbers them in each file. */
function placeText({ connection, files }: WatchExample): string {
  const view = connection.views.capture!
  const cited = connection.firstReset?.evidence ?? connection.causes[0]?.evidence ?? []
  const frames = cited.flatMap(({ frame }) => (frame === null ? [] : [frame]))
  const named = [...new Set(frames.length > 0 ? frames : [view.lastFrame])].slice(0, MOST_FRAMES)
  const byFile = new Map<string, number[]>()
  for (const frame of named) {
    const place = placeOfFrame(files, frame)
    if (place === null) continue
    byFile.set(place.path, [...(byFile.get(place.path) ?? []), place.frame])
  }
  return [...byFile]
    .map(([path, list]) => {
      const numbers = list.map((frame) => `#${frame}`).join(', ')
      return path === '-' ? numbers : `${path.replace(/^.*[/\\]/, '')} ${numbers}`
    })
    .join(', ')
}

/** What was seen in all: how much, how the connections ended, what is missing. */
export function watchSummaryLines(summary: WatchSummary, layout: Layout): string[] {
  const { packets, connections, benign, endings } = summary
  const span = formatSeconds(summary.spanNs / 1e9)
  const head = {
    command: 'analyze' as const,
    summary: { connections, benign, matched: 0 },
  }
  const warnings = summary.warnings.map(({ code, message }) => `${code}: ${message}`)
  return [
    ...hanging('', `${packets} ${plural(packets, 'packet')} in ${span}.`, layout),
    ...endingLines(
      head,
      endingRows(endings, MOST_PEERS),
      (id) => summary.example(id).connection,
      layout,
      false,
      ({ id }) => `${id} (${placeText(summary.example(id))})`,
    ),
    ...labelled('limits', summary.limits, layout),
    ...labelled('warning', warnings, layout, layout.style.yellow),
  ]
}
