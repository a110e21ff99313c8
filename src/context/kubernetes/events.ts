import type { Fields } from './fields.ts'
import { laterOf, type Moment } from './moment.ts'

/** What Kubernetes says happened to an object; one of these may stand for many occurrences. */
export interface ClusterEvent {
  kind: string
  namespace: string | null
  name: string
  uid: string | null
  /** Where it is about one container. */
  container: string | null
  reason: string
  message: string
  /** First and last occurrence: of those between, only the count is known. */
  first: Moment
  last: Moment
  count: number
}

/** `core/v1` and `events.k8s.io/v1`: the same object under two sets of names. Null: it names no object, reason or time. */
export function readEvent(object: Fields): ClusterEvent | null {
  const about = object.has('regarding')
    ? object.object('regarding')
    : object.object('involvedObject')
  const kind = about.word('kind')
  const name = about.name('name')
  const reason = object.word('reason')
  const series = object.object('series')
  const first = object.time('firstTimestamp') ?? object.time('deprecatedFirstTimestamp')
  const last = object.time('lastTimestamp') ?? object.time('deprecatedLastTimestamp')
  // Exact to the microsecond where there is one.
  const exact = object.time('eventTime')
  const latest = laterOf(laterOf(exact, last), series.time('lastObservedTime')) ?? first
  if (kind === null || name === null || reason === null || latest === null) return null
  const counted =
    series.integer('count') ?? object.integer('count') ?? object.integer('deprecatedCount')
  return {
    kind,
    namespace: about.name('namespace'),
    name,
    uid: about.text('uid'),
    container: containerOf(about.text('fieldPath')),
    reason,
    message: object.text('note') ?? object.text('message') ?? '',
    first: exact ?? first ?? latest,
    last: sameSecond(exact, latest) ? exact! : latest,
    count: Math.max(1, counted ?? 1),
  }
}

/** What of a message is quoted in a sentence. */
const LONGEST_QUOTE = 200

/** `: Stopping container app`; nothing for an event without message. */
export function quoted({ message }: ClusterEvent): string {
  const line = message.replace(/\s+/g, ' ').trim()
  if (line === '') return ''
  return line.length <= LONGEST_QUOTE ? `: ${line}` : `: ${line.slice(0, LONGEST_QUOTE)}…`
}

/** An event that happened once may say so twice, exactly and in whole seconds. */
function sameSecond(exact: Moment | null, latest: Moment): boolean {
  return exact !== null && Math.floor(exact.ns / 1e9) === Math.floor(latest.ns / 1e9)
}

/** `spec.containers{app}` and `spec.initContainers{istio-proxy}`. */
function containerOf(path: string | null): string | null {
  return (
    /^spec\.(?:initContainers|containers)\{([a-z0-9][-a-z0-9]{0,62})\}$/.exec(path ?? '')?.[1] ??
    null
  )
}
