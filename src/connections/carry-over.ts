import { DecodedPacket } from '../../native-free-decoders/decoded-packet.ts'
import type { ConnectionData, IcmpRecord } from '../model/connection-data.ts'
import { chunkOf, withinChunk } from './archive.ts'
import { ByteWriter } from './byte-codec.ts'
import { ConnectionEngine, type ConnectionEngineOptions } from './connection-engine.ts'
import type { ConnectionStore } from './connection-store.ts'
import * as L from './layout.ts'
import { ConnectionUnpacker, UnpackedConnection } from './packed-connection.ts'
import { packEntry, unpackEntry } from './packed-entry.ts'
import { engineTotals, type PacketTotals } from './read-out.ts'

const unpacker = new ConnectionUnpacker()
const unpacked = new UnpackedConnection()

/**
 * What `use` makes of the columns of some connections (ids, ascending) as they stand, as if the capture ended here. The
 * engine goes on with all of them; the columns are not valid afterwards.
 */
export function useSome<T>(
  engine: ConnectionEngine,
  ids: readonly number[],
  packets: PacketTotals,
  use: (data: ConnectionData) => T,
): T {
  const { archive } = engine.store
  const { length } = archive
  try {
    return use(readSome(engine, ids, packets))
  } finally {
    archive.rewind(length)
  }
}

function readSome(
  engine: ConnectionEngine,
  ids: readonly number[],
  packets: PacketTotals,
): ConnectionData {
  const { store } = engine
  const count = ids.length
  const records = new Uint32Array(count * L.WORDS)
  const data: ConnectionData = {
    count,
    words: records,
    doubles: new Float64Array(records.buffer),
    addresses: store.table.addresses.snapshot(),
    archive: store.archive,
    texts: store.texts.list,
    shapes: [],
    clientDirection: new Uint8Array(count),
    roleReason: new Uint8Array(count),
    icmp: [...engine.icmp.records],
    totals: engineTotals(engine, packets),
  }
  for (const [i, id] of ids.entries()) {
    const { words } = store.table
    whileRetired(store, id, () => {
      data.words.set(words.subarray(id * L.WORDS, (id + 1) * L.WORDS), i * L.WORDS)
    })
    const role = data.words[i * L.WORDS + L.BITS]! >>> L.ROLE_SHIFT
    data.clientDirection[i] = role & 1
    data.roleReason[i] = role >>> 1
  }
  data.shapes = store.shapes.list()
  return data
}

/** Packs a live connection for as long as something is done, and takes it up again where it was. */
function whileRetired(store: ConnectionStore, id: number, read: () => void): void {
  const { words } = store.table
  if ((words[id * L.WORDS + L.BITS]! & L.BIT_RETIRED) !== 0) {
    read()
    return
  }
  const slot = words[id * L.WORDS + L.STATE]!
  const notPacked = takeNotPacked(store, id, slot)
  store.retire(id, slot)
  read()
  giveBack(store, store.revive(id), notPacked)
}

/** What of a live connection is not packed, and cannot be read off the rows that are. */
interface NotPacked {
  walker: ConnectionStore['walkers'][number]
  said: ConnectionStore['said'][number]
  closing: Uint32Array
}

/** Takes it: a walker that stayed would be given to another connection when this one is retired. */
function takeNotPacked(store: ConnectionStore, id: number, slot: number): NotPacked {
  const at = slot * L.STATE_WORDS
  const said = store.said[slot] ?? null
  return {
    walker: store.takeWalker(id, slot),
    said,
    closing: store.states.words.slice(at + L.CLOSING, at + L.CLOSING_SEQUENCE + 2),
  }
}

function giveBack(
  store: ConnectionStore,
  slot: number,
  { walker, said, closing }: NotPacked,
): void {
  store.walkers[slot] = walker
  store.said[slot] = said
  store.states.words.set(closing, slot * L.STATE_WORDS + L.CLOSING)
}

/**
 * A new engine that goes on with some connections (ids, ascending) of an old one, which must not be used afterwards.
 * The n-th id has number n in the new engine; all others are forgotten. So a capture without end stays bounded.
 */
export function carryOver(
  old: ConnectionEngine,
  ids: readonly number[],
  options: ConnectionEngineOptions,
): ConnectionEngine {
  const engine = new ConnectionEngine(options)
  // Walkers that go on take parts from there, and give them back.
  engine.store.idleWalkers = old.store.idleWalkers
  const addresses = old.store.table.addresses.snapshot()
  for (const id of ids) moveConnection(old, engine, id, addresses)
  engine.tcpPackets = old.tcpPackets
  engine.copies = old.copies
  engine.routedCopies = old.routedCopies
  engine.bridgedCopies = old.bridgedCopies
  engine.places.push(...old.places)
  engine.lastTime = old.lastTime
  engine.store.putAwayEarly = old.store.putAwayEarly
  engine.follower.reassembler.boundReached = old.follower.reassembler.boundReached
  engine.icmp.dropped = old.icmp.dropped
  const quoted = new DecodedPacket()
  for (const error of old.icmp.records) {
    quote(quoted, error)
    if (engine.store.table.find(quoted) >= 0) engine.icmp.records.push(error)
  }
  return engine
}

