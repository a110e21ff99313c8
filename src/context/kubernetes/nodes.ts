import type { Fields } from './fields.ts'
import type { Moment } from './moment.ts'

export interface ClusterNode {
  name: string
  addresses: string[]
  ready: { isReady: boolean; since: Moment } | null
}

export function readNode(object: Fields, name: string): ClusterNode {
  const status = object.object('status')
  const addresses = status
    .objects('addresses')
    .filter((entry) => ['InternalIP', 'ExternalIP'].includes(entry.word('type') ?? ''))
    .flatMap((entry) => entry.address('address') ?? [])
  const ready = status.objects('conditions').find((one) => one.word('type') === 'Ready')
  const since = ready?.time('lastTransitionTime') ?? null
  return {
    name,
    addresses,
    ready: since === null ? null : { isReady: ready?.word('status') === 'True', since },
  }
}
