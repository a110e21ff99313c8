import { addressWords } from '../../native-free-decoders/network/address-text.ts'
import type { Endpoint, Side } from '../model/connection.ts'
import type { CaptureRecords } from './capture-records.ts'
import { EndpointIds } from './endpoint-ids.ts'
import * as L from './layout.ts'

const SIDES: readonly Side[] = ['client', 'upstream']

/** The TTLs that each address uses in one capture, RSTs not counted; gathered once, when first asked for. */
export class UsualTtls {
  private readonly set: CaptureRecords
  private readonly total: number
  private known: { ids: EndpointIds; ranges: TtlRanges } | null = null

  constructor(set: CaptureRecords, total: number) {
    this.set = set
    this.total = total
  }

  of(endpoint: Endpoint): { low: number; high: number } | null {
    this.known ??= this.gather()
    const { ids, ranges } = this.known
    const words = addressWords(endpoint.address)
    const id = words.length === 1 ? ids.find(null, words[0]!, 0) : ids.find(words, 0, 0)
    return id < 0 ? null : ranges.of(id)
  }

  /** The same of the address of a record's side, as a number: low + 256 × high, 0 for none. */
  ofRecord(record: number, side: Side): number {
    this.known ??= this.gather()
    const { ids, ranges } = this.known
    const { set } = this
    const id = ids.find(set.addressesOf(record), set.address(record, side), 0)
    return id < 0 ? 0 : ranges.numberOf(id)
  }

  private gather(): { ids: EndpointIds; ranges: TtlRanges } {
    const { set } = this
    // Addresses only: endpoints of port 0.
    const ids = new EndpointIds()
    const ranges = new TtlRanges()
    for (let record = 0; record < this.total; record++) {
      for (const side of SIDES) {
        const ttl = set.sideWord(record, side, L.D_TTL)
        if (ttl === 0) continue
        const id = ids.intern(set.addressesOf(record), set.address(record, side), 0)
        ranges.add(id, ttl & 0xff, (ttl >>> 8) & 0xff)
      }
    }
    return { ids, ranges }
  }
}

/** Lowest and highest TTL by id. */
class TtlRanges {
  private low = new Uint8Array(64).fill(0xff)
  private high = new Uint8Array(64)

  add(id: number, low: number, high: number): void {
    if (id >= this.low.length) this.grow()
    this.low[id] = Math.min(this.low[id]!, low)
    this.high[id] = Math.max(this.high[id]!, high)
  }

  numberOf(id: number): number {
    return this.low[id]! + 256 * this.high[id]!
  }

  of(id: number): { low: number; high: number } {
    return { low: this.low[id]!, high: this.high[id]! }
  }

  private grow(): void {
    const low = new Uint8Array(this.low.length * 2).fill(0xff)
    const high = new Uint8Array(low.length)
    low.set(this.low)
    high.set(this.high)
    this.low = low
    this.high = high
  }
}
