import { ACK, RST } from '../../native-free-decoders/decoded-packet.ts'
import { delta } from '../../native-free-decoders/transport/sequence.ts'
import type { Side } from '../model/connection.ts'
import type { Segment } from '../model/segment.ts'
import type { CaptureRecords } from './capture-records.ts'
import { EndpointIds } from './endpoint-ids.ts'
import * as L from './layout.ts'
import { WordTable } from './word-table.ts'

export interface Fold {
  record: number
  /** Its client is the root's upstream. */
  swapped: boolean
  /** The same packets before or after NAT; else the connection's packets under addresses that are not its own. */
  copy: boolean
}

export interface FoldPlan {
  /** Records that stand for a connection, in order. */
  roots: Uint32Array
  children: ReadonlyMap<number, Fold[]>
}

/** Numbers of one connection lie within a window of each other. */
const NEAR_BITS = 17
const NEAR = 1 << NEAR_BITS
/** Places that sequence numbers have when they are as coarse as that. */
const PLACES = 2 ** (32 - NEAR_BITS)
/** Records at one endpoint and place; of more, none is looked at. */
const MOST_ALIKE = 256
/** Bits of a table in which a number that comes once is rarely taken for one that comes again. */
const BITS_EACH = 8
/** Copies of one SYN (before and after NAT) are seen within this time. */
const COPY_NS = 20e6
/** TSval of one host may advance this much between two segments of a connection (ticks of a millisecond). */
const STAMP_REACH = 10 * 60_000

/**
 * Which records of one capture are the same connection under another address pair (VERDICTS §2): copies before and
 * after NAT (equal ISNs), and un-NATed or REDIRECTed one-way tuples whose port and numbers continue a connection.
 */
export function planFolds(set: CaptureRecords, total: number): FoldPlan {
  const rootOf = new Map<number, Fold & { root: number }>()
  foldCopies(set, total, rootOf)
  foldOrphans(set, total, rootOf)
  const children = new Map<number, Fold[]>()
  for (const [record, fold] of rootOf) {
    const list = children.get(fold.root) ?? []
    list.push({ record, swapped: fold.swapped, copy: fold.copy })
    children.set(fold.root, list)
  }
  const roots = new Uint32Array(total - rootOf.size)
  let n = 0
  for (let record = 0; record < total; record++) if (!rootOf.has(record)) roots[n++] = record
  return { roots, children }
}

type Roots = Map<number, Fold & { root: number }>

/** Records with the same client ISN (and the same upstream ISN, where both show one) at the same time. */
function foldCopies(set: CaptureRecords, total: number, rootOf: Roots): void {
  const isRepeated = repeatedNumbers(total, (record) => set.rawIsn(record, 'client'))
  const isns = new WordTable(1)
  const last: number[] = []
  for (let record = 0; record < total; record++) {
    const isn = set.rawIsn(record, 'client')
    // Zero is what packet generators write, not a number that somebody chose.
    if (isn <= 0 || !isRepeated(isn)) continue
    isns.key[0] = isn
    const known = isns.count
    const id = isns.intern()
    const root = last[id]!
    if (id === known || !isCopy(set, root, record)) last[id] = record
    else rootOf.set(record, { record, root, swapped: false, copy: true })
  }
}

/**
 * May a number come more than once? Few do, and a bit for each in a table that stays in the processor's caches spares
 * the others one that does not.
 */
function repeatedNumbers(
  count: number,
  numberAt: (index: number) => number,
): (number: number) => boolean {
  const bits = Math.max(10, Math.min(31, Math.ceil(Math.log2(count * BITS_EACH))))
  const once = new Uint32Array(2 ** (bits - 5))
  const twice = new Uint32Array(once.length)
  const placeOf = (number: number) => Math.imul(number, 0x9e3779b1) >>> (32 - bits)
  for (let i = 0; i < count; i++) {
    const place = placeOf(numberAt(i))
    const bit = 1 << (place & 31)
    if ((once[place >>> 5]! & bit) === 0) once[place >>> 5]! |= bit
    else twice[place >>> 5]! |= bit
  }
  return (number) => {
    const place = placeOf(number)
    return (twice[place >>> 5]! & (1 << (place & 31))) !== 0
  }
}

