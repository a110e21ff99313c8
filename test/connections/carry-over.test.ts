import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  DecodedPacket,
  PACKET_ICMP_QUOTING_TCP,
  PACKET_TCP,
  STOP_MALFORMED,
} from '../../native-free-decoders/decoded-packet.ts'
import { openCapture } from '../../src/capture/open-capture.ts'
import { carryOver, useSome } from '../../src/connections/carry-over.ts'
import { ConnectionEngine } from '../../src/connections/connection-engine.ts'
import { CaptureConnections } from '../../src/connections/connection-set.ts'
import { readOut } from '../../src/connections/read-out.ts'
import type { CaptureFacts } from '../../src/model/record-reader.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'
import { root } from '../source-files.ts'
import { play } from '../support/ladder.ts'
import { writePcap } from '../support/write-pcap.ts'

const samples = join(root, 'samples')
const captures = readdirSync(samples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'lab')
  .flatMap(({ name }) =>
    readdirSync(join(samples, name))
      .filter((file) => /\.(?:pcap|pcapng)(?:\.|$)/.test(file))
      .map((file) => `${name}/${file}`),
  )

const TOTALS = {
  skippedPackets: 0,
  snappedSegments: 0,
  fragmentsIncomplete: 0,
  lastPacketTime: 0,
  backwardTimestamps: 0,
}

type Between = (engine: ConnectionEngine) => ConnectionEngine

/** The connections of a capture; something is done with the engine after every seventh packet. */
async function connectionsOf(
  path: string | Uint8Array,
  between: Between,
): Promise<CaptureConnections> {
  const reader = await openCapture(path, { hash: false, reader: 'native-free' })
  const decoder = new PacketDecoder()
  const packet = new DecodedPacket()
  let engine = new ConnectionEngine()
  for (let batch = await reader.next(); batch !== null; batch = await reader.next()) {
    const { view, bytes, offsets, capturedLengths, originalLengths, times, directions } = batch
    for (let i = 0; i < batch.count; i++) {
      const index = batch.interfaces[i]!
      const { linkType } = reader.facts.interfaces[index]!
      const [at, captured, original] = [offsets[i]!, capturedLengths[i]!, originalLengths[i]!]
      decoder.decode(view, bytes, at, captured, original, linkType, times[i]!, packet)
      const frame = batch.firstFrame + i
      if (packet.kind === PACKET_TCP && packet.stop !== STOP_MALFORMED)
        engine.segment(packet, bytes, view, frame, times[i]!, directions[i]!, index)
      else if (packet.kind === PACKET_ICMP_QUOTING_TCP) engine.icmpError(packet, frame, times[i]!)
      if (frame % 7 === 0) engine = between(engine)
    }
  }
  await reader.close()
  return setOf(reader.facts, readOut(engine, TOTALS))
}

function setOf(facts: CaptureFacts, data: ReturnType<typeof readOut>): CaptureConnections {
  return new CaptureConnections('capture', facts, [data])
}

function seen(set: CaptureConnections) {
  return Array.from({ length: set.count }, (_, i) => ({
    view: set.view(i),
    shape: set.shape(i) >= 0,
  }))
}

const everyId = (engine: ConnectionEngine) =>
  Array.from({ length: engine.store.table.count }, (_, id) => id)

test('a close is as simple as it was, also when the payload before it is not kept any more', async () => {
  const exchange = 'c> PA 10\nu> PA 10\nc> A\n'
  const updates = Array.from({ length: 120 }, (_, i) => `c> A +1ms win=${1000 + i}`).join('\n')
  const ladder = `c> S\nu> SA\nc> A\n${exchange.repeat(8)}${updates}\nc> FA\nu> FA\nc> A`
  const bytes = writePcap(play(ladder).client, { magic: 'nanosecond' })
  const plain = seen(await connectionsOf(bytes, (engine) => engine))
  // Had it a shape, there would be nothing to lose.
  expect(plain.map(({ shape }) => shape)).toEqual([false])
  const carried = await connectionsOf(bytes, (engine) => carryOver(engine, everyId(engine), {}))
  expect(seen(carried)).toEqual(plain)
  const read = await connectionsOf(bytes, (engine) => {
    useSome(engine, everyId(engine), TOTALS, () => {})
    return engine
  })
  expect(seen(read)).toEqual(plain)
})

describe.each(captures)('%s', (name) => {
  const path = join(samples, name)

  test('is the same however often its connections are carried over', async () => {
    const carried = await connectionsOf(path, (engine) => carryOver(engine, everyId(engine), {}))
    expect(seen(carried)).toEqual(seen(await connectionsOf(path, (engine) => engine)))
  })

  test('is the same when connections are read out on the way', async () => {
    const read = await connectionsOf(path, (engine) => {
      const { length } = engine.store.archive
      useSome(engine, everyId(engine), TOTALS, (data) => expect(data.count).toBeGreaterThan(0))
      expect(engine.store.archive.length).toBe(length)
      return engine
    })
    expect(seen(read)).toEqual(seen(await connectionsOf(path, (engine) => engine)))
  })
})
