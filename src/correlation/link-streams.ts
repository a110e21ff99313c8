import { endpointText } from '../model/case.ts'
import type { LegSides } from './asked.ts'
import { sourceText } from './leg-candidates.ts'
import { isSameConnection, type Leg, meet } from './legs.ts'

/** Two whole connections, one for the other: what a proxy of streams makes, or one that nobody can look into. */
export interface StreamPair {
  downstream: Leg
  upstream: Leg
  basis: string
  confidence: 'certain' | 'probable' | 'unclear'
}

/** Of more connections within one's life, none is told. */
const MOST_CHOICES = 128
const SLACK_NS = 1e6

/** PROXY protocol headers name the connection that the proxy accepted. */
export function linkByHeader(sides: LegSides): StreamPair[] {
  const named = sides.upstream.filter((leg) => leg.proxyHeader !== null)
  if (named.length === 0) return []
  const accepted = new Map<string, Leg[]>()
  for (const leg of sides.downstream) push(accepted, endpointText(leg.client), leg)
  const pairs: StreamPair[] = []
  for (const upstream of named) {
    const choices = (accepted.get(sourceText(upstream.proxyHeader!)) ?? []).filter((downstream) =>
      encloses(sides, downstream, upstream),
    )
    // A port that is used again: the newest of them is still open.
    const downstream = choices[choices.length - 1]
    if (downstream === undefined) continue
    const confidence = choices.length === 1 ? 'certain' : 'probable'
    pairs.push({ downstream, upstream, basis: 'PROXY header', confidence })
  }
  return pairs
}

/** Of so many bytes, equal both ways, no two conversations are alike by chance. */
const TELLING_CONVERSATION = 4096

/**
 * The client's first bytes are the same on both legs. A ClientHello says itself which it is; what else is no request
 * begins alike a thousand times (the HTTP/2 preface always), so the rest must be as long, too.
 */
export function linkByFirstBytes(sides: LegSides): StreamPair[] {
  const sent = new Map<string, Leg[]>()
  const passedOn = new Map<string, Leg[]>()
  for (const leg of sides.downstream) if (isStream(leg)) push(sent, firstBytes(leg), leg)
  for (const leg of sides.upstream) if (isStream(leg)) push(passedOn, firstBytes(leg), leg)
  return [...sent].flatMap(([key, downstream]) =>
    onlyPairs(sides, downstream, passedOn.get(key) ?? []).map((pair) => {
      const { protocol, bytes } = pair.downstream
      if (protocol === 'tls') {
        return { ...pair, basis: 'same ClientHello and time', confidence: 'probable' }
      }
      const isTelling = bytes.client + bytes.upstream >= TELLING_CONVERSATION
      const confidence = sides.there !== null && isTelling ? 'probable' : 'unclear'
      return { ...pair, basis: 'same first bytes, byte counts and time', confidence }
    }),
  )
}

function isStream(leg: Leg): boolean {
  return leg.requests.length === 0 && leg.digest !== 0 && leg.protocol !== 'h2'
}

function firstBytes({ protocol, digest, sni, firstLength, bytes }: Leg): string {
  if (protocol === 'tls') return `${digest} ${sni ?? ''}`
  return `${digest} ${firstLength} ${bytes.client} ${bytes.upstream}`
}

/** What a handshake, and headers that a proxy adds, may make up. */
const OVERHEAD_BYTES = 8192
const OVERHEAD_SHARE = 0.05
/** As much as this is no answer like any other. */
const TELLING_BYTES = 65_536
/** A proxy opens its connection within this time of being asked, and passes on what it is answered. */
const AT_ONCE_NS = 1e9

/**
 * Where at least one leg is encrypted, as between sidecars, only byte counts and times are left: two connections, one
 * within the other's time, alike in size, and no other that is.
 */
