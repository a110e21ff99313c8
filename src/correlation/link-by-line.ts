import type { RequestMark } from '../model/application.ts'
import { type Asked, canAnswer, canMeet, canPassOn, groupsBy, type LegSides } from './asked.ts'
import type { Sighted } from './leg-links.ts'
import type { Told } from './link-by-id.ts'

/** Equal requests that may be under way at a time: among more than these nothing tells one from another. */
const MOST_OPEN = 16
/** Of more, the oldest are taken to be answered. */
const MOST_WAITING = 128

/** A downstream request that waits for its answer. */
interface Open {
  asked: Asked
  /** What it was passed on as last, and whether it can be nothing else. */
  passedOn: Asked | null
  isSure: boolean
  /** How many upstream requests it could have become. */
  choices: number
}

/**
 * Requests of equal method and path, one of which was under way when the other was sent. It takes one of several for
 * the earliest that is not passed on yet, and says how unclear that is.
 */
export function linkByLine(sides: LegSides, told: Told, tell: (found: Sighted) => void): void {
  const keyOf = (mark: RequestMark) => mark.line
  const near = groupsBy(sides.downstream, keyOf, told.passedOn)
  const far = groupsBy(sides.upstream, keyOf, told.received)
  for (const [key, asked] of far) {
    const from = near.get(key)
    if (from !== undefined) linkAlike(sides, from, asked, told, tell)
  }
}

function linkAlike(
  sides: LegSides,
  downstream: readonly Asked[],
  upstream: readonly Asked[],
  told: Told,
  tell: (found: Sighted) => void,
): void {
  // Without a common clock there is only order, and that only where none is missing.
  if (sides.there === null && downstream.length !== upstream.length) return
  const choices = choicesOf(sides, downstream, upstream)
  for (const { open } of choices) for (const d of open) d.choices++
  for (const { u, open } of choices) {
    const free = open.filter((d) => d.passedOn === null || isOver(d.passedOn, u))
    const named = free.filter((d) => d.asked.leg.host !== null && d.asked.leg.host === u.leg.host)
    const byHost = free.length > 1 && named.length === 1
    const d = byHost ? named[0] : free[0]
    if (d === undefined) continue
    const others = open.filter((other) => other !== d && !(other.isSure && !free.includes(other)))
    // Another tap does not see all that come to the proxy: one of its requests alone must fit, too.
    const alone = (byHost || others.length === 0) && (sides.together || d.choices === 1)
    d.passedOn = u
    d.isSure = alone
    told.passedOn.add(d.asked.mark)
    told.received.add(u.mark)
    const contradicts = d.asked.mark.requestId * u.mark.requestId !== 0
    tell({
      downstream: d.asked.leg,
      upstream: u.leg,
      basis: basisOf(d.asked, u, byHost),
      confidence: alone && !contradicts ? 'probable' : 'unclear',
      asked: { downstream: d.asked.mark, upstream: u.mark },
    })
  }
}

/** For each upstream request the downstream ones that it may have come from. Both are in order of time. */
function choicesOf(
  sides: LegSides,
  downstream: readonly Asked[],
  upstream: readonly Asked[],
): { u: Asked; open: Open[] }[] {
  const found: { u: Asked; open: Open[] }[] = []
  let open: Open[] = []
  let next = 0
  for (const u of upstream) {
    const until = sides.there?.(u.mark.time).high ?? Number.POSITIVE_INFINITY
    while (next < downstream.length && downstream[next]!.mark.time <= until + LATEST_NS) {
      open.push({ asked: downstream[next++]!, passedOn: null, isSure: false, choices: 0 })
    }
    open = open.filter((d) => !isAnswered(sides, d.asked, u)).slice(-MOST_WAITING)
    if (open.length > MOST_OPEN) continue
    const fitting = open.filter(
      ({ asked: d }) => canPassOn(sides, d, u) && canMeet(sides, d, u) && canAnswer(sides, d, u),
    )
    if (fitting.length > 0) found.push({ u, open: fitting })
  }
  return found
}

/** `canPassOn` decides; this only bounds how far ahead it is asked. */
const LATEST_NS = 1e6

/** It was answered before this one, and so before all that follow. */
function isAnswered({ there }: LegSides, d: Asked, u: Asked): boolean {
  if (there === null) return false
  return (d.mark.answered ?? d.leg.ended) < there(u.mark.time).low - LATEST_NS
}

/** Was the first request at the upstream over when the second began: a second attempt of the same? */
function isOver(first: Asked, second: Asked): boolean {
  return (first.mark.answered ?? first.leg.ended) <= second.mark.time
}

function basisOf(d: Asked, u: Asked, byHost: boolean): string {
  const first = d.leg.requests[0] === d.mark && u.leg.requests[0] === u.mark
  if (first && d.leg.digest !== 0 && d.leg.digest === u.leg.digest)
    return 'same first bytes and time'
  return byHost ? 'same request line, host and time' : 'same request line and time'
}
