import { ipv4Text, ipv6Text } from '../../native-free-decoders/network/address-text.ts'
import type {
  AddressPair,
  ConnectionView,
  Endpoint,
  RoleReason,
  Side,
} from '../model/connection.ts'
import type { ConnectionData, EngineTotals } from '../model/connection-data.ts'
import type { EndpointTable } from '../model/connection-set.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import { attachIcmp, type IcmpAttachment } from './icmp-attach.ts'
import * as L from './layout.ts'
import { ROLE_REASONS } from './roles.ts'
import { readView } from './view.ts'

/** The records of one capture over the columns of one or more shards, in order of first frame: one for each address pair. */
export class CaptureRecords {
  readonly capture: string
  readonly facts: CaptureFacts
  readonly totals: EngineTotals
  readonly parts: readonly ConnectionData[]
  readonly total: number
  /** Shard of every record, and its index there. */
  protected readonly partOf: Uint16Array
  protected readonly localOf: Uint32Array
  protected readonly icmp: IcmpAttachment
  /** Why, where a stronger reason than the record's own was given. */
  private readonly reasons = new Map<number, RoleReason>()

  constructor(capture: string, facts: CaptureFacts, parts: readonly ConnectionData[]) {
    this.capture = capture
    this.facts = facts
    this.parts = parts
    this.totals = sumTotals(parts)
    this.total = parts.reduce((sum, part) => sum + part.count, 0)
    this.partOf = new Uint16Array(this.total)
    this.localOf = new Uint32Array(this.total)
    this.mergeShards()
    this.icmp = attachIcmp(this, this.total)
  }

  /** Within one shard records stand in order of first frame already. */
  private mergeShards(): void {
    const { parts, partOf, localOf } = this
    if (parts.length === 1) {
      for (let i = 0; i < localOf.length; i++) localOf[i] = i
      return
    }
    const taken = new Uint32Array(parts.length)
    const frames = parts.map((_, part) => this.nextFrame(part, 0))
    for (let i = 0; i < localOf.length; i++) {
      let first = 0
      for (let part = 1; part < frames.length; part++)
        if (frames[part]! < frames[first]!) first = part
      partOf[i] = first
      localOf[i] = taken[first]!
      taken[first]!++
      frames[first] = this.nextFrame(first, taken[first]!)
    }
  }

  /** First frame of the record at `local` of a shard; infinity past its last. */
  private nextFrame(part: number, local: number): number {
    const { count, words } = this.parts[part]!
    return local < count ? words[local * L.WORDS + L.FIRST_FRAME]! : Number.POSITIVE_INFINITY
  }

  /** The view of one record as it was tracked, before folding. */
  viewOfRecord(record: number): ConnectionView {
    const part = this.part(record)
    const local = this.localOf[record]!
    return readView(
      part,
      local,
      this.addressPair(record),
      this.reasonOf(record),
      this.icmp.of(record),
    )
  }

  part(record: number): ConnectionData {
    return this.parts[this.partOf[record]!]!
  }

  word(record: number, field: number): number {
    return this.part(record).words[this.localOf[record]! * L.WORDS + field]!
  }

  /** A per-direction word of a side of a record. */
  sideWord(record: number, side: Side, field: number): number {
    return this.word(
      record,
      L.DIRECTION + this.directionOf(record, side) * L.DIRECTION_WORDS + field,
    )
  }

  double(record: number, field: number): number {
    return this.part(record).doubles[this.localOf[record]! * L.DOUBLES + field]!
  }

  directionOf(record: number, side: Side): 0 | 1 {
    const client = this.part(record).clientDirection[this.localOf[record]!]! as 0 | 1
    return side === 'client' ? client : ((1 - client) as 0 | 1)
  }

  rawIsn(record: number, side: Side): number {
    return (this.sideWord(record, side, L.D_BITS) & L.DB_ISN) === 0
      ? -1
      : this.sideWord(record, side, L.D_ISN)
  }

  port(record: number, side: Side): number {
    const ports = this.word(record, L.PORTS)
    return this.directionOf(record, side) === 0 ? ports >>> 16 : ports & 0xffff
  }

  /** Address word of a side: the IPv4 address, or an index into the IPv6 addresses. */
  address(record: number, side: Side): number {
    return this.word(record, this.directionOf(record, side) === 0 ? L.ADDRESS_A : L.ADDRESS_B)
  }

  endpoint(record: number, side: Side): Endpoint {
    const part = this.part(record)
    const address = this.address(record, side)
    const port = this.port(record, side)
    if ((this.word(record, L.BITS) & L.BIT_IPV6) === 0) return { address: ipv4Text(address), port }
    const a = part.addresses
    const at = address * 4
    return { address: ipv6Text(a[at]!, a[at + 1]!, a[at + 2]!, a[at + 3]!), port }
  }

  addressPair(record: number): AddressPair {
    return { client: this.endpoint(record, 'client'), upstream: this.endpoint(record, 'upstream') }
  }

  reasonOf(record: number): RoleReason {
    return (
      this.reasons.get(record) ??
      ROLE_REASONS[this.part(record).roleReason[this.localOf[record]!]!] ??
      'first-packet'
    )
  }

  setRecordRoles(record: number, swap: boolean, reason: RoleReason): void {
    if (swap) this.flip(record)
    this.reasons.set(record, reason)
  }

  /** The id of a record's endpoint; where `ids` lacks it, a new one or -1. */
  endpointIdOf(record: number, side: Side, ids: EndpointTable, add: boolean): number {
    // Asked of every connection, so what each accessor would look up again is looked up once.
    const part = this.part(record)
    const { words } = part
    const local = this.localOf[record]!
    const base = local * L.WORDS
    const isA = (side === 'client') === (part.clientDirection[local] === 0)
    const address = words[base + (isA ? L.ADDRESS_A : L.ADDRESS_B)]!
    const ports = words[base + L.PORTS]!
    const port = isA ? ports >>> 16 : ports & 0xffff
    const addresses = (words[base + L.BITS]! & L.BIT_IPV6) === 0 ? null : part.addresses
    return add ? ids.intern(addresses, address, port) : ids.find(addresses, address, port)
  }

  /** The IPv6 addresses that a record's address words point into; null where they are IPv4 addresses. */
  addressesOf(record: number): Uint32Array | null {
    return (this.word(record, L.BITS) & L.BIT_IPV6) === 0 ? null : this.part(record).addresses
  }

  protected flip(record: number): void {
    const part = this.part(record)
    const local = this.localOf[record]!
    part.clientDirection[local] = 1 - part.clientDirection[local]!
    // Its shape was read with the roles as they were.
    part.words[local * L.WORDS + L.SHAPE] = 0
  }
}

function sumTotals(parts: readonly ConnectionData[]): EngineTotals {
  const first = parts[0]!.totals
  const places = new Set(parts.flatMap(({ totals }) => totals.places))
  const sum: EngineTotals = { ...first, places: [...places].sort((a, b) => a - b) }
  // Every shard walks the whole file: packet facts are the same in each, connection facts add up.
  for (const part of parts.slice(1)) {
    sum.tcpPackets += part.totals.tcpPackets
    sum.copies += part.totals.copies
    sum.routedCopies += part.totals.routedCopies
    sum.bridgedCopies += part.totals.bridgedCopies
    sum.reassemblyBoundReached += part.totals.reassemblyBoundReached
    sum.putAwayEarly += part.totals.putAwayEarly
    sum.icmpErrorsDropped += part.totals.icmpErrorsDropped
    sum.snappedSegments += part.totals.snappedSegments
  }
  return sum
}
