import type { ConnectionSet } from '../model/connection-set.ts'
import type { Matches } from '../model/pair.ts'
import { HashChains, hashOf } from './hash-chains.ts'

/** An ISN that more connections share than this (a scanner's, a generator's) names none of them. */
const MOST_ALIKE = 64

/** Pairs whose initial sequence numbers agree, and those of unanswered SYNs of which more than the ISN agrees. */
export function matchByIsn(
  client: ConnectionSet,
  upstream: ConnectionSet,
  matches: Matches,
  join: (c: number, u: number) => void,
): void {
  const known = new KnownIsns(upstream, matches)
  for (let c = 0; c < client.count; c++) {
    const isn = client.impliedIsn(c, 'client')
    if (isn < 0) continue
    const answer = client.impliedIsn(c, 'upstream')
    const exact = answer < 0 ? -1 : known.withAnswer(isn, answer)
    const u = exact >= 0 ? exact : known.onlyAlike(isn, answer, client, c)
    if (u >= 0) join(c, u)
  }
}

/** The upstream capture's connections by client ISN, and by both ISNs. */
class KnownIsns {
  private readonly upstream: ConnectionSet
  private readonly clientOf: Int32Array
  private readonly isns: Uint32Array
  /** -1 where no SYN-ACK is in view. */
  private readonly answers: Float64Array
  private readonly byIsn = new HashChains()
  private readonly byBoth = new HashChains()

  constructor(upstream: ConnectionSet, matches: Matches) {
    this.upstream = upstream
    this.clientOf = matches.clientOf
    this.isns = new Uint32Array(upstream.count)
    this.answers = new Float64Array(upstream.count)
    this.byIsn.reset(upstream.count)
    this.byBoth.reset(upstream.count)
    for (let u = upstream.count - 1; u >= 0; u--) {
      const isn = upstream.impliedIsn(u, 'client')
      if (isn < 0) continue
      const answer = upstream.impliedIsn(u, 'upstream')
      this.isns[u] = isn
      this.answers[u] = answer
      this.byIsn.add(u, hashOf(isn, 0))
      if (answer >= 0) this.byBoth.add(u, hashOf(isn, answer))
    }
  }

  /** The first connection with both numbers that is not matched yet; -1 for none. */
  withAnswer(isn: number, answer: number): number {
    const { isns, answers, byBoth } = this
    const hash = hashOf(isn, answer)
    let before = -1
    for (let u = byBoth.first(hash); u >= 0; u = byBoth.after(u)) {
      if (this.clientOf[u]! >= 0) byBoth.removeAfter(before, hash)
      else if (isns[u] === isn && answers[u] === answer) return u
      else before = u
    }
    return -1
  }

  /**
   * The only connection with this client ISN whose SYN has something else in common, where one of both answers is
   * not in view; -1 for none, and for several: two that fit equally prove nothing.
   */
  onlyAlike(isn: number, answer: number, client: ConnectionSet, c: number): number {
    const { isns, answers, byIsn } = this
    const hash = hashOf(isn, 0)
    let before = -1
    let looked = 0
    let found = -1
    for (let u = byIsn.first(hash); u >= 0; u = byIsn.after(u)) {
      if (this.clientOf[u]! >= 0) {
        byIsn.removeAfter(before, hash)
        continue
      }
      before = u
      if (isns[u] !== isn) continue
      if (++looked > MOST_ALIKE) return -1
      if (answer >= 0 && answers[u]! >= 0) continue
      if (!isSameSyn(client, c, this.upstream, u)) continue
      if (found >= 0) return -1
      found = u
    }
    return found
  }
}

/**
 * One ISN alone is 32 bits: something else of the SYN must agree too. Ports first: they are at hand, and rarely differ,
 * while what else the SYN said lies in its segments.
 */
function isSameSyn(client: ConnectionSet, c: number, upstream: ConnectionSet, u: number): boolean {
  if (client.clientPort(c) === upstream.clientPort(u)) return true
  if (client.upstreamPort(c) === upstream.upstreamPort(u)) return true
  const stamp = client.synTimestamp(c)
  if (stamp >= 0 && stamp === upstream.synTimestamp(u)) return true
  const id = client.synIpId(c)
  return id > 0 && id === upstream.synIpId(u)
}
