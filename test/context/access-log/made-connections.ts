import { parseEndpoint } from '../../../src/context/access-log/address.ts'
import {
  ConnectionIndex,
  type Connections,
} from '../../../src/context/access-log/connection-index.ts'
import type { Endpoint } from '../../../src/model/connection.ts'
import { ns } from './log-lines.ts'

export interface MadeConnection {
  /** `10.0.0.1:4242 > 10.0.0.2:80`, several where captures show it under several addresses. */
  pairs: string[]
  /** Seconds after the origin. */
  from: number
  to: number
  failed?: boolean
}

export const ORIGIN = '2026-03-17T09:41:00.000Z'

export function endpoint(text: string): Endpoint {
  const { address, port } = parseEndpoint(text.trim())!
  return { address, port }
}

/** Connections of one capture that runs for `seconds` from the origin. */
export function made(connections: MadeConnection[], seconds = 100): Connections {
  return {
    count: connections.length,
    origin: ns(ORIGIN),
    captures: [{ capture: 'client', start: 0, end: seconds * 1e9 }],
    *pairs(index) {
      for (const pair of connections[index]!.pairs) {
        const [client, upstream] = pair.split('>') as [string, string]
        yield { client: endpoint(client), upstream: endpoint(upstream), tap: 0 }
      }
    },
    life(index) {
      const { from, to } = connections[index]!
      return { start: from * 1e9, end: to * 1e9, capture: 'client' }
    },
    failed: (index) => connections[index]!.failed ?? false,
  }
}

export function indexOf(connections: MadeConnection[], seconds?: number): ConnectionIndex {
  return new ConnectionIndex(made(connections, seconds))
}
