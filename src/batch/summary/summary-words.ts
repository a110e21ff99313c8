import type { VerdictBy } from '../../model/report.ts'
import type { BatchFinding, BatchSummary, Count } from './batch-summary.ts'

/** Stands for a space at which a line must not end: the no-break space. */
export const HELD = '\u00a0'

/** With spaces between thousands: `2 318 774`. */
export function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, HELD)
}

/** `≈` before what is not exact. */
export function countText({ about, atLeast, atMost }: Count): string {
  return `${atLeast === atMost ? '' : '≈'}${numberText(about)}`
}

export function shareText(share: number | null): string {
  if (share === null) return '-'
  return share > 0 && share < 0.0005 ? '<0.1%' : `${(share * 100).toFixed(1)}%`
}

/** The noun for so many. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`
}

/** `640 samples: 611 read, 24 read in part, 5 failed.` */
export function samplesText({ samples }: BatchSummary): string {
  const { total, done, partly, failed } = samples
  const parts = [`${numberText(done)} read`]
  if (partly > 0) parts.push(`${numberText(partly)} read in part`)
  if (failed > 0) parts.push(`${numberText(failed)} failed`)
  return `${numberText(total)} ${plural(total, 'sample')}: ${parts.join(', ')}.`
}

/** `18 402 of 2 318 774 connections were reset.` */
export function resetsText({ resets, connections, samples }: BatchSummary): string {
  if (samples.done + samples.partly === 0) return 'Nothing could be read, so nothing can be said.'
  if (connections === 0) return 'They hold no TCP connection.'
  const all = `${numberText(connections)} ${plural(connections, 'connection')}`
  if (resets.atMost === 0) return `No connection was reset, of ${all}.`
  return `${countText(resets)} of ${all} ${resets.about === 1 ? 'was' : 'were'} reset.`
}

/** `RS203 An idle timeout closed the connection, shop/cart: 9 120 resets, 98% after 60.0 s of silence, since …`. */
export function worstText(finding: BatchFinding): string {
  const { code, title, place, firstAt, count } = finding
  const facts = count.atMost === 0 ? [] : [endsText(finding)]
  facts.push(...factTexts(finding))
  if (firstAt !== null) facts.push(`since ${sinceText(firstAt, null)}`)
  const where = place === null ? '' : `, ${placeText(finding)}`
  return `${code} ${title}${where}${facts.length > 0 ? `: ${facts.join(', ')}` : ''}.`
}

/** `9 120 resets`; `7 connections, 4 of them reset`. */
export function endsText({ count, resets }: BatchFinding): string {
  if (resets === count.about) return `${countText(count)} ${plural(count.about, 'reset')}`
  const some = resets === 0 ? '' : `, ${numberText(resets)} of them reset`
  return `${countText(count)} ${plural(count.about, 'connection')}${some}`
}

const WHO: Record<VerdictBy, string> = {
  client: 'reset by the client',
  upstream: 'reset by the upstream',
  between: 'reset by a device between',
  proxy: 'reset by a proxy',
  undetermined: 'who reset is undetermined',
}

/** Who reset, in words. */
export function whoText(by: VerdictBy): string {
  return WHO[by]
}

/** The Service or endpoint, and how many endpoints more. */
export function placeText({ place, services, upstreamCount }: BatchFinding): string {
  if (place === null) return '-'
  if (services.length > 1) return `${place} (+${services.length - 1})`
  if (services.length === 1) return place
  return upstreamCount > 1 ? `${place} (+${upstreamCount - 1})` : place
}

/** The silence before most of the ends, and bursts. */
export function factTexts({ idle, bursts }: BatchFinding): string[] {
  const facts: string[] = []
  if (idle !== null && idle.medianSeconds >= 1 && idle.share >= 0.5) {
    facts.push(
      `${Math.floor(idle.share * 100)}% after ${idle.medianSeconds.toFixed(1)}${HELD}s (±${idle.toleranceSeconds.toFixed(2)}${HELD}s) of silence`,
    )
  }
  if (bursts !== null) {
    facts.push(
      `${numberText(bursts.count)} ${plural(bursts.count, 'burst')}, ${numberText(bursts.largest)} within 1${HELD}s at the largest`,
    )
  }
  return facts
}

/** A time to the second; without its date where all are of one day. */
export function sinceText(time: string | null, day: string | null): string {
  if (time === null) return '-'
  const date = time.slice(0, 10)
  return date === day ? `${time.slice(11, 19)}Z` : `${date}${HELD}${time.slice(11, 19)}Z`
}

/** The day on which everything happened; null where there were several. */
export function onlyDay({ firstPacketAt, lastPacketAt }: BatchSummary): string | null {
  const day = firstPacketAt?.slice(0, 10) ?? null
  return day !== null && day === lastPacketAt?.slice(0, 10) ? day : null
}

/** One of a list of samples that failed, with its reason. */
export function failureText({ sample, message, hint }: BatchSummary['failed'][number]): string {
  return `${sample}: ${message}${hint === null ? '' : `; try: ${hint}`}`
}
