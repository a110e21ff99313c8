import type { Handshakes, SeenHandshake } from '../../handshakes.ts'
import type { Side } from '../../model/connection.ts'

/** Two captures that saw the same connections. */
export interface SharedPair {
  /** Indexes of the captures. */
  client: number
  upstream: number
  /** Handshakes that both saw, of those that are kept. */
  shared: number
  /** How it is known which side is which; null where it is not. */
  sidesBy: string | null
}

export interface SharedPairs {
  pairs: SharedPair[]
  /** Why others that share connections are no pair, by capture. */
  doubts: ReadonlyMap<number, string>
}

/** A handshake that more captures saw names no pair of them. */
const MOST_ALIKE = 8
/** Of what tells the sides, this share must agree. */
const CLEAR_SHARE = 0.9

/** What two captures have in common. */
interface Common {
  a: number
  b: number
  answered: number
  asked: number
  /** Handshakes that both saw at the same microsecond. */
  atOnce: number
  /** For and against `a` being the client's side: TTLs, and what the captures say of where they were taken. */
  nearer: { a: number; b: number }
  hinted: { a: number; b: number }
}

/** Pairs captures by the handshakes that they share. No two captures are compared: the index is walked once. */
export function pairByConnections(captures: readonly Handshakes[]): SharedPairs {
  const common = new Map<number, Common>()
  count(captures, 'answered', common)
  count(captures, 'asked', common)
  const doubts = new Map<number, string>()
  const partners = captures.map((): Common[] => [])
  for (const one of common.values()) {
    if (isCopy(one)) {
      doubts.set(one.a, 'it holds the same packets at the same times as another capture')
      doubts.set(one.b, 'it holds the same packets at the same times as another capture')
      continue
    }
    partners[one.a]!.push(one)
    partners[one.b]!.push(one)
  }
  for (const of of partners)
    of.sort((x, y) => sharedOf(y) - sharedOf(x) || differenceOf(y) - differenceOf(x))
  const pairs: SharedPair[] = []
  for (const [index, of] of partners.entries()) {
    const best = of[0]
    if (best === undefined) continue
    const partner = partners[index === best.a ? best.b : best.a]!
    if (isTied(of)) {
      doubts.set(index, `several captures share as many connections with it`)
    } else if (isTied(partner)) {
      doubts.set(index, 'the capture that shares most with it shares as much with another')
    } else if (partner[0] !== best) {
      doubts.set(index, 'the capture that shares most with it shares more with another')
    } else if (index === best.a) {
      pairs.push(pairOf(best))
    }
  }
  return { pairs, doubts }
}

function isTied([first, second]: readonly Common[]): boolean {
  return (
    first !== undefined &&
    second !== undefined &&
    sharedOf(first) === sharedOf(second) &&
    differenceOf(first) === differenceOf(second)
  )
}

/** A connection may be counted by its SYN and by its SYN-ACK: the larger of both is how many there are at least. */
function sharedOf({ answered, asked }: Common): number {
  return Math.max(answered, asked)
}

/** How clearly they lie apart on the path: of three taps on one path, the outermost two are the pair. */
function differenceOf({ nearer }: Common): number {
  return Math.abs(nearer.a - nearer.b)
}

function isCopy({ answered, asked, atOnce }: Common): boolean {
  return atOnce === answered + asked
}

/** Adds what captures have in common in one kind of handshake. */
function count(
  captures: readonly Handshakes[],
  kind: 'answered' | 'asked',
  common: Map<number, Common>,
): void {
  const seenBy = new Map<number, number[]>()
  for (const [index, capture] of captures.entries()) {
    for (const key of capture[kind].keys()) {
      const others = seenBy.get(key)
      if (others === undefined) seenBy.set(key, [index])
      else others.push(index)
    }
  }
  for (const [key, indexes] of seenBy) {
    if (indexes.length < 2 || indexes.length > MOST_ALIKE) continue
    for (const [i, a] of indexes.entries()) {
      for (const b of indexes.slice(i + 1)) {
        const one = commonOf(a, b, captures.length, common)
        one[kind]++
        weigh(one, captures[a]![kind].get(key)!, captures[b]![kind].get(key)!, kind)
      }
    }
  }
}

function commonOf(a: number, b: number, width: number, common: Map<number, Common>): Common {
  const key = a * width + b
  let one = common.get(key)
  if (one === undefined) {
    one = { a, b, answered: 0, asked: 0, atOnce: 0, nearer: { a: 0, b: 0 }, hinted: { a: 0, b: 0 } }
    common.set(key, one)
  }
  return one
}

function weigh(one: Common, a: SeenHandshake, b: SeenHandshake, kind: 'answered' | 'asked'): void {
  if (a.timeUs === b.timeUs) one.atOnce++
  // A SYN has lost more of its TTL the farther it is from the client; a SYN-ACK the nearer it is.
  const difference = kind === 'asked' ? a.ttl - b.ttl : b.ttl - a.ttl
  if (difference > 0) one.nearer.a += difference
  if (difference < 0) one.nearer.b -= difference
  if (a.hint === b.hint) return
  if (a.hint === 'client' || b.hint === 'upstream') one.hinted.a++
  else one.hinted.b++
}

function pairOf(one: Common): SharedPair {
  const byHint = clearSide(one.hinted)
  const byTtl = clearSide(one.nearer)
  const side = byHint ?? byTtl
  const [client, upstream] = side === 'upstream' ? [one.b, one.a] : [one.a, one.b]
  const sidesBy =
    byHint !== null
      ? 'what the captures say of where they were taken'
      : byTtl !== null
        ? 'the TTLs of SYN and SYN-ACK'
        : null
  return { client, upstream, shared: sharedOf(one), sidesBy }
}

/** The side of `a`; null where it is not clear. */
function clearSide({ a, b }: { a: number; b: number }): Side | null {
  const all = a + b
  if (all === 0) return null
  if (a >= CLEAR_SHARE * all) return 'client'
  return b >= CLEAR_SHARE * all ? 'upstream' : null
}