function isCopy(set: CaptureRecords, root: number, record: number): boolean {
  const mine = set.rawIsn(record, 'upstream')
  const theirs = set.rawIsn(root, 'upstream')
  const sameAnswer = mine < 0 || theirs < 0 || mine === theirs
  return sameAnswer && isCopyOfSyn(set, root, record) && !isSameTuple(set, record, root)
}

/**
 * Is the first segment of one record an observation of the other's: same IP ID and TSval, a moment apart? Scanners
 * use one ISN and port for many targets, and made-up captures one for all, so the ISN alone says little.
 */
function isCopyOfSyn(set: CaptureRecords, a: number, b: number): boolean {
  // A record begins with its first segment: its time alone, which costs no object, rules out most.
  if (Math.abs(set.double(b, L.T_FIRST) - set.double(a, L.T_FIRST)) > COPY_NS) return false
  const first = set.viewOfRecord(a).segments[0]
  const second = set.viewOfRecord(b).segments[0]
  if (first === undefined || second === undefined) return false
  const identified = first.ipId > 0 || first.hasTimestamps
  return (
    identified &&
    first.flags === second.flags &&
    first.ipId === second.ipId &&
    first.hasTimestamps === second.hasTimestamps &&
    first.tsVal === second.tsVal &&
    first.window === second.window
  )
}

function isSameTuple(set: CaptureRecords, a: number, b: number): boolean {
  return SIDES.every((side) => isSameEndpoint(set, a, b, side))
}

function isSameEndpoint(set: CaptureRecords, a: number, b: number, side: Side): boolean {
  if (set.port(a, side) !== set.port(b, side)) return false
  const of = set.addressesOf(a)
  const other = set.addressesOf(b)
  const mine = set.address(a, side)
  const theirs = set.address(b, side)
  if (of === null || other === null) return of === other && mine === theirs
  return [0, 1, 2, 3].every((i) => of[mine * 4 + i] === other[theirs * 4 + i])
}

const SIDES: readonly Side[] = ['client', 'upstream']

/** Records without SYN that share one endpoint with another record and continue its numbers. */
function foldOrphans(set: CaptureRecords, total: number, rootOf: Roots): void {
  const ids = new EndpointIds()
  /** By endpoint id. */
  const orphans: { record: number; side: Side }[][] = []
  for (let record = 0; record < total; record++) {
    if (set.rawIsn(record, 'client') >= 0 || rootOf.has(record)) continue
    for (const side of SIDES) {
      const id = set.endpointIdOf(record, side, ids, true)
      const list = orphans[id]
      if (list === undefined) orphans[id] = [{ record, side }]
      else list.push({ record, side })
    }
  }
  if (orphans.length === 0) return
  const mains = mainsByNumber(set, total, rootOf, ids)
  const fitting = new Map<number, { root: number; swapped: boolean }[]>()
  for (const list of orphans) {
    for (const orphan of list) {
      const id = set.endpointIdOf(orphan.record, orphan.side, ids, false)
      for (const { main, side } of candidates(set, orphan.record, id, mains)) {
        if (set.word(orphan.record, L.FIRST_FRAME) < set.word(main, L.FIRST_FRAME)) continue
        if (!continues(set, main, side, orphan.record, orphan.side)) continue
        const found = fitting.get(orphan.record) ?? []
        found.push({ root: main, swapped: side !== orphan.side })
        fitting.set(orphan.record, found)
      }
    }
  }
  for (const [record, found] of [...fitting].sort((a, b) => a[0] - b[0])) {
    if (found.length !== 1) continue
    const { root, swapped } = found[0]!
    const above = rootOf.get(root)
    if (above === undefined) rootOf.set(record, { record, root, swapped, copy: false })
    else {
      const turned = swapped !== above.swapped
      rootOf.set(record, { record, root: above.root, swapped: turned, copy: false })
    }
  }
}

interface Main {
  main: number
  side: Side
}

/** Records by an endpoint that an orphan has too, and by each of their four numbers, as coarse as `NEAR`. */
function mainsByNumber(
  set: CaptureRecords,
  total: number,
  rootOf: Roots,
  ids: EndpointIds,
): Map<number, Main[]> {
  const found = new Map<number, Main[]>()
  for (let main = 0; main < total; main++) {
    if (rootOf.has(main)) continue
    for (const side of SIDES) {
      const id = set.endpointIdOf(main, side, ids, false)
      if (id < 0) continue
      const shared = sideState(set, main, side)
      const far = sideState(set, main, other(side))
      const places = [shared.next, shared.acked, far.next, far.acked].map(
        (n) => n && n >>> NEAR_BITS,
      )
      for (const place of new Set(places)) {
        if (place === null) continue
        const key = id * PLACES + place
        const list = found.get(key)
        if (list === undefined) found.set(key, [{ main, side }])
        else list.push({ main, side })
      }
    }
  }
  return found
}

