import type { ClusterStatement, ConnectionQuestion } from '../../model/cluster.ts'
import type { Side } from '../../model/connection.ts'
import { podName } from './listeners.ts'
import { clockText } from './moment.ts'
import { type AddressBook, CLOCK_SLACK_NS } from './resolve.ts'

/** Did the address belong to the same pod for all of the connection's life? */
export function addressStatements(
  book: AddressBook,
  side: Side,
  question: ConnectionQuestion,
): ClusterStatement[] {
  const end = question[side]
  const { holder } = book.holderAt(end.address, end.end.to)
  const before = book.holderAt(end.address, end.first)
  const from = holder?.from ?? null
  const endedIt = question.endedBy === side
  if (holder !== null && from !== null && from.ns - CLOCK_SLACK_NS > end.first) {
    const who = podName(holder.pod)
    const old = before.holder === null ? '' : `; ${podName(before.holder.pod)} had it before`
    return [
      {
        fact: 'pod-is-newer',
        side,
        object: `Pod ${who}`,
        text: `${who} has the address ${end.address} only since ${clockText(from, end.first)}, when this connection had already begun${old}`,
        relation: endedIt ? 'explains' : 'coincident',
        confidence: endedIt ? 'certain' : 'unclear',
        next: `kubectl -n ${holder.pod.namespace} get pod ${holder.pod.name} -o jsonpath={.status.startTime}`,
      },
    ]
  }
  const { earlier, holder: owner } = book.holderAt(end.address, end.end.from)
  if (owner !== null || earlier === null) return []
  const who = podName(earlier.pod)
  const fits = question.how !== 'closed' || endedIt
  return [
    {
      fact: 'pod-had-finished',
      side,
      object: `Pod ${who}`,
      text: `${who}, which had the address ${end.address}, had ended at ${clockText(earlier.until!, end.end.from)}`,
      relation: fits ? 'explains' : 'coincident',
      confidence: fits ? 'probable' : 'unclear',
      next: null,
    },
  ]
}
