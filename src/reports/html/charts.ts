import { formatTime, type TimeMode } from '../time-format.ts'
import { html, type Markup } from './markup.ts'
import { IDLE_EDGES, type Survey } from './survey.ts'

const WIDTH = 600
const HEIGHT = 150
const BASE = 112
const TALLEST = 86
const LEFT = 34

export interface Bar {
  /** What it counts, for its title and for the sentence that stands for the drawing. */
  name: string
  /** Parts from the base up; of the two the second is hatched. */
  counts: [solid: number, hatched: number]
}

/** When connections were reset, over the time of the first capture. */
export function resetsOverTime(survey: Survey, mode: TimeMode): Markup {
  const { resets } = survey
  if (resets === null || total(resets.bins.map(({ bad, ordinary }) => bad + ordinary)) === 0) {
    return html`<p class="muted">No connection was reset, or the time of the captures is unknown.</p>`
  }
  const width = resets.seconds / resets.bins.length
  const bars = resets.bins.map(({ bad, ordinary }, i): Bar => {
    const name = `${(i * width).toFixed(3)} to ${((i + 1) * width).toFixed(3)} s`
    return { name, counts: [bad, ordinary] }
  })
  const start = formatTime(resets.from, mode === 'relative' ? 'utc' : mode, null)
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => ({
    part,
    text: `${(resets.seconds * part).toPrecision(3)} s`,
  }))
  return html`${barChart('chart-resets', 'Resets over time', bars, ticks)}
<p class="muted">Seconds after the first packet of the first capture, ${start}. Solid: resets that cut something off; hatched: ordinary ones.</p>`
}

/** How long the resets' connections had been silent. */
export function idleGaps(survey: Survey): Markup {
  const { bins, unknown } = survey.idle
  if (total(bins) === 0) {
    return html`<p class="muted">No reset with a known time of silence before it.</p>`
  }
  const bars = bins.map((count, i): Bar => {
    const next = IDLE_EDGES[i + 1]
    const name = next === undefined ? `${edge(i)} and more` : `${edge(i)} to ${edge(i + 1)}`
    return { name, counts: [count, 0] }
  })
  const ticks = IDLE_EDGES.map((_, i) => ({ part: i / bins.length, text: edge(i) }))
  const without = unknown > 0 ? ` ${unknown} resets without a known silence are not drawn.` : ''
  return html`${barChart('chart-idle', 'Silence before the first reset', bars, ticks)}
<p class="muted">All ${total(bins)} connections that were reset, by the time from the last payload to what the reset answers.${without} A peak at one value points to a timer.</p>`
}

function edge(i: number): string {
  const seconds = IDLE_EDGES[i]!
  if (seconds >= 3600) return `${seconds / 3600} h`
  return seconds >= 120 ? `${seconds / 60} min` : `${seconds} s`
}

/** Bars over equal intervals, with a sentence that says the same. */
export function barChart(
  id: string,
  title: string,
  bars: readonly Bar[],
  ticks: readonly { part: number; text: string }[],
): Markup {
  const most = Math.max(...bars.map(({ counts }) => counts[0] + counts[1]))
  const slot = (WIDTH - LEFT) / bars.length
  const filled = bars.filter(({ counts }) => counts[0] + counts[1] > 0)
  const largest = filled.reduce((a, b) => (total(b.counts) > total(a.counts) ? b : a))
  const drawn = bars.map(({ name, counts }, i) => {
    if (total(counts) === 0) return null
    const heights = counts.map((count) => (count / most) * TALLEST)
    const x = (LEFT + i * slot + 1).toFixed(1)
    const width = Math.max(2, slot - 2).toFixed(1)
    const rect = (top: number, height: number, name: string) =>
      height === 0
        ? null
        : html`<rect class="${name}" x="${x}" y="${top.toFixed(1)}" width="${width}" height="${Math.max(1.5, height).toFixed(1)}" ${name === 'solid' ? html`fill="currentColor"` : html`fill="url(#${id}-hatch)" stroke="currentColor"`}/>`
    return html`<g><title>${name}: ${total(counts)}</title>${rect(BASE - heights[0]!, heights[0]!, 'solid')}${rect(BASE - heights[0]! - heights[1]!, heights[1]!, 'hatched')}</g>`
  })
  const marks = ticks.map(({ part, text }) => {
    const x = (LEFT + part * (WIDTH - LEFT)).toFixed(1)
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle'
    return html`<text class="soft" x="${x}" y="${BASE + (ticks.length > 8 ? 14 : 18)}" text-anchor="${ticks.length > 8 ? 'end' : anchor}"${ticks.length > 8 ? html` transform="rotate(-40 ${x} ${BASE + 14})"` : null}>${text}</text>`
  })
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d" font-family="system-ui, sans-serif" font-size="11" fill="currentColor">
<title id="${id}-t">${title}</title><desc id="${id}-d">${total(filled.map(({ counts }) => total(counts)))} resets in ${filled.length} of ${bars.length} intervals; most, ${total(largest.counts)}, in ${largest.name}.</desc>
<defs><pattern id="${id}-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0" y1="0" x2="0" y2="5" stroke="currentColor" stroke-width="2"/></pattern></defs>
<line x1="${LEFT}" y1="${BASE}" x2="${WIDTH}" y2="${BASE}" stroke="currentColor" opacity="0.5"/>
<line x1="${LEFT}" y1="${BASE - TALLEST}" x2="${WIDTH}" y2="${BASE - TALLEST}" stroke="currentColor" opacity="0.15"/>
<text class="soft" x="${LEFT - 6}" y="${BASE - TALLEST + 4}" text-anchor="end">${most}</text><text class="soft" x="${LEFT - 6}" y="${BASE + 4}" text-anchor="end">0</text>
${drawn}
${marks}
</svg>`
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