/** Records at this endpoint that one of the orphan's segments may continue: by its ACK, or a bare RST's number. */
function candidates(
  set: CaptureRecords,
  orphan: number,
  id: number,
  mains: ReadonlyMap<number, Main[]>,
): Iterable<Main> {
  const places = new Set<number>()
  for (const s of set.viewOfRecord(orphan).segments) {
    const place = ((s.flags & ACK) !== 0 ? s.ack : s.seq) >>> NEAR_BITS
    // A window reaches into the places beside.
    for (const near of [place - 1, place, place + 1]) places.add((near + PLACES) % PLACES)
  }
  const found = new Map<number, Main>()
  for (const place of places) {
    const list = mains.get(id * PLACES + place) ?? []
    // So many with the same numbers: none of them could be the only one that fits.
    if (list.length > MOST_ALIKE) continue
    for (const one of list)
      if (one.main !== orphan) found.set(one.main * 2 + (one.side === 'client' ? 0 : 1), one)
  }
  return [...found.values()].sort((a, b) => a.main - b.main)
}

function other(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}

/**
 * Does the orphan, which shares the endpoint at `side` (its own `orphanSide`), continue the main record's numbers?
 * A segment with two numbers must fit in both; a bare RST must fit exactly.
 */
function continues(
  set: CaptureRecords,
  main: number,
  side: Side,
  orphan: number,
  orphanSide: Side,
): boolean {
  if (isSameTuple(set, main, orphan)) return false
  if (set.double(orphan, L.T_FIRST) < set.double(main, L.T_FIRST)) return false
  const shared = sideState(set, main, side)
  const far = sideState(set, main, other(side))
  const stamps = lastStamps(set.viewOfRecord(main).segments)
  for (const s of set.viewOfRecord(orphan).segments) {
    const fromShared = s.from === orphanSide
    const mine = fromShared ? shared : far
    const theirs = fromShared ? far : shared
    if ((s.flags & RST) !== 0 && (s.flags & ACK) === 0) {
      // One number only: it must be exact, and the client's own port be the one that is shared.
      const exact = s.seq === mine.next || s.seq === theirs.acked
      if (side === 'client' && s.seq > 1 && exact) return true
      continue
    }
    if ((s.flags & ACK) === 0) continue
    const stamp = stamps[fromShared ? side : other(side)]
    if (s.hasTimestamps && stamp !== null) {
      const ticks = delta(stamp, s.tsVal)
      if (ticks < -STAMP_REACH || ticks > STAMP_REACH) continue
      // What a direction sent, or, where the main record does not show it, what the other one acknowledged.
      const sent = theirs.next ?? mine.acked
      const next = mine.next ?? theirs.acked
      const ackFits = sent !== null && near(sent, s.ack)
      const seqFits = next !== null && near(next, s.seq)
      if (ackFits && seqFits) return true
      continue
    }
    // Without timestamps, or in a direction that the main record does not show, only exact numbers count.
    const ackExact = s.ack > 1 && (s.ack === theirs.next || s.ack === mine.acked)
    const seqExact = mine.next === null || s.seq === mine.next || s.seq === theirs.acked
    if (ackExact && seqExact) return true
  }
  return false
}

/** The last TSval of each side; null where it has none. */
function lastStamps(segments: readonly Segment[]): Record<Side, number | null> {
  const stamps: Record<Side, number | null> = { client: null, upstream: null }
  for (const s of segments) if (s.hasTimestamps) stamps[s.from] = s.tsVal
  return stamps
}

interface SideState {
  next: number | null
  acked: number | null
}

function sideState(set: CaptureRecords, record: number, side: Side): SideState {
  const bits = set.sideWord(record, side, L.D_BITS)
  return {
    next: (bits & L.DB_SEEN) === 0 ? null : set.sideWord(record, side, L.D_NEXT),
    acked: (bits & L.DB_ACKED) === 0 ? null : set.sideWord(record, side, L.D_ACKED),
  }
}

function near(a: number, b: number): boolean {
  return Math.abs(delta(a, b)) <= NEAR
}
