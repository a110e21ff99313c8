import { FIN } from '../../native-free-decoders/decoded-packet.ts'
import type { ConnectionView, Side } from '../model/connection.ts'
import type { Sighting } from '../model/sighting.ts'
import { isReset, other, tapAt } from './taps.ts'

/** Unanswered for this long, a retransmission is no longer ordinary. */
const UNANSWERED_NS = 3e9
const IDLE_NS = 60e9

export interface Unanswered {
  /** Who retransmitted. */
  side: Side
  tap: number
  firstFrame: number
  lastFrame: number
  count: number
  spanNs: number
}

/** The run of retransmissions (or probes) at a view's end that nothing answered. */
export function unansweredRun(
  view: ConnectionView,
  tap: number,
  beforeFrame: number,
): Unanswered | null {
  for (const side of ['client', 'upstream'] as const) {
    let count = 0
    let first: { frame: number; time: number } | null = null
    let last: { frame: number; time: number } | null = null
    for (const s of view.segments) {
      if (s.frame >= beforeFrame || isReset(s)) continue
      if (s.from !== side) {
        count = 0
        first = null
        continue
      }
      if (s.kind === 'retransmission' || s.kind === 'keep-alive') {
        count++
        last = s
      } else if (s.length > 0) {
        count = 0
      }
      if (s.length > 0 || (s.flags & FIN) !== 0 || s.kind === 'keep-alive') first ??= s
    }
    if (count >= 2 && first !== null && last !== null) {
      return {
        side,
        tap,
        firstFrame: first.frame,
        lastFrame: last.frame,
        count,
        spanNs: last.time - first.time,
      }
    }
  }
  return null
}

/** Detail of a connection that did not end within the capture. */
export function openDetail(
  sighting: Sighting,
): 'silent-loss' | 'stalled' | 'half-closed' | 'idle' | 'active' {
  let idle = true
  let stalled = false
  let halfClosed = false
  for (const [index, tap] of sighting.taps.entries()) {
    const view = tap.view
    if (view === null) continue
    const run = unansweredRun(view, index, Number.POSITIVE_INFINITY)
    const home = run === null ? -1 : tapAt(sighting, run.side)
    if (run !== null && (home === index || home < 0)) {
      const toTheEnd = tap.captureEnd - view.segments[view.segments.length - 1]!.time
      if (run.spanNs >= UNANSWERED_NS || toTheEnd + run.spanNs >= UNANSWERED_NS)
        return 'silent-loss'
    }
    if (tap.captureEnd - view.lastTime < IDLE_NS) idle = false
    if (hasClosedWindow(view, 'client') || hasClosedWindow(view, 'upstream')) stalled = true
    if (view.client.finSeq !== null || view.upstream.finSeq !== null) halfClosed = true
  }
  if (stalled) return 'stalled'
  if (halfClosed) return 'half-closed'
  return idle ? 'idle' : 'active'
}

/** The last window that this side announced is zero and the other side has something to send. */
function hasClosedWindow(view: ConnectionView, side: Side): boolean {
  let window = -1
  let probed = false
  for (const s of view.segments) {
    if (isReset(s)) continue
    if (s.from === side) window = s.window
    else if (s.kind === 'zero-window-probe' || s.kind === 'keep-alive') probed = true
  }
  return window === 0 && (probed || view[other(side)].bytes > 0)
}
