import type { Endpoint } from '../model/connection.ts'
import type { CaptureConnections } from './connection-set.ts'
import * as L from './layout.ts'

/** The TTLs that each address uses in one capture, RSTs not counted; gathered once, when first asked for. */
export class UsualTtls {
  private readonly set: CaptureConnections
  private readonly total: number
  private byAddress: Map<string, { low: number; high: number }> | null = null

  constructor(set: CaptureConnections, total: number) {
    this.set = set
    this.total = total
  }

  of(endpoint: Endpoint): { low: number; high: number } | null {
    this.byAddress ??= this.gather()
    return this.byAddress.get(endpoint.address) ?? null
  }

  private gather(): Map<string, { low: number; high: number }> {
    const found = new Map<string, { low: number; high: number }>()
    for (let record = 0; record < this.total; record++) {
      for (const side of ['client', 'upstream'] as const) {
        const ttl = this.set.sideWord(record, side, L.D_TTL)
        if (ttl === 0) continue
        const { address } = this.set.endpoint(record, side)
        const low = ttl & 0xff
        const high = (ttl >>> 8) & 0xff
        const known = found.get(address)
        if (known === undefined) found.set(address, { low, high })
        else {
          known.low = Math.min(known.low, low)
          known.high = Math.max(known.high, high)
        }
      }
    }
    return found
  }
}
