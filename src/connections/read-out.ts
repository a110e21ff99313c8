import type { ConnectionData, EngineTotals } from '../model/connection-data.ts'
import type { ConnectionEngine } from './connection-engine.ts'
import * as L from './layout.ts'

/** What of the totals the connection engine cannot know itself. */
export type PacketTotals = Omit<
  EngineTotals,
  | 'tcpPackets'
  | 'copies'
  | 'routedCopies'
  | 'bridgedCopies'
  | 'places'
  | 'reassemblyBoundReached'
  | 'putAwayEarly'
  | 'icmpErrorsDropped'
>

/** Ends the engine and hands its columns over. The engine must not be used afterwards. */
export function readOut(engine: ConnectionEngine, packets: PacketTotals): ConnectionData {
  engine.finish()
  const { table, archive, texts, shapes } = engine.store
  const { count, words, doubles } = table
  const clientDirection = new Uint8Array(count)
  const roleReason = new Uint8Array(count)
  for (let id = 0; id < count; id++) {
    const role = words[id * L.WORDS + L.BITS]! >>> L.ROLE_SHIFT
    clientDirection[id] = role & 1
    roleReason[id] = role >>> 1
  }
  return {
    count,
    words,
    doubles,
    addresses: table.addresses.snapshot(),
    archive: archive.finish(),
    texts: texts.list,
    shapes: shapes.list(),
    clientDirection,
    roleReason,
    icmp: engine.icmp.records,
    totals: engineTotals(engine, packets),
  }
}

export function engineTotals(engine: ConnectionEngine, packets: PacketTotals): EngineTotals {
  return {
    ...packets,
    tcpPackets: engine.tcpPackets,
    copies: engine.copies,
    routedCopies: engine.routedCopies,
    bridgedCopies: engine.bridgedCopies,
    places: engine.places,
    reassemblyBoundReached: engine.follower.reassembler.boundReached,
    putAwayEarly: engine.store.putAwayEarly,
    icmpErrorsDropped: engine.icmp.dropped,
  }
}

/** The buffers of a read-out that can be transferred to another thread instead of copied. */
export function transferList(data: ConnectionData): ArrayBuffer[] {
  const columns = [
    data.words,
    data.addresses,
    data.clientDirection,
    data.roleReason,
    ...data.archive.chunks,
  ]
  return columns.flatMap((column) => (column === null ? [] : [column.buffer as ArrayBuffer]))
}
