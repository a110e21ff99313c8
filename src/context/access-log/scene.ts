import { isTcpLine, type JoinedLine, type Leg, type LogLine } from '../../model/access-log.ts'
import type { Case } from '../../model/case.ts'
import type { Side } from '../../model/connection.ts'
import type { Observation } from '../../model/outcome.ts'
import { NEAR_NS, SLACK_NS } from './join.ts'

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
  /** By how much the proxy's clock may differ from that one. */
  slackNs: number
  /** How long the capture went on after the line's end. */
  shownNs: number | null
  /** How the packets ended, as a clause. */
  ended: string
  /** The packets that show it. */
  observations: Observation[]
}

export function sceneOf(c: Case, { line, leg }: JoinedLine): Scene {
  const proxy: Side = leg === 'upstream' ? 'client' : 'upstream'
  const far = leg === 'upstream' ? 'the upstream' : 'the client'
  const close = c.outcome.firstClose
  const tap = nearTap(c, proxy)
  const end = endOf(c, line, tap)
  const { captureEnd, inHost } = c.sighting.taps[tap]!
  return {
    ...{ c, line, leg, proxy, far },
    ender: close === null ? null : enderOf(close.by, proxy),
    closedLaterNs:
      end === null || close?.segment == null
        ? null
        : onClockOf(c, close.tap, close.segment.time, tap) - end,
    slackNs: inHost?.host === proxy ? NEAR_NS : SLACK_NS,
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
function endOf(c: Case, line: LogLine, tap: number): number | null {
  if (line.startNs === null) return null
  return Number(line.startNs - c.bases[tap]!) + (line.durationNs ?? 0)
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
  const words = detail.replaceAll('-', ' ')
  switch (termination) {
    case 'handshake-never-completed':
      if (reset !== null) return `${who(reset.by)} reset it in the handshake`
      return HANDSHAKE_TEXTS[detail] ?? 'the handshake was not completed'
    case 'tls-aborted':
      return `TCP was connected, the TLS handshake was not finished (${words})`
    case 'rst-without-fin':
    case 'rst-after-fin':
      if (detail === 'keep-alive-race' && close !== null) {
        return `${possessive(who(close.by))} FIN crossed the request: keep-alive race`
      }
      if (close !== null && close.kind === 'fin') {
        return `${who(close.by)} sent a FIN, then ${who(reset!.by)} a RST (${words})`
      }
      return `${who(reset!.by)} reset it (${words})`
    case 'fin-close':
      return `${who(close?.by ?? 'undetermined')} closed it first, by a FIN${detail === 'truncated-response' ? ', in the middle of a response' : ''}`
    case 'open':
      if (detail === 'silent-loss') return 'packets went unanswered until the capture ended'
      if (close !== null) return `${who(close.by)} sent a FIN and the other side did not`
      return 'it is still open when the capture ends'
  }
}

function possessive(name: string): string {
  return `${name}'s`
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
