import { endpointText } from '../model/case.ts'
import type { ConnectionSet } from '../model/connection-set.ts'
import type { Limit } from '../model/report.ts'
import { timeText } from './time-text.ts'

/** What a comparison says when the two captures hold no connection in common: a result, not an error. */
export function noSharedConnection(
  client: ConnectionSet,
  upstream: ConnectionSet,
): { headline: string; limit: Limit } {
  const parts = [client, upstream].map((set) => `${set.capture} capture: ${describe(set)}`)
  return {
    headline: 'THE TWO CAPTURES SHARE NO CONNECTION: nothing can be compared.',
    limit: {
      code: 'no-shared-connection',
      message: `${parts.join('; ')}. Check that both belong to the same incident and time, and that no proxy ends the connections between them.`,
    },
  }
}

function describe(set: ConnectionSet): string {
  if (set.count === 0) return 'no TCP connection'
  const { client, upstream } = set.view(0).endpoints
  const from = timeText(set.facts.baseNs, 0)
  const until = timeText(set.facts.baseNs, set.totals.lastPacketTime)
  const more = set.count > 1 ? ` and ${set.count - 1} more` : ''
  return `${endpointText(client)} → ${endpointText(upstream)}${more}, ${from} to ${until}`
}
