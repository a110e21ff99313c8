import {
  DecodedPacket,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_TCP,
  STOP_MALFORMED,
} from '../../native-free-decoders/decoded-packet.ts'
import { type CaptureInput, openCapture, type ReaderChoice } from '../capture/open-capture.ts'
import { ConnectionEngine } from '../connections/connection-engine.ts'
import { placeOf } from '../connections/place.ts'
import { readOut } from '../connections/read-out.ts'
import type { ChunkFile, ConnectionData } from '../model/connection-data.ts'
import type { CaptureFacts } from '../model/record-reader.ts'
import { PacketDecoder } from '../packets/decode-packet.ts'
import { plainShard, shardOf } from './shard.ts'

const BATCHES_PER_TURN = 32
/** Packed bytes of retired connections that stay in memory, and their part of `maxMemory` where that is less. */
const MOST_HELD = 8 * 1024 * 1024
const HELD_PART = 1 / 32

export interface TrackOptions {
  reader?: ReaderChoice | undefined
  /** This shard of how many: connections are told apart by a symmetric hash of their 4-tuple. */
  shard?: number
  shards?: number
  signal?: AbortSignal | undefined
  /** Bound for live connections and for payload that waits behind holes, in bytes. */
  maxMemory?: number | undefined
  /** Whether the files are hashed (SHA-256); yes unless said otherwise. */
  hash?: boolean | undefined
  /** Keep only what one capture's own answers need (see `ConnectionEngineOptions.thin`). */
  thin?: boolean | undefined
  /** Only what was seen at this place of the file (see `placeOf`). */
  place?: number | undefined
  /** Opens a file for what retired connections take beyond some MB; all of it stays in memory where there is none. */
  openFile?: (() => ChunkFile | null) | undefined
  onProgress?: ((bytesRead: number, totalBytes: number | null, packets: number) => void) | undefined
}

export interface TrackedCapture {
  facts: CaptureFacts
  data: ConnectionData
}

/** Bytes to connections: the whole way of one capture (or of one shard of its connections) in one thread. */
export async function trackCapture(
  input: CaptureInput | readonly CaptureInput[],
  options: TrackOptions = {},
): Promise<TrackedCapture> {
  const { shard = 0, shards = 1, signal, onProgress, place } = options
  let bytesRead = 0
  let totalBytes: number | null = null
  const reader = await openCapture(input, {
    ...(options.reader === undefined ? {} : { reader: options.reader }),
    signal,
    hash: (options.hash ?? true) && shard === 0,
    onBytes: (read, total) => {
      bytesRead = read
      totalBytes = total
    },
  })
  const engine = new ConnectionEngine({
    ...(options.maxMemory === undefined ? {} : { maxMemory: options.maxMemory / shards }),
    thin: options.thin ?? false,
  })
  if (options.openFile !== undefined) {
    const part = (options.maxMemory ?? Number.POSITIVE_INFINITY) * HELD_PART
    engine.store.archive.keepNewest(Math.min(MOST_HELD, part) / shards, options.openFile)
  }
  const decoder = new PacketDecoder()
  const packet = new DecodedPacket()
  let snappedSegments = 0
  let skippedPackets = 0
  let backwardTimestamps = 0
  let previousTime = Number.NEGATIVE_INFINITY
  let lastPacketTime = 0
  let batches = 0
  try {
    for (;;) {
      const batch = await reader.next()
      if (batch === null) break
      const interfaces = reader.facts.interfaces
      for (let i = 0; i < batch.count; i++) {
        const index = batch.interfaces[i]!
        const time = batch.times[i]!
        const frame = batch.firstFrame + i
        if (time < previousTime) backwardTimestamps++
        previousTime = time
        if (time > lastPacketTime) lastPacketTime = time
        const offset = batch.offsets[i]!
        const captured = batch.capturedLengths[i]!
        const linkType = interfaces[index]?.linkType ?? 1
        const known =
          shards > 1 ? plainShard(batch.view, offset, captured, linkType, shards) : shard
        if (known >= 0 && known !== shard) continue
        decoder.decode(
          batch.view,
          batch.bytes,
          offset,
          captured,
          batch.originalLengths[i]!,
          linkType,
          time,
          packet,
        )
        if (place !== undefined && placeOf(packet, index) !== place) continue
        if (packet.kind === PACKET_TCP) {
          if (known < 0 && shardOf(packet, shards) !== shard) continue
          if (packet.stop === STOP_MALFORMED) {
            // No receiver takes a header of impossible length: counted as TCP, but it changes nothing.
            engine.tcpPackets++
            continue
          }
          if (packet.payloadCaptured < packet.payloadLength) snappedSegments++
          const { bytes, view } = batch
          engine.segment(packet, bytes, view, frame, time, batch.directions[i]!, index)
        } else if (packet.kind === PACKET_ICMP_QUOTING_TCP) {
          skippedPackets++
          if (known < 0 && shardOf(packet, shards) !== shard) continue
          engine.icmpError(packet, frame, time)
        } else {
          skippedPackets++
        }
      }
      // Files are read synchronously: without a turn of the event loop now and then, Ctrl-C would go unheard.
      if (++batches % BATCHES_PER_TURN === 0) await new Promise((turn) => setImmediate(turn))
      onProgress?.(bytesRead, totalBytes, batch.firstFrame + batch.count - 1)
    }
  } finally {
    await reader.close()
  }
  const data = readOut(engine, {
    skippedPackets,
    snappedSegments,
    fragmentsIncomplete: decoder.counters.tcpFragmentsIncomplete,
    lastPacketTime,
    backwardTimestamps,
  })
  return { facts: reader.facts, data }
}
