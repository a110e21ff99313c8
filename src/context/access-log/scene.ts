import { isTcpLine, type JoinedLine, type Leg, type LogLine } from '../../model/access-log.ts'
import type { Case } from '../../model/case.ts'
import type { Side } from '../../model/connection.ts'
import type { Observation } from '../../model/outcome.ts'
import { SLACK_NS } from './join.ts'
import { NEAR_NS } from './log-clock.ts'

/** Who ended a connection, as the proxy sees it: itself, whoever it talked to, or neither. */
export type Ender = 'proxy' | 'far' | 'between' | 'unknown'

/** One connection beside one line of the proxy at one of its ends. */
export interface Scene {
  c: Case
  line: LogLine
  leg: Leg
  /** The proxy's end, and the other one in words. */
  proxy: Side
  far: string
  /** Null: it is still open. */
  ender: Ender | null
  /** How much later than the line's end the connection was closed, by the clock nearest to the proxy; null where unknown. */
  closedLaterNs: number | null
  /** By how much the proxy's clock may differ from what it is taken to be. */
  slackNs: number
  /** How long the capture went on after the line's end. */
  shownNs: number | null
  /** How the packets ended, as a clause. */
  ended: string
  /** The packets that show it. */
  observations: Observation[]
}

export function sceneOf(c: Case, { line, leg, offsetNs, offsetSlackNs }: JoinedLine): Scene {
  const proxy: Side = leg === 'upstream' ? 'client' : 'upstream'
  const far = leg === 'upstream' ? 'the upstream' : 'the client'
  const close = c.outcome.firstClose
  const tap = nearTap(c, proxy)
  const end = endOf(c, line, offsetNs, tap)
  const { captureEnd, inHost } = c.sighting.taps[tap]!
  return {
    ...{ c, line, leg, proxy, far },
    ender: close === null ? null : enderOf(closerOf(c)!, proxy),
    closedLaterNs:
      end === null || close?.segment == null
        ? null
        : onClockOf(c, close.tap, close.segment.time, tap) - end,
    slackNs: inHost?.host === proxy && offsetNs === 0 ? NEAR_NS : SLACK_NS + offsetSlackNs,
    shownNs: end === null ? null : captureEnd - end,
    ended: endedText(c, proxy, far),
    observations: endObservations(c),
  }
}

/** The capture whose clock is nearest to the proxy's, of those that saw the connection. */
function nearTap(c: Case, proxy: Side): number {
  const { taps } = c.sighting
  const near = taps.findIndex((tap) => tap.side === proxy && tap.view !== null)
  return near >= 0 ? near : taps.findIndex((tap) => tap.view !== null)
}

/** The line's end, relative to a capture. */
function endOf(c: Case, line: LogLine, offsetNs: number, tap: number): number | null {
  if (line.startNs === null) return null
  return Number(line.startNs - c.bases[tap]!) + offsetNs + (line.durationNs ?? 0)
}

/** The middle of what the clocks allow; without a common clock the times as they stand. */
function onClockOf(c: Case, from: number, time: number, to: number): number {
  if (from === to) return time
  const interval = c.sighting.clock?.translate(from, time, to)
  if (interval && Number.isFinite(interval.low) && Number.isFinite(interval.high)) {
    return (interval.low + interval.high) / 2
  }
  return Number(c.bases[from]! - c.bases[to]!) + time
}

/** Who closed first. Where the order of two FINs is open, what the connection is classed as may still tell it. */
function closerOf(c: Case): string | null {
  const { firstClose: close, firstReset, fins, detail } = c.outcome
  if (close === null || close.by !== 'undetermined') return close?.by ?? null
  if (detail === 'by-client') return 'client'
  if (detail === 'by-upstream') return 'upstream'
  // Its RST answers what came after its own FIN.
  if (detail === 'keep-alive-race' || detail === 'data-after-close') return firstReset!.by
  const only = fins.client === null ? 'upstream' : 'client'
  return close.kind === 'fin' && (fins.client === null || fins.upstream === null) ? only : close.by
}

export function enderOf(by: string, proxy: Side): Ender {
  if (by === 'between') return 'between'
  if (by === 'undetermined') return 'unknown'
  return by === proxy ? 'proxy' : 'far'
}

export function enderText(ender: Ender, far: string): string {
  if (ender === 'proxy') return 'the proxy'
  if (ender === 'far') return far
  return ender === 'between' ? 'a device between' : 'one of the two'
}

const HANDSHAKE_TEXTS: Record<string, string> = {
  'icmp-unreachable': 'an ICMP error answered the SYN',
  'no-answer': 'nothing answered the SYN',
  'no-final-ack': 'the handshake was not completed',
}

function endedText(c: Case, proxy: Side, far: string): string {
  const { termination, detail, firstClose: close, firstReset: reset } = c.outcome
  const who = (by: string) => enderText(enderOf(by, proxy), far)
  const closer = closerOf(c)
  switch (termination) {
    case 'handshake-never-completed':
      if (detail === 'refused') return `${who(reset!.by)} refused the SYN with a RST`
      if (reset !== null) return `${who(reset.by)} reset it in the handshake`
      return HANDSHAKE_TEXTS[detail] ?? 'the handshake was not completed'
    case 'tls-aborted':
      return `TCP was connected, the TLS handshake was not finished (${detail})`
    case 'rst-without-fin':
    case 'rst-after-fin':
      if (detail === 'keep-alive-race' && close !== null) {
        return `${who(closer!)}'s FIN crossed the request: keep-alive race`
      }
      if (close !== null && close.kind === 'fin') {
        const then = closer === reset!.by ? '' : `${who(reset!.by)} `
        return `${who(closer!)} sent a FIN, then ${then}a RST (${detail})`
      }
      return `${who(reset!.by)} reset it (${detail})`
    case 'fin-close':
      return `${who(closer ?? 'undetermined')} closed it first, by a FIN${detail === 'truncated-response' ? ', in the middle of a response' : ''}`
    case 'open':
      if (detail === 'silent-loss') return 'packets went unanswered until the capture ended'
      if (close !== null) return `${who(closer!)} sent a FIN and the other side did not`
      return 'it is still open when the capture ends'
  }
}

function endObservations(c: Case): Observation[] {
  const { firstReset, firstClose } = c.outcome
  const found: Observation[] = []
  if (firstClose?.segment != null && firstClose.kind === 'fin') {
    const { tap, segment, by } = firstClose
    found.push({ tap, segment, text: by === 'undetermined' ? 'FIN' : `FIN of the ${by}` })
  }
  if (firstReset !== null) found.push(...firstReset.evidence.slice(0, 2))
  if (found.length > 0) return found
  const tap = c.sighting.taps.findIndex((one) => one.view !== null)
  return [{ tap, segment: null, text: 'last packet of the connection' }]
}

/** Can the exchange on it be read: HTTP/1 in plaintext, followed to the end? */
export function isPlainHttp1(scene: Scene): boolean {
  const { application } = scene.c.outcome
  return application.protocol === 'http/1' && !application.lostPlace
}

/** Does a line of a TCP proxy, or of HTTP/1, own the connection: does its end follow from the line's? */
export function ownsConnection(scene: Scene): boolean {
  return isTcpLine(scene.line) || isPlainHttp1(scene)
}
