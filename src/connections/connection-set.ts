import type {
  AddressPair,
  ConnectionView,
  Endpoint,
  RoleReason,
  Side,
} from '../model/connection.ts'
import type { ConnectionData } from '../model/connection-data.ts'
import type { ConnectionSet, EndpointTable } from '../model/connection-set.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import type { SegmentMoments, SegmentNumbers } from '../model/segment-numbers.ts'
import { CaptureRecords } from './capture-records.ts'
import { type FoldPlan, planFolds } from './fold.ts'
import * as L from './layout.ts'
import { mergeViews } from './merge-views.ts'
import { readObjects, readRows } from './read-segment-numbers.ts'
import { SharedShapes } from './shared-shapes.ts'
import { UsualTtls } from './usual-ttl.ts'
import { readFirstSyn, readMoments, unpackRecord } from './view.ts'

/** The connections of one capture over the columns of one or more shards (see `ConnectionSet` of the model). */
export class CaptureConnections extends CaptureRecords implements ConnectionSet {
  private readonly roots: Uint32Array
  private readonly folds: FoldPlan
  private readonly ttls: UsualTtls
  private shapes: SharedShapes | null = null

  constructor(capture: string, facts: CaptureFacts, parts: readonly ConnectionData[]) {
    super(capture, facts, parts)
    this.ttls = new UsualTtls(this, this.total)
    this.folds = planFolds(this, this.total)
    this.roots = this.folds.roots
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
    return ids.intern(this.addressesOf(root), this.address(root, side), 0)
  }

  endpointId(index: number, side: Side, ids: EndpointTable): number {
    return this.endpointIdOf(this.roots[index]!, side, ids, true)
  }

  /** The same; -1 where `ids` lacks it. */
  findEndpoint(index: number, side: Side, ids: EndpointTable): number {
    return this.endpointIdOf(this.roots[index]!, side, ids, false)
  }

  readSegments(index: number, into: SegmentNumbers): void {
    const root = this.roots[index]!
    if (this.folds.children.has(root)) readObjects(this.view(index).segments, into)
    else {
      const unpacked = unpackRecord(this.part(root), this.localOf[root]!)
      readRows(unpacked, this.directionOf(root, 'client'), into)
    }
  }

  readMoments(index: number, into: SegmentMoments): void {
    const shape = this.shape(index)
    const bare = this.shapes!.bareSegments(shape)
    if (bare !== null && bare.from.length <= 2) {
      const count = bare.from.length
      for (let n = 0; n < count; n++) {
        into.from[n] = bare.from[n]!
        into.flags[n] = bare.flags[n]!
        into.length[n] = 0
      }
      // Of two segments, the record has both times.
      into.time[0] = this.firstTime(index)
      if (count === 2) into.time[1] = this.closeTime(index)
      into.count = count
      return
    }
    const root = this.roots[index]!
    readMoments(this.part(root), this.localOf[root]!, into)
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
    if (shape === 0 || this.hasFolds(index) || this.icmp.has(root)) return -1
    this.shapes ??= new SharedShapes(this.parts)
    return this.shapes.numberOf(this.partOf[root]!, shape - 1)
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

/** More than a SYN that nothing answered. */
function isOneWayView({ client, upstream, packets, midstream }: ConnectionView): boolean {
  const answered = client.packets > 0 && upstream.packets > 0
  return !answered && packets > 1 && (midstream || client.bytes > 0)
}

export function otherSide(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}
