import { ACK, FIN, RST, SYN } from '../../native-free-decoders/decoded-packet.ts'
import { advance, later } from '../../native-free-decoders/transport/sequence.ts'
import type { ConnectionView, DirectionFacts, Side } from '../model/connection.ts'
import type { Segment } from '../model/segment.ts'
import { joinDirections } from './join-directions.ts'

/** Copies of one segment in one file (before and after NAT) lie no further apart. */
const COPY_NS = 5e6

export interface FoldedView {
  view: ConnectionView
  /** Its client is the main connection's upstream. */
  swapped: boolean
  /** The same packets before or after NAT; else packets under addresses that are not the connection's own. */
  copy: boolean
}

/** One view of a connection that appears in its capture under several address pairs. */
export function mergeViews(main: ConnectionView, folded: readonly FoldedView[]): ConnectionView {
  let segments = main.segments
  let client = main.client
  let upstream = main.upstream
  const alsoSeenAs = [...main.alsoSeenAs]
  const icmp = [...main.icmp]
  let application = main.application
  for (const { view, swapped } of folded) {
    const theirs = swapped
      ? view.segments.map((s) => ({ ...s, from: opposite(s.from) }))
      : view.segments
    segments = mergeSegments(segments, theirs)
    client = mergeDirections(client, swapped ? view.upstream : view.client)
    upstream = mergeDirections(upstream, swapped ? view.client : view.upstream)
    alsoSeenAs.push(
      swapped
        ? { client: view.endpoints.upstream, upstream: view.endpoints.client }
        : view.endpoints,
    )
    icmp.push(...view.icmp.map((e) => (swapped ? { ...e, about: opposite(e.about) } : e)))
    if (application.protocol === 'none') application = view.application
    else if (isRedirectedLeg(main, view)) {
      application = joinDirections(application, view.application)
    }
  }
  renewState(segments)
  const strange = new Set<number>()
  for (const { view, copy } of folded) {
    // A REDIRECTed leg carries one direction from its SYN-ACK on, as the other tuple does from its SYN: both are it.
    if (copy || isRedirectedLeg(main, view)) continue
    for (const s of view.segments) strange.add(s.frame)
  }
  for (const s of main.segments) strange.delete(s.frame)
  const packets = client.packets + upstream.packets
  return {
    ...main,
    alsoSeenAs,
    firstFrame: Math.min(main.firstFrame, ...folded.map((f) => f.view.firstFrame)),
    lastFrame: Math.max(main.lastFrame, ...folded.map((f) => f.view.lastFrame)),
    firstTime: Math.min(main.firstTime, ...folded.map((f) => f.view.firstTime)),
    lastTime: Math.max(main.lastTime, ...folded.map((f) => f.view.lastTime)),
    packets,
    history: historyOf(segments),
    midstream: client.isn === null,
    client,
    upstream,
    segments,
    contiguousFrom: Math.max(contiguousStart(main), ...folded.map((f) => contiguousStart(f.view))),
    strangeFrames: strange,
    icmp: icmp.sort((a, b) => a.frame - b.frame),
    application,
  }
}

/** The main record shows nothing of the side that this one shows: each holds one direction of the connection. */
function isRedirectedLeg(main: ConnectionView, leg: ConnectionView): boolean {
  return (
    main.upstream.packets === 0 &&
    leg.client.packets === 0 &&
    leg.upstream.packets > leg.upstream.resets
  )
}

/** A record that let nothing go sets no limit. */
function contiguousStart(view: ConnectionView): number {
  return view.contiguousFrom === view.firstFrame ? 0 : view.contiguousFrom
}

function opposite(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}

function mergeSegments(a: readonly Segment[], b: readonly Segment[]): Segment[] {
  const all = [...a, ...b].sort((x, y) => x.frame - y.frame)
  const kept: Segment[] = []
  for (const segment of all) {
    let copy = false
    for (let i = kept.length - 1; i >= 0 && segment.time - kept[i]!.time <= COPY_NS; i--) {
      if (isSameSegment(kept[i]!, segment)) {
        kept[i] = { ...kept[i]!, copies: kept[i]!.copies + 1 }
        copy = true
        break
      }
    }
    if (!copy) kept.push({ ...segment })
  }
  return kept
}

function isSameSegment(a: Segment, b: Segment): boolean {
  return (
    a.from === b.from &&
    a.seq === b.seq &&
    a.ack === b.ack &&
    a.flags === b.flags &&
    a.length === b.length &&
    a.ipId === b.ipId &&
    a.tsVal === b.tsVal
  )
}

/** A direction seen twice (copies) counts once; one seen under two addresses in turn adds up. */
function mergeDirections(a: DirectionFacts, b: DirectionFacts): DirectionFacts {
  if (a.packets === 0) return b
  if (b.packets === 0) return a
  const copies = a.isn !== null && a.isn === b.isn
  return {
    ...a,
    packets: copies ? Math.max(a.packets, b.packets) : a.packets + b.packets,
    bytes: copies ? Math.max(a.bytes, b.bytes) : a.bytes + b.bytes,
    isn: a.isn ?? b.isn,
    next: laterOrNull(a.next, b.next),
    acked: laterOrNull(a.acked, b.acked),
    unseenBytes: Math.min(a.unseenBytes, b.unseenBytes),
    unseenSegments: Math.min(a.unseenSegments, b.unseenSegments),
    finSeq: a.finSeq ?? b.finSeq,
    resets: copies ? Math.max(a.resets, b.resets) : a.resets + b.resets,
    firstPayloadTime: extreme(Math.min, a.firstPayloadTime, b.firstPayloadTime),
    lastPayloadTime: extreme(Math.max, a.lastPayloadTime, b.lastPayloadTime),
    lastPayloadFrame: Math.max(a.lastPayloadFrame, b.lastPayloadFrame),
    lastTime: extreme(Math.max, a.lastTime, b.lastTime),
  }
}

function laterOrNull(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : later(a, b)
}

function extreme(
  pick: (a: number, b: number) => number,
  a: number | null,
  b: number | null,
): number | null {
  if (a === null) return b
  return b === null ? a : pick(a, b)
}

/** Recomputes what each segment knew of the state before it, over the merged order. */
function renewState(segments: Segment[]): void {
  const next: Record<Side, number | null> = { client: null, upstream: null }
  const acked: Record<Side, number | null> = { client: null, upstream: null }
  for (const s of segments) {
    s.senderNext = next[s.from]
    s.otherAck = acked[opposite(s.from)]
    if ((s.flags & RST) !== 0) continue
    const end = advance(s.seq, s.length + (s.flags & SYN ? 1 : 0) + (s.flags & FIN ? 1 : 0))
    next[s.from] = next[s.from] === null ? end : later(next[s.from]!, end)
    if ((s.flags & ACK) !== 0) {
      acked[s.from] = acked[s.from] === null ? s.ack : later(acked[s.from]!, s.ack)
    }
  }
}

function historyOf(segments: readonly Segment[]): string {
  let text = ''
  const add = (letter: string, from: Side) => {
    const shown = from === 'client' ? letter : letter.toLowerCase()
    if (!text.includes(shown)) text += shown
  }
  for (const s of segments) {
    if ((s.flags & RST) !== 0) add('R', s.from)
    else if ((s.flags & SYN) !== 0) add((s.flags & ACK) !== 0 ? 'H' : 'S', s.from)
    else {
      if (s.length > 0) add(s.kind === 'retransmission' ? 'T' : 'D', s.from)
      if ((s.flags & FIN) !== 0) add('F', s.from)
      else if (s.length === 0) add('A', s.from)
    }
  }
  return text
}
