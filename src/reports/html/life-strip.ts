import type { Connection, ReportStream } from '../../model/report.ts'
import { formatSeconds, secondsBetween } from '../time-format.ts'
import { html, type Markup, NOTHING } from './markup.ts'

const WIDTH = 800
const LEFT = 12
const RIGHT = 788
const BAR = 30
const HEIGHT = 14

/** The whole life of a connection as one bar in true scale: its silence before the end, and its first reset. */
export function lifeStrip(head: ReportStream['head'], connection: Connection): Markup {
  const { id, startedAt, endedAt, firstReset } = connection
  const life = secondsBetween(startedAt, endedAt)
  if (life === null || life <= 0) return NOTHING
  const x = (seconds: number): number =>
    Math.round((LEFT + (Math.min(life, Math.max(0, seconds)) / life) * (RIGHT - LEFT)) * 10) / 10
  const reset = firstReset ? secondsBetween(startedAt, firstReset.at) : null
  const silence = silentSpan(head, connection, reset)
  const words = [
    `it lasted ${formatSeconds(life)}`,
    silence ? `silent from ${formatSeconds(silence.from)} to ${formatSeconds(silence.to)}` : '',
    reset === null ? 'no reset' : `first reset after ${formatSeconds(reset)}`,
  ].filter(Boolean)
  return html`<svg class="ladder" viewBox="0 0 ${WIDTH} 64" width="${WIDTH}" role="img" aria-labelledby="s-${id}-t s-${id}-d" font-family="system-ui, sans-serif" font-size="12" fill="currentColor">
<title id="s-${id}-t">Life of connection ${id}</title><desc id="s-${id}-d">${words.join('; ')}.</desc>
<rect class="life" x="${LEFT}" y="${BAR}" width="${RIGHT - LEFT}" height="${HEIGHT}" fill="currentColor" fill-opacity="0.16" stroke="currentColor"/>
${silence === null ? null : silenceSvg(x(silence.from), x(silence.to), silence.to - silence.from)}
<text class="soft" x="${LEFT}" y="60">start</text><text class="soft" x="${RIGHT}" y="60" text-anchor="end">${formatSeconds(life)}</text>
${reset === null ? null : resetSvg(x(reset))}
</svg>`
}

/** The silence before what the reset answers; its end is known exactly where that is in the first capture's clock. */
function silentSpan(
  { captures }: ReportStream['head'],
  { firstReset, startedAt }: Connection,
  reset: number | null,
): { from: number; to: number } | null {
  const idle = firstReset?.idleSeconds ?? null
  if (idle === null || idle <= 0 || reset === null) return null
  const trigger = firstReset?.trigger
  const answered = trigger?.capture === captures[0]?.id ? (trigger?.at ?? null) : null
  const to = secondsBetween(startedAt, answered) ?? reset
  return { from: to - idle, to }
}

function silenceSvg(from: number, to: number, seconds: number): Markup {
  const middle = Math.min(RIGHT - 60, Math.max(LEFT + 60, (from + to) / 2))
  return html`<rect x="${from}" y="${BAR + 1}" width="${Math.max(1, to - from).toFixed(1)}" height="${HEIGHT - 2}" class="gap" fill="#ffffff"/><line x1="${from}" y1="${BAR + HEIGHT / 2}" x2="${to}" y2="${BAR + HEIGHT / 2}" stroke="currentColor" stroke-dasharray="2 4"/><text class="soft" x="${middle}" y="60" text-anchor="middle" font-style="italic">${formatSeconds(seconds)} silent</text>`
}

function resetSvg(x: number): Markup {
  const left = Math.min(RIGHT - 80, Math.max(LEFT, x - 40))
  return html`<g class="arrow first"><line class="stroke" x1="${x}" y1="20" x2="${x}" y2="${BAR + HEIGHT + 4}" stroke="#b3261e" stroke-width="5"/><rect class="flag" x="${left}" y="2" width="80" height="20" rx="4" fill="#b3261e"/><text class="on-flag" x="${left + 40}" y="16" text-anchor="middle" font-weight="700" fill="#ffffff">first reset</text></g>`
}
