import type { Case, CaseLink, LinkedLeg, Surroundings } from '../model/case.ts'
import { endpointText } from '../model/case.ts'
import type { NsInterval } from '../model/clock.ts'
import { linkedLeg } from './linked-leg.ts'

/** What happened on the two connections around a proxy, and in which order (VERDICTS §6). */
export interface LegStory {
  downstream: LinkedLeg
  upstream: LinkedLeg
  /** As the asking connection has it: its confidence is that of all that is told here. */
  link: CaseLink
  /** The leg that was reset or closed first; undetermined where the clocks do not tell, null where none was. */
  first: 'downstream' | 'upstream' | 'undetermined' | null
  /** The client was answered well all the same: another attempt went well, or nothing was owed to it. */
  isRecovered: boolean
  /** Where it began: "the upstream leg (#9) was reset first by 10.42.3.8:8080". Empty where it did not end. */
  beginning: string
  /** What the proxy made of it: "the proxy answered 503 on #7 and kept it open". */
  answer: string
}

/**
 * On which leg of a proxy the end began and what the proxy made of it, asked by either leg. Null for a connection that
 * is linked to no other by more than a guess, and where no request was under way that both carried.
 */
export function legStory(c: Case, around: Surroundings): LegStory | null {
  const link = decisiveLink(c.links)
  const there = link === null ? null : around.linked(link.connection)
  if (link === null || there === null) return null
  const here = linkedLeg(c)
  const [downstream, upstream] = link.relation === 'proxied-to' ? [here, there] : [there, here]
  const first = firstClosed(downstream, upstream)
  const beginning = beginningText(downstream, upstream, first)
  const answer = answerText(downstream, upstream, link, first)
  const { downstreamStatus: status, upstreamStatus } = link
  const isWhole = status !== upstreamStatus || downstream.benign
  const isRecovered = isWhole && status > 0 && status < 500
  return { downstream, upstream, link, first, isRecovered, beginning, answer }
}

/** A story in one sentence without its full stop. */
export function storyText({ beginning, answer }: LegStory): string {
  return [beginning, answer].filter((part) => part !== '').join('; ')
}

/** The same for a headline that told the end of this connection already; empty without a story. */
export function storyInHeadline(c: Case, around: Surroundings): string {
  const story = legStory(c, around)
  if (story === null) return ''
  const isTold = story.link.relation === 'proxied-from' && story.first === 'upstream'
  return isTold ? `this is the upstream leg of a proxy; ${story.answer}` : storyText(story)
}

/** The link whose request was under way at the end: what was answered before has nothing to do with it. */
export function decisiveLink(links: readonly CaseLink[]): CaseLink | null {
  return links.find(({ owed, confidence }) => owed && confidence !== 'unclear') ?? null
}

function firstClosed(downstream: LinkedLeg, upstream: LinkedLeg): LegStory['first'] {
  // What was never open ended before everything else.
  if (isAttempt(upstream)) return 'upstream'
  const { closed: d } = downstream
  const { closed: u } = upstream
  if (d === null || u === null) return d !== null ? 'downstream' : u !== null ? 'upstream' : null
  if (u.high < d.low) return 'upstream'
  return d.high < u.low ? 'downstream' : 'undetermined'
}

function isAttempt({ termination }: LinkedLeg): boolean {
  return termination === 'handshake-never-completed'
}

function beginningText(d: LinkedLeg, u: LinkedLeg, first: LegStory['first']): string {
  const downstream = `the downstream leg (#${d.id}) was ${howText(d)}`
  const upstream = `the upstream leg (#${u.id}) was ${howText(u)}`
  if (isAttempt(u) && u.firstReset === null) {
    return `the upstream leg (#${u.id}) to ${endpointText(u.upstream)} was never established`
  }
  switch (first) {
    case 'upstream':
      return `${upstream} first${byText(u, 'client')}`
    case 'downstream':
      return `${downstream} first${byText(d, 'upstream')}`
    case 'undetermined':
      return `${upstream}${byText(u, 'client')} and ${downstream}${byText(d, 'upstream')}, in an order that the clocks do not tell`
    default:
      return ''
  }
}

function howText(leg: LinkedLeg): string {
  const { firstClose, firstReset } = leg
  if (isAttempt(leg) && firstReset !== null) return 'refused'
  return firstClose?.kind === 'rst' ? 'reset' : firstClose?.kind === 'fin' ? 'closed' : 'given up'
}

/** The proxy is the upstream end of its downstream leg, and the client end of its upstream leg. */
function byText(leg: LinkedLeg, proxy: 'client' | 'upstream'): string {
  const by = leg.firstClose?.by ?? leg.firstReset?.by
  if (by === proxy) return ' by the proxy'
  if (by === 'client' || by === 'upstream') return ` by ${endpointText(leg[by])}`
  return by === 'between' ? ' by something between' : ''
}

function answerText(d: LinkedLeg, u: LinkedLeg, link: CaseLink, first: LegStory['first']): string {
  if (first === null) return ''
  if (first === 'downstream') {
    if (u.closed === null) return `the upstream leg (#${u.id}) went on`
    return `then the upstream leg (#${u.id}) was ${howText(u)}${byText(u, 'client')}`
  }
  const again = d.links.find(
    ({ relation, connection, firstAt, lastAt }) =>
      relation === 'proxied-to' &&
      connection !== u.id &&
      (firstAt === link.lastAt || lastAt === link.lastAt),
  )
  const retry = again === undefined ? '' : `tried again on #${again.connection} and `
  const { downstreamStatus: status, upstreamStatus } = link
  const end = endOfDownstream(d, u)
  if (status === 0) {
    return end === null
      ? `the proxy ${retry}has not answered on #${d.id}`
      : `the proxy ${retry}${end} #${d.id} without an answer`
  }
  if (status === upstreamStatus) {
    return `the proxy had passed on its ${status} on #${d.id} and ${end === null ? 'kept it open' : `then ${end} it`}`
  }
  return `the proxy ${retry}answered ${status} on #${d.id} and ${end === null ? 'kept it open' : `${end} it`}`
}

/** A proxy that keeps its downstream leg for longer does not close it for this: Envoy waits a second (`delayed_close_timeout`). */
const AT_ONCE_NS = 2e9

/** How the proxy ended its downstream leg because of the upstream one's end; null where it did not. */
function endOfDownstream(d: LinkedLeg, u: LinkedLeg): 'reset' | 'closed' | null {
  const { firstClose: close } = d
  const isOwn = close?.by === 'upstream' && close.kind !== 'silence'
  if (!isOwn || isMuchLater(d.closed, u.closed)) return null
  return close.kind === 'rst' ? 'reset' : 'closed'
}

function isMuchLater(a: NsInterval | null, b: NsInterval | null): boolean {
  return a !== null && b !== null && a.low - b.high > AT_ONCE_NS
}
