import type { Capture, Clock, Confidence, Connection, Verdict } from '../model/report.ts'
import { namedText } from './endings.ts'
import type { TextStyle } from './text-style.ts'
import { formatOffset, formatUncertainty } from './time-format.ts'

type Head = { verdict: Verdict; limits: { code: string }[] }

/** The first lines of every report: who reset first, and why, each with its own confidence as last word. */
export function answerLines(head: Head, style: TextStyle): string[] {
  const { verdict } = head
  const shared = !head.limits.some((limit) => limit.code === 'no-shared-connection')
  const first = shared
    ? withConfidence(verdict.headline, verdict.confidence)
    : verdict.headline.trimEnd()
  const paint = verdict.by === null ? style.green : style.bold
  const lines = [(shared ? paint : style.bold)(first)]
  if (verdict.cause) {
    lines.push(`Cause: ${withConfidence(verdict.cause.headline, verdict.cause.confidence)}`)
  } else if (verdict.settles.length > 0) {
    lines.push(`To settle it: ${verdict.settles[0]}`)
  } else if (verdict.by !== null) {
    lines.push('Cause: these packets do not name one.')
  }
  return lines
}

function withConfidence(sentence: string, confidence: Confidence): string {
  const word = `${confidence[0]!.toUpperCase()}${confidence.slice(1)}.`
  const text = sentence.trimEnd().replace(/^Cause: /, '')
  if (text.endsWith(` ${word}`)) return text
  return `${/[.!?]$/.test(text) ? text : `${text}.`} ${word}`
}

/** How far the upstream's clock is from the client's, and how well that is known. */
export function clockText(clock: Clock | null, limits: { code: string }[] = []): string {
  if (clock === null) return 'unknown: no packet was seen at both points'
  const { lowSeconds: low, highSeconds: high, pairs } = clock
  const isByRequests = limits.some(({ code }) => code === 'clock-by-requests')
  const noun = isByRequests ? 'request' : 'packet'
  const seen = isByRequests ? 'passed on by a proxy between' : 'seen at both points'
  const packets = `(${pairs} ${pairs === 1 ? noun : `${noun}s`} ${seen})`
  const uncertainty = low === null || high === null ? null : Math.max(0, high - low) / 2
  const offset = formatOffset(clock.offsetSeconds, uncertainty)
  const direction = clock.offsetSeconds < 0 ? 'behind' : 'ahead'
  const margin =
    uncertainty === null ? boundText(low, high) : `, ±${formatUncertainty(uncertainty)}`
  const parts = [`upstream is ${offset} ${direction}${margin} ${packets}`]
  if (Math.abs(clock.driftPpm) >= 0.05) parts.push(`drifting ${clock.driftPpm.toFixed(1)} ppm`)
  if (clock.steps.length > 0) {
    parts.push(`stepped ${clock.steps.length === 1 ? 'once' : `${clock.steps.length} times`}`)
  }
  if (!clock.consistent) parts.push('inconsistent: the two captures contradict each other')
  return parts.join(', ')
}

function boundText(low: number | null, high: number | null): string {
  if (low !== null) return ', or more'
  return high === null ? '' : ', or less'
}

const MATCH_WORDS: Record<string, string> = {
  isn: 'same ISN (first sequence number)',
  sequence: 'same sequence numbers',
  timestamps: 'same TCP timestamps',
  payload: 'same first payload',
}

const UNMATCHED_WORDS: Record<string, string> = {
  'tap-not-covering': 'the other was not running at that time',
  'not-on-path': 'the other is not on its path',
  'dropped-before-tap': 'it was dropped before the other',
  'terminated-by-proxy': 'a proxy between the two ends it',
}

/** Which connection this is, and how its two views were recognised as one. */
export function matchText(connection: Connection, captures: Capture[]): string {
  const ends = `${namedText(connection.client)} ↔ ${namedText(connection.upstream)}`
  const parts = [ends]
  if (connection.match) {
    parts.push(MATCH_WORDS[connection.match.method] ?? `by ${connection.match.method}`)
  } else if (captures.length > 1) {
    const seen = captures.filter((capture) => connection.views[capture.id]).map(({ id }) => id)
    const words = UNMATCHED_WORDS[connection.unmatchedReason ?? '']
    const reason = words ? `: ${words}` : ''
    parts.push(`seen in the ${seen.join(' and ')} capture only${reason}`)
  }
  return parts.join(', ')
}

/** What rewrote its addresses on the way; a line for each end. */
export function rewriteTexts(connection: Connection): string[] {
  const { nat } = connection
  return [
    nat?.client ? `source ${nat.client}` : '',
    nat?.upstream ? `destination ${nat.upstream}` : '',
  ].filter(Boolean)
}
