import { delta } from '../../../native-free-decoders/transport/sequence.ts'
import { opposite } from '../../model/case.ts'
import type { ConnectionView, Side } from '../../model/connection.ts'
import type { AlignedSegment } from '../../model/sighting.ts'
import { onClientClock } from '../on-client-clock.ts'
import {
  deliveredFrom,
  type Facts,
  lostFrom,
  type Rule,
  secondsText,
  seenAt,
  tapOf,
} from './rule.ts'

/** Idle for this long, connection state on the way may have expired. */
const IDLE_NS = 0.9e9
/** Idle for this long, it probably has, even where no other connection shows that the path works. */
const LONG_IDLE_NS = 2e9

/** Retransmissions of a side that never arrived: at least two copies of the same bytes. */
export function isLostRun(f: Facts, side: Side): boolean {
  return lostRun(f, side).length >= 2
}

/** Data of a side that left it, never arrived, and was not delivered in another copy either. */
function neverDelivered(f: Facts, side: Side): AlignedSegment[] {
  const lost = lostFrom(f, side).filter((s) => lengthOf(s) > 0)
  if (lost.length === 0) return lost
  const tap = tapOf(f, side)
  const delivered = deliveredFrom(f, side).flatMap((s) => {
    const o = s.seen[tap]
    return o != null && o.length > 0 ? [o] : []
  })
  return lost.filter((s) => {
    const o = s.seen[tap]!
    return !delivered.some((d) => delta(d.seq, o.seq) >= 0 && delta(o.seq, d.seq + d.length) > 0)
  })
}

/** The same, when nothing that the side sent afterwards arrived. */
function lostRun(f: Facts, side: Side): AlignedSegment[] {
  const lost = neverDelivered(f, side)
  const tap = tapOf(f, side)
  const first = lost[0]
  if (first === undefined) return []
  const deliveredLater = deliveredFrom(f, side).some((s) => {
    const o = s.seen[tap]
    return o != null && o.frame > first.seen[tap]!.frame && o.length > 0
  })
  return deliveredLater ? [] : lost
}

function lengthOf(s: AlignedSegment): number {
  return s.seen.find((o) => o !== null)!.length
}

/** How long a side had been idle before a segment of its own left its tap. */
function idleBeforeSegment(view: ConnectionView, frame: number): number {
  let last: number | null = null
  for (const s of view.segments) {
    if (s.frame >= frame) return last === null ? 0 : s.time - last
    if (s.length > 0 && s.kind !== 'keep-alive') last = s.time
  }
  return 0
}

/** Large segments vanish, small ones of the same direction pass. */
export const mtuBlackhole: Rule = (f) => {
  for (const side of ['client', 'upstream'] as const) {
    const lost = neverDelivered(f, side)
    if (lost.length < 2) continue
    const smallestLost = Math.min(...lost.map(lengthOf))
    const delivered = deliveredFrom(f, side).map(lengthOf)
    const largestDelivered = Math.max(0, ...delivered)
    const passing = delivered.some((n) => n > 0) || f.c.outcome.handshake.complete
    if (smallestLost < 900 || smallestLost <= largestDelivered || !passing) continue
    const tap = tapOf(f, side)
    return {
      id: 'mtu-blackhole',
      confidence: 'probable',
      why: `segments of ${smallestLost} bytes and more from the ${side} vanish between, smaller ones pass, and no ICMP says why: an MTU black hole`,
      evidence: [
        seenAt(
          lost[0]!,
          tap,
          `a segment of ${lengthOf(lost[0]!)} bytes leaves the ${side} and never arrives; it is retransmitted in vain`,
        ),
      ],
      next: [
        'ping -M do -s 1472 and downwards between the two pods',
        'compare MTUs: ip link on pods, nodes and tunnel interfaces',
        'let ICMP "fragmentation needed" through, or clamp the MSS',
      ],
    }
  }
  return null
}

