import { ipv4Text, ipv6Text } from '../../native-free-decoders/network/address-text.ts'
import type {
  AddressPair,
  ConnectionView,
  Endpoint,
  RoleReason,
  Side,
} from '../model/connection.ts'
import type { ConnectionData, EngineTotals } from '../model/connection-data.ts'
import type { ConnectionSet, EndpointTable } from '../model/connection-set.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import type { SegmentNumbers } from '../model/segment-numbers.ts'
import { type FoldPlan, planFolds } from './fold.ts'
import { attachIcmp, type IcmpAttachment } from './icmp-attach.ts'
import * as L from './layout.ts'
import { mergeViews } from './merge-views.ts'
import { readObjects, readRows } from './read-segment-numbers.ts'
import { ROLE_REASONS } from './roles.ts'
import { ShapeTable } from './shape-table.ts'
import { UsualTtls } from './usual-ttl.ts'
import { readFirstSyn, readView, unpackRecord } from './view.ts'

/** The connections of one capture over the columns of one or more shards (see `ConnectionSet` of the model). */
export class CaptureConnections implements ConnectionSet {
  readonly capture: string
  readonly facts: CaptureFacts
  readonly totals: EngineTotals
  readonly parts: readonly ConnectionData[]
  /** Shard and index in it of every record, in order of first frame. */
  private readonly partOf: Uint16Array
  private readonly localOf: Uint32Array
  private readonly roots: Uint32Array
  private readonly folds: FoldPlan
  private readonly icmp: IcmpAttachment
  private readonly ttls: UsualTtls
  private shapeNumbers: Uint32Array[] | null = null
  /** Why, where a stronger reason than the record's own was given. */
  private readonly reasons = new Map<number, RoleReason>()