function moveConnection(
  old: ConnectionEngine,
  engine: ConnectionEngine,
  id: number,
  addresses: Uint32Array,
): void {
  const from = old.store
  const to = engine.store
  const oldBase = id * L.WORDS
  const { words } = from.table
  const wasLive = (words[oldBase + L.BITS]! & L.BIT_RETIRED) === 0
  const slot = words[oldBase + L.STATE]!
  const notPacked = wasLive ? takeNotPacked(from, id, slot) : null
  if (wasLive) from.retire(id, slot)

  const newId = to.table.add(to.table.find(firstPacket(words, oldBase, addresses)))
  const base = newId * L.WORDS
  const record = to.table.words
  const [a, b] = [record[base + L.ADDRESS_A]!, record[base + L.ADDRESS_B]!]
  const [key, older] = [record[base + L.BITS]!, record[base + L.OLDER]!]
  record.set(words.subarray(oldBase, oldBase + L.WORDS), base)
  record[base + L.ADDRESS_A] = a
  record[base + L.ADDRESS_B] = b
  // Which endpoint is the higher one depends on numbers that IPv6 addresses were given.
  record[base + L.BITS] = (record[base + L.BITS]! & ~(L.BIT_IPV6 | L.BIT_A_IS_HIGH)) | key
  record[base + L.OLDER] = older
  const shape = record[base + L.SHAPE]!
  if (shape !== 0) {
    const numbers = from.shapes.numbersOf(shape - 1)
    record[base + L.SHAPE] = to.shapes.intern(numbers, numbers.length) + 1
  }
  record[base + L.STATE] = moveEntry(from, to, id)
  if (notPacked === null) return
  giveBack(to, to.revive(newId), notPacked)
  for (const d of [0, 1]) {
    engine.follower.reassembler.adopt(newId * 2 + d, old.follower.reassembler.take(id * 2 + d))
  }
}

/** Copies what is packed of a connection into another archive; its texts have other numbers there. */
function moveEntry(from: ConnectionStore, to: ConnectionStore, id: number): number {
  const { words, doubles } = from.table
  const base = id * L.WORDS
  const first = {
    frame: words[base + L.FIRST_FRAME]!,
    time: doubles[id * L.DOUBLES + L.T_FIRST]!,
    next: [
      words[base + L.DIRECTION + L.D_NEXT]!,
      words[base + L.DIRECTION + L.DIRECTION_WORDS + L.D_NEXT]!,
    ] as const,
  }
  const place = words[base + L.STATE]!
  const chunk = chunkOf(from.archive, place)
  const begin = withinChunk(place)
  const end = unpacker.unpack(chunk, begin, first, unpacked)
  const target = to.archive.begin()
  const at = to.archive.position
  target.set(chunk.subarray(begin, end), at)
  const writer = new ByteWriter()
  writer.start(target, at + end - begin)
  packEntry(writer, unpackEntry(chunk, end, first, from.texts.list), first, to.texts)
  return to.archive.end(writer.at)
}

const packet = new DecodedPacket()

/** A packet from A to B of a record. */
function firstPacket(words: Uint32Array, base: number, addresses: Uint32Array): DecodedPacket {
  const isV6 = (words[base + L.BITS]! & L.BIT_IPV6) !== 0
  const address = (word: number) =>
    isV6 ? addresses.subarray(word * 4, word * 4 + 4) : [0, 0, 0, word]
  const ports = words[base + L.PORTS]!
  return withTuple(
    packet,
    isV6 ? 6 : 4,
    address(words[base + L.ADDRESS_A]!),
    address(words[base + L.ADDRESS_B]!),
    ports >>> 16,
    ports & 0xffff,
  )
}

function quote(to: DecodedPacket, error: IcmpRecord): void {
  const { version, source, target, sourcePort, targetPort } = error
  withTuple(to, version, source, target, sourcePort, targetPort)
}

function withTuple(
  p: DecodedPacket,
  version: 4 | 6,
  source: ArrayLike<number>,
  target: ArrayLike<number>,
  srcPort: number,
  dstPort: number,
): DecodedPacket {
  p.ipVersion = version
  p.src0 = source[0]!
  p.src1 = source[1]!
  p.src2 = source[2]!
  p.src3 = source[3]!
  p.dst0 = target[0]!
  p.dst1 = target[1]!
  p.dst2 = target[2]!
  p.dst3 = target[3]!
  p.srcPort = srcPort
  p.dstPort = dstPort
  return p
}
