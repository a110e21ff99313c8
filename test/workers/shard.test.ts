import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodedPacket, PACKET_TCP } from '../../native-free-decoders/index.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'
import { plainShard, shardOf } from '../../src/workers/shard.ts'
import { ethernet, hex, ipv4, ipv6, tcp } from '../packets/packet-bytes.ts'

const SHARDS = 7
const segment = tcp({ options: hex('020405b4'), payload: [1, 2, 3, 4] })
const plain = ethernet(0x0800, ipv4(6, segment))

/** The shard as both ways tell it: without decoding (-1: cannot tell) and by what was decoded (-1: no segment). */
function shards(record: readonly number[], linkType = 1, originalLength = record.length) {
  const bytes = Uint8Array.from(record)
  const view = new DataView(bytes.buffer)
  const packet = new DecodedPacket()
  const length = record.length
  new PacketDecoder().decode(view, bytes, 0, length, originalLength, linkType, 0, packet)
  return {
    known: plainShard(view, 0, length, linkType, SHARDS),
    decoded: packet.kind === PACKET_TCP ? shardOf(packet, SHARDS) : -1,
  }
}

describe('the shard of a record that was not decoded', () => {
  it('is told for a segment over IPv4 over Ethernet', () => {
    const { known, decoded } = shards(plain)
    expect(known).toBeGreaterThanOrEqual(0)
    expect(known).toBe(decoded)
  })

  it('is left to the decoder for other layers, options of IPv4, and fragments', () => {
    const tagged = ethernet(0x8100, [...hex('0001 0800'), ...ipv4(6, segment)])
    const fragment = ethernet(0x0800, ipv4(6, segment, { fragment: 0x2000 }))
    for (const record of [ethernet(0x86dd, ipv6(6, segment)), tagged, fragment]) {
      expect(shards(record).known).toBe(-1)
    }
    expect(shards(ipv4(6, segment), 101).known).toBe(-1)
    expect(shards(plain.slice(0, 47)).known).toBe(-1)
  })

  it('is that of the decoded segment whatever the bytes and the snap length are', () => {
    const damage = fc.array(fc.tuple(fc.nat(plain.length - 1), fc.nat(255)), { maxLength: 4 })
    let told = 0
    fc.assert(
      fc.property(damage, fc.nat(plain.length), fc.nat(2000), (changes, length, original) => {
        const record = plain.slice(0, length)
        for (const [at, value] of changes) if (at < length) record[at] = value
        const { known, decoded } = shards(record, 1, original)
        if (known < 0) return
        told++
        expect(known).toBe(decoded)
      }),
      { numRuns: 5000 },
    )
    expect(told).toBeGreaterThan(100)
  })
})