/** The first segment after an idle time, and all its retransmissions, do not come through, while others do. */
export const stateExpired: Rule = (f) => {
  for (const side of ['client', 'upstream'] as const) {
    const lost = lostRun(f, side)
    if (lost.length < 2) continue
    const tap = tapOf(f, side)
    const first = lost[0]!.seen[tap]!
    const idle = idleBeforeSegment(f.c.sighting.taps[tap]!.view!, first.frame)
    const others = f.around.othersAliveAfter(f.c.id, onClientClock(f.c, tap, first.time))
    if (idle < IDLE_NS || (!others && idle < LONG_IDLE_NS)) continue
    // That others elsewhere work does not show that this upstream and the path to it do.
    const alike = f.around.survivors(f.c, onClientClock(f.c, tap, first.time)) > 0
    const work = alike ? ', while other connections to it work' : ', while other connections work'
    return {
      id: 'middlebox-state-expired',
      confidence: alike ? 'probable' : 'unclear',
      why: `after ${secondsText(idle)} of silence nothing of the ${side}'s data comes through${others ? work : ''}: ${alike ? 'a firewall or NAT between had forgotten this connection' : 'a firewall or NAT between may have forgotten this connection'}`,
      evidence: [
        seenAt(
          lost[0]!,
          tap,
          `first data after ${secondsText(idle)} of silence leaves the ${side} and never arrives`,
        ),
      ],
      next: [
        "keep-alives shorter than the device's idle timeout (net.ipv4.tcp_keepalive_time, or the application's)",
        'its conntrack or session timeout',
      ],
    }
  }
  return null
}

/** Nothing that one side sends arrives any more, and nothing comes back. */
export const unreachable: Rule = (f) => {
  for (const side of ['client', 'upstream'] as const) {
    const lost = lostRun(f, side)
    if (lost.length < 2) continue
    const tap = tapOf(f, side)
    return {
      id: side === 'client' ? 'upstream-unreachable' : 'client-unreachable',
      confidence: 'probable',
      why: `from here on nothing that the ${side} sends arrives at the ${opposite(side)}: the path or the host is gone`,
      evidence: [
        seenAt(lost[0]!, tap, `leaves the ${side} and never arrives, nor do its retransmissions`),
      ],
      next: [
        'was the node, pod or route of the other side gone at that time? kubectl get events --sort-by=.lastTimestamp',
      ],
    }
  }
  if (f.c.outcome.detail !== 'silent-loss') return null
  return {
    id: 'upstream-unreachable',
    confidence: 'unclear',
    why: 'data is retransmitted and nothing answers it any more',
    next: ['a capture at the other side: does it arrive there?'],
  }
}

/** Probes of an idle connection went unanswered until its prober gave up with a RST. */
export const keepAliveFailed: Rule = (f) => {
  const side = f.reset?.event.from
  if (side === undefined || f.reset?.by !== side) return null
  const tap = tapOf(f, side)
  let probes = 0
  for (const s of f.c.sighting.taps[tap]!.view!.segments) {
    if (s.frame >= (f.reset.event.segment.seen[tap]?.frame ?? 0)) break
    if (s.from === side && s.kind === 'keep-alive') probes++
    else if (s.from !== side || s.length > 0) probes = 0
  }
  if (probes < 2) return null
  return {
    id: 'keepalive-probe-failure',
    confidence: 'probable',
    why: `${probes} keep-alive probes of the ${side} went unanswered, and its kernel gave the connection up`,
    next: ['the other host, or the path to it, was gone: node and pod events at that time'],
  }
}

/** A window that is closed for a shorter time is flow control. */
const STALL_NS = 0.9e9

/** A receiver that had stopped reading. */
export const zeroWindow: Rule = (f) => {
  for (const side of ['client', 'upstream'] as const) {
    const tap = tapOf(f, side)
    const view = f.c.sighting.taps[tap]!.view!
    if (view[side].zeroWindows === 0) continue
    const live = view.segments.filter((s) => (s.flags & 0x04) === 0)
    const windows = live.filter((s) => s.from === side)
    const last = windows.at(-1)
    if (last === undefined || last.window !== 0) continue
    const closedSince = windows[windows.findLastIndex((s) => s.window !== 0) + 1]!
    if (view.segments.at(-1)!.time - closedSince.time < STALL_NS) continue
    return {
      id: 'zero-window-stall',
      confidence: 'probable',
      why: `the ${side} had stopped reading: its receive window was closed when the connection ended`,
      evidence: [{ tap, segment: last, text: `the ${side} announces a window of 0` }],
      next: [
        `why did the process at the ${side} not read? thread dump, CPU throttling, back-pressure`,
      ],
    }
  }
  return null
}
