import { type Case, shownTap } from '../model/case.ts'
import type { ConnectionQuestion, EndKind, EndQuestion } from '../model/cluster.ts'
import type { Side } from '../model/connection.ts'
import { tapNear, wallTime } from './tap-time.ts'

/** What the lists are asked about one connection: each end at the tap and in the clock that are nearest to it. */
export function questionOf(c: Case): ConnectionQuestion {
  const how = endKind(c)
  const view = c.sighting.taps[shownTap(c.sighting)]!.view!
  return {
    client: endQuestion(c, 'client', how),
    upstream: endQuestion(c, 'upstream', how),
    called: view.endpoints.upstream,
    endedBy: endedBy(c),
    how,
    spoke: spoken(c),
    subset: subsetOf(c.outcome.application.tls?.sni ?? null),
  }
}

function endKind({ outcome }: Case): EndKind {
  switch (outcome.termination) {
    case 'handshake-never-completed':
      if (outcome.detail === 'icmp-unreachable') return 'icmp-refused'
      if (outcome.detail === 'no-answer' || outcome.detail === 'no-final-ack') return 'no-answer'
      if (outcome.detail !== 'refused') return 'closed'
      return outcome.firstReset?.by === 'between' ? 'rejected' : 'refused'
    case 'open':
      return 'silent'
    default:
      return 'closed'
  }
}

function endedBy({ outcome }: Case): Side | null {
  const by = outcome.firstClose?.by ?? outcome.firstReset?.by
  return by === 'client' || by === 'upstream' ? by : null
}

function endQuestion(c: Case, side: Side, how: EndKind): EndQuestion {
  const tap = tapNear(c, side)
  const view = c.sighting.taps[tap]!.view!
  const { address, port } = view.endpoints[side]
  const at = (time: number, from = tap) => wallTime(c, { tap: from, time }, tap)
  const first = at(view.firstTime)
  return { address, port, first, end: endSpan() }

  function endSpan(): { from: number; to: number } {
    // A SYN that nobody takes is told by when it was sent, over all of its repetitions.
    if (how !== 'closed' && how !== 'silent') return { from: first, to: at(view.lastTime) }
    if (how === 'silent') {
      const heard = view[side].lastTime ?? view.firstTime
      return { from: at(Math.min(heard, view.lastTime)), to: at(view.lastTime) }
    }
    const { firstClose, firstReset } = c.outcome
    const close = firstClose?.segment == null ? null : firstClose
    const moment =
      close !== null
        ? { tap: close.tap, time: close.segment!.time }
        : firstReset !== null
          ? { tap: firstReset.tap, time: firstReset.time }
          : { tap, time: view.lastTime }
    const time = at(moment.time, moment.tap)
    return { from: time, to: time }
  }
}

function spoken({ outcome }: Case): ConnectionQuestion['spoke'] {
  const { clientFirst, tls } = outcome.application
  if (tls !== null || clientFirst === 'tls') return 'tls'
  return clientFirst === 'none' || clientFirst === 'not-captured' ? 'nothing' : 'plaintext'
}

/** `outbound_.8080_.v1_.cart.shop.svc.cluster.local`: port, subset and host of the client's proxy (Istio). */
function subsetOf(sni: string | null): string | null {
  const [direction, , subset] = sni?.split('_.', 4) ?? []
  return direction === 'outbound' && subset ? subset : null
}