  constructor(capture: string, facts: CaptureFacts, parts: readonly ConnectionData[]) {
    this.capture = capture
    this.facts = facts
    this.parts = parts
    this.totals = sumTotals(parts)
    const total = parts.reduce((sum, part) => sum + part.count, 0)
    this.partOf = new Uint16Array(total)
    this.localOf = new Uint32Array(total)
    this.mergeShards()
    this.icmp = attachIcmp(this, total)
    this.ttls = new UsualTtls(this, total)
    // Folding reads whole records, ICMP errors included.
    this.folds = planFolds(this, total)
    this.roots = this.folds.roots
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

  get count(): number {
    return this.roots.length
  }

  get orphanIcmp(): number {
    return this.icmp.orphans
  }

  isn(index: number, side: Side): number {
    const raw = this.rawIsn(this.roots[index]!, side)
    if (raw >= 0) return raw
    for (const fold of this.folds.children.get(this.roots[index]!) ?? []) {
      const childSide = fold.swapped ? otherSide(side) : side
      const found = this.rawIsn(fold.record, childSide)
      if (found >= 0) return found
    }
    return -1
  }

  impliedIsn(index: number, side: Side): number {
    const seen = this.isn(index, side)
    if (seen >= 0) return seen
    const root = this.roots[index]!
    return (this.sideWord(root, side, L.D_BITS) & L.DB_ISN_INFERRED) === 0
      ? -1
      : this.sideWord(root, side, L.D_ISN)
  }

  synTimestamp(index: number): number {
    return this.firstSyn(this.roots[index]!)?.tsVal ?? -1
  }

  synIpId(index: number): number {
    return this.firstSyn(this.roots[index]!)?.ipId ?? -1
  }

  private firstSyn(record: number): { tsVal: number; ipId: number } | null {
    return readFirstSyn(this.part(record), this.localOf[record]!)
  }

  isMidstream(index: number): boolean {
    return this.isn(index, 'client') < 0
  }

  firstTime(index: number): number {
    return this.double(this.roots[index]!, L.T_FIRST)
  }

  lastTime(index: number): number {
    const root = this.roots[index]!
    let last = this.double(root, L.T_LAST)
    for (const fold of this.folds.children.get(root) ?? []) {
      last = Math.max(last, this.double(fold.record, L.T_LAST))
    }
    return last
  }

  firstFrame(index: number): number {
    return this.word(this.roots[index]!, L.FIRST_FRAME)
  }

  unseenSegments(index: number): number {
    const root = this.roots[index]!
    return (
      this.sideWord(root, 'client', L.D_UNSEEN_SEGMENTS) +
      this.sideWord(root, 'upstream', L.D_UNSEEN_SEGMENTS)
    )
  }

  clientPort(index: number): number {
    return this.port(this.roots[index]!, 'client')
  }

  upstreamPort(index: number): number {
    return this.port(this.roots[index]!, 'upstream')
  }

  endpoints(index: number): AddressPair {
    return this.addressPair(this.roots[index]!)
  }

  roleReason(index: number): RoleReason {
    return this.reasonOf(this.roots[index]!)
  }

  setRoles(index: number, swap: boolean, reason: RoleReason): void {
    const root = this.roots[index]!
    this.setRecordRoles(root, swap, reason)
    if (!swap) return
    for (const fold of this.folds.children.get(root) ?? []) {
      this.flip(fold.record)
    }
  }

  view(index: number): ConnectionView {
    const root = this.roots[index]!
    const main = this.viewOfRecord(root)
    const folds = this.folds.children.get(root)
    if (folds === undefined) return main
    return mergeViews(
      main,
      folds.map(({ record, swapped, copy }) => ({
        view: this.viewOfRecord(record),
        swapped,
        copy,
      })),
    )
  }

  usualTtl(endpoint: Endpoint): { low: number; high: number } | null {
    return this.ttls.of(endpoint)
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

  // What folding and ICMP attachment read of a record.

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

  endpoint(record: number, side: Side): Endpoint {
    const part = this.part(record)
    const isA = this.directionOf(record, side) === 0
    const address = this.word(record, isA ? L.ADDRESS_A : L.ADDRESS_B)
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

  /** Copies under other addresses, before and after NAT: whose TTL differs, and whose does not. */
  translatedCopies(): { routed: number; bridged: number } {
    const found = { routed: 0, bridged: 0 }
    for (const [root, folds] of this.folds.children) {
      for (const { record, copy } of folds) {
        if (!copy) continue
        const [a, b] = [root, record].map((one) => this.viewOfRecord(one).segments[0]!.ttl)
        if (a === b) found.bridged++
        else found.routed++
      }
    }
    return found
  }

  hasFolds(index: number): boolean {
    const { children } = this.folds
    return children.size > 0 && children.has(this.roots[index]!)
  }

  isOneWay(index: number): boolean {
    if (this.hasFolds(index)) return isOneWayView(this.view(index))
    const root = this.roots[index]!
    const client = this.sideWord(root, 'client', L.D_BITS)
    const upstream = this.sideWord(root, 'upstream', L.D_BITS)
    // Most connections are decided by what their records say, without counting packets.
    if ((client & upstream & L.DB_SEEN) !== 0) return false
    if ((client & L.DB_ISN) !== 0 && (client & L.DB_PAYLOAD) === 0) return false
    return isOneWayView(this.viewOfRecord(root))
  }

  asks(index: number): boolean {
    const root = this.roots[index]!
    const isAsking = (record: number, side: Side) =>
      (this.sideWord(record, side, L.D_BITS) & L.DB_PAYLOAD) !== 0
    if (isAsking(root, 'client')) return true
    const folds = this.folds.children.get(root) ?? []
    return folds.some(({ record, swapped }) => isAsking(record, swapped ? 'upstream' : 'client'))
  }

  isNamed(index: number): boolean {
    const root = this.roots[index]!
    const isNamed = (record: number) => (this.word(record, L.BITS) & L.BIT_NAMED) !== 0
    return (
      isNamed(root) ||
      (this.folds.children.get(root)?.some(({ record }) => isNamed(record)) ?? false)
    )
  }

  addressId(index: number, side: Side, ids: EndpointTable): number {
    const root = this.roots[index]!
    const isA = this.directionOf(root, side) === 0
    const address = this.word(root, isA ? L.ADDRESS_A : L.ADDRESS_B)
    return ids.intern(this.addressesOf(root), address, 0)
  }

  endpointId(index: number, side: Side, ids: EndpointTable): number {
    return this.endpointIdOf(this.roots[index]!, side, ids, true)
  }

  /** The same; -1 where `ids` lacks it. */
  findEndpoint(index: number, side: Side, ids: EndpointTable): number {
    return this.endpointIdOf(this.roots[index]!, side, ids, false)
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

  private flip(record: number): void {
    const part = this.part(record)
    const local = this.localOf[record]!
    part.clientDirection[local] = 1 - part.clientDirection[local]!
    // Its shape was read with the roles as they were.
    part.words[local * L.WORDS + L.SHAPE] = 0
  }

  readSegments(index: number, into: SegmentNumbers): void {
    const root = this.roots[index]!
    if (this.folds.children.has(root)) readObjects(this.view(index).segments, into)
    else {
      const unpacked = unpackRecord(this.part(root), this.localOf[root]!)
      readRows(unpacked, this.directionOf(root, 'client'), into)
    }
  }

  livePackets(index: number, side: Side): number {
    const root = this.roots[index]!
    if (this.folds.children.has(root)) {
      const { packets, resets } = this.view(index)[side]
      return packets - resets
    }
    const { state } = unpackRecord(this.part(root), this.localOf[root]!)
    const at = L.S_DIRECTION + this.directionOf(root, side) * L.S_DIRECTION_WORDS
    return state[at + L.S_PACKETS]! - state[at + L.S_RESETS]!
  }

  steadyTtl(index: number, side: Side): number {
    const root = this.roots[index]!
    if (this.folds.children.has(root)) {
      const { ttlLow, ttlHigh } = this.view(index)[side]
      return ttlLow === ttlHigh ? ttlLow : -1
    }
    const ttl = this.sideWord(root, side, L.D_TTL)
    return (ttl & 0xff) === ((ttl >>> 8) & 0xff) ? ttl & 0xff : -1
  }

  shape(index: number): number {
    const root = this.roots[index]!
    const shape = this.word(root, L.SHAPE)
    if (shape === 0 || this.folds.children.has(root) || this.icmp.has(root)) return -1
    this.shapeNumbers ??= sharedShapes(this.parts)
    return this.shapeNumbers[this.partOf[root]!]![shape - 1]!
  }

  isUnansweredSyn(index: number): boolean {
    const root = this.roots[index]!
    const upstream = this.sideWord(root, 'upstream', L.D_BITS)
    return (upstream & L.DB_SEEN) === 0 && (this.word(root, L.BITS) & L.BIT_RESET) === 0
  }

  resetBy(index: number): Side | null {
    const root = this.roots[index]!
    const bits = this.word(root, L.BITS)
    if ((bits & L.BIT_RESET) === 0) return null
    const from = (bits & L.BIT_RESET_BY_B) === 0 ? 0 : 1
    return from === this.directionOf(root, 'client') ? 'client' : 'upstream'
  }

  closeTime(index: number): number {
    const root = this.roots[index]!
    return this.double(root, L.T_LAST) - this.word(root, L.CLOSE_TO_END)
  }

  aliveTime(index: number): number {
    const root = this.roots[index]!
    const both = this.sideWord(root, 'client', L.D_BITS) & this.sideWord(root, 'upstream', L.D_BITS)
    if ((both & L.DB_PAYLOAD) === 0) return Number.NaN
    return this.double(root, L.T_LAST) - this.word(root, L.ALIVE_TO_END)
  }

  sequence(index: number, side: Side): number {
    return this.sideWord(this.roots[index]!, side, L.D_SEQUENCE)
  }

  usualTtlRange(index: number, side: Side): number {
    return this.ttls.ofRecord(this.roots[index]!, side)
  }
}

/** By shard and number there: the number of a shape among those of all shards. */
function sharedShapes(parts: readonly ConnectionData[]): Uint32Array[] {
  const all = new ShapeTable()
  return parts.map(({ shapes }) => Uint32Array.from(shapes, (s) => all.intern(s, s.length)))
}

/** More than a SYN that nothing answered. */
function isOneWayView({ client, upstream, packets, midstream }: ConnectionView): boolean {
  const answered = client.packets > 0 && upstream.packets > 0
  return !answered && packets > 1 && (midstream || client.bytes > 0)
}

export function otherSide(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
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
