import type { ConnectionData, EngineTotals } from '../model/connection-data.ts'
import type { ConnectionEngine } from './connection-engine.ts'
import { WORDS } from './layout.ts'
import { roleOf } from './roles.ts'

/** What of the totals the connection engine cannot know itself. */
export type PacketTotals = Omit<
  EngineTotals,
  'tcpPackets' | 'copies' | 'reassemblyBoundReached' | 'icmpErrorsDropped'
>

/** Ends the engine and hands its columns over. The engine must not be used afterwards. */
export function readOut(engine: ConnectionEngine, packets: PacketTotals): ConnectionData {
  engine.finish()
  const { table, walkers } = engine
  const count = table.count
  const clientDirection = new Uint8Array(count)
  const roleReason = new Uint8Array(count)
  const applications = new Array(count).fill(null)
  for (let id = 0; id < count; id++) {
    const walker = walkers[id] ?? null
    const role = roleOf(table.words, id * WORDS, walker === null ? -1 : walker.clientDirection())
    const client = (role & 1) as 0 | 1
    clientDirection[id] = client
    roleReason[id] = role >>> 1
    if (walker !== null) applications[id] = walker.summary(client)
    walkers[id] = null
  }
  const log = engine.log
  return {
    count,
    words: table.words,
    doubles: table.doubles,
    addresses: table.addresses.snapshot(),
    rows: log.words,
    clientDirection,
    roleReason,
    applications,
    icmp: engine.icmp.records,
    totals: {
      ...packets,
      tcpPackets: engine.tcpPackets,
      copies: engine.copies,
      reassemblyBoundReached: engine.reassembler.boundReached,
      icmpErrorsDropped: engine.icmp.dropped,
    },
  }
}

/** The buffers of a read-out that can be transferred to another thread instead of copied. */
export function transferList(data: ConnectionData): ArrayBuffer[] {
  const columns = [
    data.words,
    data.doubles,
    data.addresses,
    data.clientDirection,
    data.roleReason,
    data.rows,
  ]
  return columns.map((column) => column.buffer as ArrayBuffer)
}
