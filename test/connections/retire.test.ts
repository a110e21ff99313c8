import { describe, expect, it } from 'vitest'
// @ts-expect-error The generator is plain JavaScript.
import { captureChunks } from '../../bench/capture/capture.mjs'
import { DecodedPacket, PACKET_TCP } from '../../native-free-decoders/decoded-packet.ts'
import { openCapture } from '../../src/capture/open-capture.ts'
import { ConnectionEngine } from '../../src/connections/connection-engine.ts'
import { CaptureConnections } from '../../src/connections/connection-set.ts'
import { readOut } from '../../src/connections/read-out.ts'
import type { ChunkFile } from '../../src/model/connection-data.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'

const NOTHING = {
  skippedPackets: 0,
  snappedSegments: 0,
  fragmentsIncomplete: 0,
  lastPacketTime: 0,
  backwardTimestamps: 0,
}

class CountedFile implements ChunkFile {
  private readonly bytes = Buffer.alloc(1 << 25)
  reads = 0

  write(bytes: Uint8Array, at: number): boolean {
    this.bytes.set(bytes, at)
    return true
  }

  read(bytes: Uint8Array, at: number): void {
    this.reads++
    bytes.set(this.bytes.subarray(at, at + bytes.length))
  }
}

/** The connections of a capture by an engine that may keep so much memory. */
async function connectionsOf(bytes: Uint8Array, maxMemory?: number, file?: ChunkFile) {
  const reader = await openCapture(bytes)
  const engine = new ConnectionEngine(maxMemory === undefined ? {} : { maxMemory })
  if (file !== undefined) engine.store.archive.keepNewest(0, () => file)
  const decoder = new PacketDecoder()
  const packet = new DecodedPacket()
  for (;;) {
    const batch = await reader.next()
    if (batch === null) break
    for (let i = 0; i < batch.count; i++) {
      const { view, bytes, offsets, capturedLengths, originalLengths, times } = batch
      const length = capturedLengths[i]!
      decoder.decode(view, bytes, offsets[i]!, length, originalLengths[i]!, 1, times[i]!, packet)
      if (packet.kind !== PACKET_TCP) continue
      engine.segment(packet, bytes, view, batch.firstFrame + i, times[i]!, 0, 0)
    }
  }
  const data = readOut(engine, NOTHING)
  return { set: new CaptureConnections('capture', reader.facts, [data]), data }
}

describe('a retired connection', () => {
  it('comes back to life with its next packet as if it had lived on', async () => {
    const chunks: Buffer[] = []
    // A chunk is valid until the next one is asked for.
    for (const chunk of captureChunks('syn', { scale: 0.002 })) chunks.push(Buffer.from(chunk))
    const bytes = Buffer.concat(chunks)
    const roomy = await connectionsOf(bytes)
    // So little memory that a connection is put away long before its SYN is repeated.
    const cramped = await connectionsOf(bytes, 4096)
    expect(cramped.set.count).toBe(roomy.set.count)
    expect(cramped.set.count).toBeGreaterThan(3000)
    let repeated = 0
    for (let i = 0; i < roomy.set.count; i++) {
      const there = roomy.set.view(i)
      const here = cramped.set.view(i)
      // What payload says is followed only while its connection lives, and that is counted.
      expect({ ...here, application: null }).toEqual({ ...there, application: null })
      if (there.client.retransmissions > 0) repeated++
    }
    expect(repeated).toBeGreaterThan(500)
    // The same from a file: whoever comes back must be read back.
    const file = new CountedFile()
    const written = await connectionsOf(bytes, 4096, file)
    expect(file.reads).toBeGreaterThan(0)
    for (let i = 0; i < cramped.set.count; i++) {
      expect(written.set.view(i)).toEqual(cramped.set.view(i))
    }
    expect(roomy.data.totals.putAwayEarly).toBe(0)
    expect(cramped.data.totals.putAwayEarly).toBeGreaterThan(0)
  })
})
