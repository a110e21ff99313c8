/**
 * What the connection engine made of one capture (or one shard of it), as plain columns that cross a thread
 * boundary by transfer. Layouts: src/connections/layout.ts and
 * packed-connection.ts.
 */
export interface ConnectionData {
  count: number
  words: Uint32Array
  /** The same memory, for the times. */
  doubles: Float64Array
  /** Four words per interned IPv6 address. */
  addresses: Uint32Array
  /** States, kept segments and what was said, packed: records point into it. */
  archive: ArchiveData
  /** Numbers of each shape (see shape.ts). */
  shapes: Uint32Array[]
  /** Texts that packed connections share. */
  texts: string[]
  /** Which direction is the client's (0: A, 1: B), by the reasons that one connection alone gives. */
  clientDirection: Uint8Array
  /** Index into ROLE_REASONS. */
  roleReason: Uint8Array
  icmp: IcmpRecord[]
  totals: EngineTotals
}

/** Packed bytes in chunks of one size (see src/connections/archive.ts). */
export interface ArchiveData {
  /** By number; null where one lies in the file only, at its number times its size. */
  chunks: (Uint8Array | null)[]
  /** Numbers of chunks that lie in the file and are in memory as well, in the order in which they were read. */
  readBack: number[]
  file: ChunkFile | null
}

/** Where chunks lie that are not in memory. */
export interface ChunkFile {
  /** Puts bytes at a place; false where there is no room for them. */
  write(bytes: Uint8Array, at: number): boolean
  /** Fills `bytes` from a place. Throws a `RstscopeError` where they cannot be read. */
  read(bytes: Uint8Array, at: number): void
}

export interface EngineTotals {
  tcpPackets: number
  /** Observations folded into an earlier one. */
  copies: number
  /** Of those at another place of the same file: with another TTL, so beyond a router, or with the same. */
  routedCopies: number
  bridgedCopies: number
  /** The first three places at which segments were seen: interfaces, VLANs, tunnels. */
  places: number[]
  /** Packets that are no TCP and no ICMP error about TCP. */
  skippedPackets: number
  /** Streams whose hole was given up because a reassembly bound was reached. */
  reassemblyBoundReached: number
  /** Connections that were put away while they may still have had something to say: too many lived at a time. */
  putAwayEarly: number
  icmpErrorsDropped: number
  fragmentsIncomplete: number
  /** TCP segments whose header or payload was cut by the snap length. */
  snappedSegments: number
  /** Relative ns of the last packet of any kind, and of the first. */
  lastPacketTime: number
  /** Packets whose timestamp lies before their predecessor's. */
  backwardTimestamps: number
}

/** One ICMP error, with the tuple of the segment that it quotes. */
export interface IcmpRecord {
  frame: number
  time: number
  version: 4 | 6
  type: number
  code: number
  mtu: number
  from: [number, number, number, number]
  source: [number, number, number, number]
  target: [number, number, number, number]
  sourcePort: number
  targetPort: number
  seq: number
}
