import type { RequestMark } from '../model/application.ts'
import { type Asked, canAnswer, canMeet, canPassOn, groupsBy, type LegSides } from './asked.ts'
import type { Sighted } from './leg-links.ts'
import type { Told } from './link-by-id.ts'

/** Equal requests that may be under way at a time: among more than these nothing tells one from another. */
const MOST_OPEN = 16
/** Of more that wait, the oldest are not looked at any more. */
const MOST_WAITING = 16

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
      confidence: alone && !contradicts && sides.there !== null ? 'probable' : 'unclear',
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
  const open: Open[] = []
  let next = 0
  for (const u of upstream) {
    const { low, high } = sides.there?.(u.mark.time) ?? ANY_TIME
    let left = 0
    // What was answered before this one was answered before all that follow.
    for (const d of open) if (endOf(d.asked) >= low - SLACK_NS) open[left++] = d
    open.length = left
    while (next < downstream.length && downstream[next]!.mark.time <= high + SLACK_NS) {
      open.push({ asked: downstream[next++]!, passedOn: null, isSure: false, choices: 0 })
      if (open.length > 2 * MOST_WAITING) open.splice(0, MOST_WAITING)
    }
    if (open.length > MOST_OPEN) continue
    const fitting = open.filter(
      ({ asked: d }) => canPassOn(sides, d, u) && canMeet(sides, d, u) && canAnswer(sides, d, u),
    )
    if (fitting.length > 0) found.push({ u, open: fitting })
  }
  return found
}

const ANY_TIME = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
/** `canPassOn` decides; this only bounds what it is asked. */
const SLACK_NS = 1e6

function endOf({ leg, mark }: Asked): number {
  return mark.answered ?? leg.ended
}

/** Was the first request at the upstream over when the second began: a second attempt of the same? */
function isOver(first: Asked, second: Asked): boolean {
  return endOf(first) <= second.mark.time
}

function basisOf(d: Asked, u: Asked, byHost: boolean): string {
  const isFirst = d.leg.requests[0] === d.mark && u.leg.requests[0] === u.mark
  // A proxy of requests adds headers; one of streams does not.
  const isUntouched =
    isFirst &&
    d.leg.digest !== 0 &&
    d.leg.digest === u.leg.digest &&
    d.leg.firstLength === u.leg.firstLength
  if (isUntouched) return 'same first bytes and time'
  return byHost ? 'same request line, host and time' : 'same request line and time'
}
