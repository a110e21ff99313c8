import { legStory, storyText } from '../legs.ts'
import { timerText } from '../timers.ts'
import {
  ageLimit,
  applicationHang,
  applicationTimeout,
  crashed,
  requestText,
  shutDown,
  workerGone,
  workerRecycled,
} from './process-rules.ts'
import { goAway, proxyHeader, wrongProtocol } from './protocol-rules.ts'
import { alikeText, ENOUGH_REPEATED, type Rule, repeatedApart, secondsText } from './rule.ts'

/** Shorter silences are no timeouts. */
const LEAST_IDLE_NS = 0.9e9

const truncated: Rule = (f) => {
  const { outcome } = f.c
  const http = outcome.application.http
  const cut =
    http !== null && (http.upstreamState === 'in-body' || http.upstreamState === 'in-head')
  if (!cut || outcome.fins.upstream === null || outcome.firstClose?.by === 'client') return null
  const missing = http.responseMissing
  return {
    id: 'premature-close',
    confidence: 'probable',
    why: `the upstream closed in the middle of its response${missing === null ? ' (chunked, without its end)' : `: ${missing} bytes were still to come`}`,
    next: [
      'the log of the upstream application: an exception while it wrote, or its own upstream went away',
    ],
  }
}

/** The upstream closed in an orderly way, and had not answered. */
const unanswered: Rule = (f) => {
  const { outcome } = f.c
  if (outcome.firstClose?.by !== 'upstream' || outcome.benign || outcome.firstReset !== null)
    return null
  if (outcome.exchange !== 'response-owed') return null
  const waited = f.measures.request
  return {
    id: 'premature-close',
    confidence: 'probable',
    why: `the upstream closed without an answer to the request${requestText(f)}${Number.isNaN(waited) ? '' : `, ${secondsText(waited)} after its end`}`,
    next: [
      'the log of the upstream application at its FIN: an exception, a shutdown, a worker that ended',
    ],
  }
}

const cancelled: Rule = (f) => {
  const { outcome } = f.c
  const state = outcome.exchangeAtClose
  const cut = state === 'mid-response' || state === 'response-owed'
  if (outcome.firstClose?.by !== 'client' || outcome.firstClose.kind !== 'fin' || !cut) return null
  // A half-close that the upstream answered in full cancels nothing.
  if (outcome.exchange !== 'mid-response' && outcome.exchange !== 'response-owed') return null
  return {
    id: 'client-cancel',
    confidence: 'probable',
    why: 'the client closed before the response was complete',
    next: ["the client's timeout or cancellation at that moment (Envoy flag DC)"],
  }
}

/** Somebody was waiting: no such connection is idle. */
const OWED: ReadonlySet<string> = new Set(['mid-response', 'mid-request', 'response-owed'])

/** An orderly end that a timer explains: no fault, but worth a word. */
const idleClose: Rule = (f) => {
  const { outcome, sighting } = f.c
  const close = outcome.firstClose
  if (outcome.termination !== 'fin-close' || close?.kind !== 'fin' || close.segment === null)
    return null
  if (close.by !== 'client' && close.by !== 'upstream') return null
  let last: number | null = null
  for (const s of sighting.taps[close.tap]!.view!.segments) {
    if (s.frame >= close.segment.frame) break
    if (s.length > 0 && s.kind !== 'keep-alive') last = s.time
  }
  const idle = last === null ? 0 : close.segment.time - last
  const timer = timerText(idle, close.by === 'upstream' ? 'server' : 'client')
  const repeated = idle < LEAST_IDLE_NS ? 1 : repeatedApart(f, 'idle')
  const isTimer = timer !== '' || repeated >= ENOUGH_REPEATED
  if (!isTimer || OWED.has(outcome.exchangeAtClose)) return null
  return {
    id: 'idle-timeout',
    confidence: 'probable',
    why: `the ${close.by} closed the idle connection after ${secondsText(idle)}${timer}${alikeText(repeated)}; nothing was lost`,
  }
}

/** A RST that its receiver ignored; the connection went on. */
const ineffective: Rule = (f) => {
  const { outcome } = f.c
  const ignored = outcome.resets.find((e) => !e.ending && !e.afterClose)
  if (ignored === undefined || outcome.firstReset !== null) return null
  const tap = ignored.segment.seen.findIndex((s) => s !== null)
  const text = 'the RST that its receiver ignored'
  return {
    id: 'ineffective-rst',
    confidence: 'probable',
    why: `a RST in the name of the ${ignored.from} was ignored by its receiver: its sequence number was not the expected one; the connection went on`,
    evidence: [{ tap, segment: ignored.segment.seen[tap]!, text }],
    next: [
      'something between injects resets: compare its TTL and IP ID with the other packets of that side',
    ],
  }
}

/** The client's connection ends at a proxy, and the proxy's own connection was reset while it carried the request. */
export const behindProxy: Rule = (f) => {
  const story = legStory(f.c, f.around)
  if (story === null || story.link.relation !== 'proxied-to' || story.isRecovered) return null
  const { link, upstream, first } = story
  const reset = upstream.firstReset
  if (reset === null || reset.by === 'client' || upstream.benign || first === 'downstream') {
    return null
  }
  return {
    id: 'proxy-upstream-reset',
    confidence: link.confidence,
    why: `a proxy ends this connection: ${storyText(story)}`,
    next: [
      `look at connection ${link.connection}: rstscope compare … --connection ${link.connection}`,
    ],
  }
}

/** Causes of ends without a RST. */
export const CLOSE_RULES: readonly Rule[] = [
  behindProxy,
  ineffective,
  wrongProtocol,
  proxyHeader,
  goAway,
  shutDown,
  workerRecycled,
  crashed,
  ageLimit,
  truncated,
  applicationTimeout,
  workerGone,
  unanswered,
  cancelled,
  applicationHang,
  idleClose,
]