export function linkBySize(sides: LegSides): StreamPair[] {
  if (sides.there === null) return []
  const { there } = sides
  const isPrompt = (d: Leg, u: Leg) =>
    there(u.opened).low <= d.asked + AT_ONCE_NS &&
    (d.lastAnswer === null) === (u.lastAnswer === null) &&
    (u.lastAnswer === null || there(u.lastAnswer).high >= d.lastAnswer! - AT_ONCE_NS)
  const fits = (d: Leg, u: Leg) => isAlike(d, u) && isPrompt(d, u)
  return onlyPairs(sides, sides.downstream, sides.upstream, fits).map((pair) => {
    const { client, upstream } = pair.downstream.bytes
    const confidence = Math.max(client, upstream) >= TELLING_BYTES ? 'probable' : 'unclear'
    return { ...pair, basis: 'byte counts and time', confidence }
  })
}

function isAlike(a: Leg, b: Leg): boolean {
  const isClosed = a.requests.length === 0 || b.requests.length === 0
  return (
    isClosed &&
    (a.protocol === 'tls' || b.protocol === 'tls' || a.protocol === 'h2' || b.protocol === 'h2') &&
    isAlikeSize(a.bytes.client, b.bytes.client) &&
    isAlikeSize(a.bytes.upstream, b.bytes.upstream)
  )
}

function isAlikeSize(a: number, b: number): boolean {
  return Math.abs(a - b) <= OVERHEAD_BYTES + OVERHEAD_SHARE * Math.max(a, b)
}

/** Pairs in which each is the only one that the other may be. */
function onlyPairs(
  sides: LegSides,
  downstream: readonly Leg[],
  upstream: readonly Leg[],
  fits: (d: Leg, u: Leg) => boolean = () => true,
): { downstream: Leg; upstream: Leg }[] {
  const { there } = sides
  const opened = [...upstream].sort((a, b) => a.opened - b.opened)
  const earliest = opened.map((leg) => there?.(leg.opened).low ?? Number.NEGATIVE_INFINITY)
  const latest = opened.map((leg) => there?.(leg.opened).high ?? Number.POSITIVE_INFINITY)
  const claims = new Int32Array(opened.length)
  /** Those of legs that have too many to look at each: where a stretch of claims begins, and ends. */
  const stretches = new Int32Array(opened.length + 1)
  const choice = new Map<Leg, number>()
  for (const d of downstream) {
    const from = there === null ? 0 : lowerBound(latest, d.opened - SLACK_NS)
    const to = there === null ? opened.length : lowerBound(earliest, d.ended + SLACK_NS)
    if (to - from > MOST_CHOICES) {
      stretches[from]!++
      stretches[to]!--
      continue
    }
    let only = -1
    let fitting = 0
    for (let k = from; k < to; k++) {
      const u = opened[k]!
      const isPossible = encloses(sides, d, u) && (!sides.together || meet(d, u)) && fits(d, u)
      if (!isPossible) continue
      claims[k]!++
      fitting++
      only = k
    }
    if (fitting === 1) choice.set(d, only)
  }
  for (let k = 0, open = 0; k < opened.length; k++) {
    open += stretches[k]!
    claims[k]! += open
  }
  return [...choice].flatMap(([d, k]) =>
    claims[k] === 1 ? [{ downstream: d, upstream: opened[k]! }] : [],
  )
}

/** Was the upstream leg opened, and done with what it answered, within the downstream leg's life? */
function encloses(sides: LegSides, d: Leg, u: Leg): boolean {
  if (isSameConnection(d, u)) return false
  if (sides.there === null) return true
  const opened = sides.there(u.opened)
  const slack = sides.together ? 0 : SLACK_NS
  if (opened.high < d.opened - slack || opened.low > d.ended + slack) return false
  if (u.lastAnswer === null || d.lastAnswer === null) return true
  return sides.there(u.lastAnswer).low <= d.ended + slack
}

/** The first place whose value is not below. */
function lowerBound(values: readonly number[], least: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! < least) low = middle + 1
    else high = middle
  }
  return low
}

function push(groups: Map<string, Leg[]>, key: string, leg: Leg): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [leg])
  else group.push(leg)
}
