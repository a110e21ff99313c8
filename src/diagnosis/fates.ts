import { ACK, FIN, PSH, RST, SYN, URG } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { Case } from '../model/case.ts'
import type { Fate } from '../model/report.ts'
import type { AlignedSegment } from '../model/sighting.ts'
import { onClientClock } from './on-client-clock.ts'
import { timeText } from './time-text.ts'

/** Segments shown before and after the one by which the connection ended. */
const BEFORE = 7
const AFTER = 6

/** What became of the segments near an end that is no orderly close (VERDICTS §8), in the order of the ladder. */
export function fatesOf(c: Case): Fate[] {
  const { sighting, outcome } = c
  if (sighting.taps.length < 2) return []
  // Of an orderly end nobody asks which segment arrived.
  if (outcome.benign && outcome.resets.length === 0) return []
  const all = sighting.segments
  const decisive = outcome.firstReset?.event.segment ?? outcome.fins.upstream ?? outcome.fins.client
  const at = decisive == null ? all.length - 1 : all.indexOf(decisive)
  const trigger = outcome.firstReset?.event.trigger
  let from = Math.max(0, at - BEFORE)
  const until = Math.min(all.length, at + AFTER + 1)
  const triggerAt =
    trigger == null
      ? -1
      : all.findIndex((s) => s.seen[trigger.tap]?.frame === trigger.segment.frame)
  const shown = all.slice(from, until)
  if (triggerAt >= 0 && triggerAt < from) {
    shown.unshift(all[triggerAt]!)
    from = triggerAt
  }
  const first =
    outcome.firstReset?.by === 'undetermined' && outcome.firstReset.crossedInFlight
      ? null
      : outcome.firstReset?.event.segment
  return shown
    .map((segment) => ({ segment, sent: sentAt(c, segment) }))
    .sort((a, b) => a.sent - b.sent)
    .map(({ segment }) => fateOf(c, segment, segment === first))
}

/** When a segment was seen nearest to its sender, on the client's clock. */
function sentAt(c: Case, segment: AlignedSegment): number {
  const home = c.sighting.taps.findIndex((tap) => tap.side === segment.from)
  const tap = segment.seen[home] ? home : segment.seen.findIndex((s) => s !== null)
  return onClientClock(c, tap, segment.seen[tap]!.time)
}

function fateOf(c: Case, segment: AlignedSegment, firstReset: boolean): Fate {
  const { taps } = c.sighting
  const shown = segment.seen.find((s) => s !== null)!
  const frames: Fate['frames'] = {}
  const at: Fate['at'] = {}
  taps.forEach((tap, i) => {
    const seen = segment.seen[i]
    frames[tap.capture] = seen?.frame ?? null
    at[tap.capture] = seen ? timeText(c.bases[i]!, seen.time) : null
  })
  return {
    segment: {
      from: segment.from,
      seq: shown.seq,
      ack: (shown.flags & ACK) !== 0 ? shown.ack : null,
      length: shown.length,
      flags: flagNames(shown.flags),
    },
    fate: fateValue(c, segment),
    frames,
    at,
    firstReset,
    note: noteOf(c, segment, shown.kind),
  }
}

function fateValue(c: Case, segment: AlignedSegment): Fate['fate'] {
  const home = c.sighting.taps.findIndex((tap) => tap.side === segment.from)
  const far = 1 - home
  if (segment.seen[home] && segment.seen[far]) {
    return isClamped(c, segment) ? 'changed' : 'delivered'
  }
  if (segment.covered) return 'delivered'
  if (segment.seen[home]) return wasReceived(c, segment, home) ? 'capture-loss' : 'lost-between'
  const isReset = (segment.seen[far]!.flags & RST) !== 0
  return isReset || c.sighting.taps[home]!.loss.length === 0 ? 'arrived-only' : 'capture-loss'
}

/** A SYN whose MSS option is another at the other tap: something between clamps it. */
function isClamped(c: Case, segment: AlignedSegment): boolean {
  const isSyn = segment.seen.some((s) => s !== null && (s.flags & SYN) !== 0)
  const [a, b] = c.sighting.taps.map((tap) => tap.view?.[segment.from].mss ?? 0)
  return isSyn && a !== b && (a ?? 0) > 0 && (b ?? 0) > 0
}

/** The receiver acknowledged it, so its capture only failed to show it. */
function wasReceived(c: Case, segment: AlignedSegment, home: number): boolean {
  const s = segment.seen[home]!
  const view = c.sighting.taps[home]!.view!
  const end = s.seq + s.length + ((s.flags & (SYN | FIN)) !== 0 ? 1 : 0)
  if (end === s.seq) return false
  const acked = view[segment.from === 'client' ? 'upstream' : 'client'].acked
  const isRetransmitted = view.segments.some(
    (o) => o.from === s.from && o.frame > s.frame && o.seq === s.seq && o.length >= s.length,
  )
  return acked !== null && delta(end >>> 0, acked) >= 0 && !isRetransmitted
}

function noteOf(c: Case, segment: AlignedSegment, kind: string): string | null {
  const event = c.outcome.resets.find((e) => e.segment === segment)
  if (event !== undefined) {
    const reset = c.outcome.firstReset
    if (reset?.by === 'undetermined' && reset.crossedInFlight && event.ending) {
      return 'crossed the other'
    }
    if (event === reset?.event) return 'first reset'
    return event.afterClose ? 'after the close: ordinary' : event.ending ? 'later reset' : 'ignored'
  }
  if (segment.covered) return 'other pieces at the other tap'
  if (kind === 'retransmission' || kind === 'keep-alive') return kind
  return kind === 'zero-window-probe' ? 'zero-window probe' : null
}

const FLAG_NAMES: readonly [number, string][] = [
  [SYN, 'SYN'],
  [FIN, 'FIN'],
  [RST, 'RST'],
  [PSH, 'PSH'],
  [ACK, 'ACK'],
  [URG, 'URG'],
]

/** Names of the flags that are set, in the order of the report. */
export function flagNames(flags: number): string {
  return FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join(' ')
}
