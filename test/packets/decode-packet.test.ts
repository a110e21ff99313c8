import { describe, expect, it } from 'vitest'
import {
  DecodedPacket,
  PACKET_OTHER,
  PACKET_TCP,
  STOP_MALFORMED,
  STOP_UNSUPPORTED,
} from '../../native-free-decoders/index.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'
import { decode, ethernet, hex, ipv4, tcp, udp, usedPacket } from './packet-bytes.ts'

describe('PacketDecoder', () => {
  it('leaves nothing of an earlier packet in any field', () => {
    const used = usedPacket()
    used.reset()
    expect(used).toEqual(new DecodedPacket())
    // And a packet that sets few fields looks the same after one that sets many.
    expect(decode([], { linkType: 1 })).toEqual(
      Object.assign(new DecodedPacket(), { stop: STOP_MALFORMED }),
    )
    expect(decode([1, 2, 3], { linkType: 147 })).toEqual(
      Object.assign(new DecodedPacket(), { stop: STOP_UNSUPPORTED }),
    )
  })

  it('leaves the direction unknown where the link header does not say it', () => {
    expect(decode(ethernet(0x0800, ipv4(6, tcp())), { linkType: 1 }).direction).toBe(0)
  })

  it('counts what it saw', () => {
    const decoder = new PacketDecoder()
    const badHeader = tcp()
    badHeader[12] = 0
    const quote = [...hex('03 03 0000 00000000'), ...ipv4(6, tcp())]
    const whole = ipv4(6, tcp())
    decode(whole, { decoder })
    decode(whole.slice(0, 36), { decoder, originalLength: 40 })
    decode(whole.slice(0, 30), { decoder, originalLength: 40 })
    decode(ipv4(6, badHeader), { decoder })
    decode(ipv4(6, tcp(), { totalLength: 900 }), { decoder })
    decode(ipv4(1, quote), { decoder })
    decode(ipv4(17, udp(53, [])), { decoder })
    decode(whole.slice(0, 10), { decoder })
    decode(whole, { decoder, linkType: 999 })
    expect(decoder.counters).toMatchObject({
      packets: 9,
      tcp: 4,
      tcpMalformed: 1,
      longerThanRecord: 1,
      icmpQuotingTcp: 1,
      snapped: 1,
      malformed: 1,
      unsupported: 2,
      fragments: 0,
    })
  })

  it('does not count the outer packet of a quote as TCP', () => {
    const decoder = new PacketDecoder()
    decode(ipv4(1, [...hex('03 03 0000 00000000'), ...ipv4(6, tcp())]), { decoder })
    expect(decoder.counters.tcp).toBe(0)
  })

  it('believes the buffer when a record claims more than is there', () => {
    const record = Uint8Array.from(ipv4(6, tcp({ payload: [1, 2, 3] })))
    const view = new DataView(record.buffer)
    const out = new DecodedPacket()
    new PacketDecoder().decode(view, record, 0, 5000, 5000, 101, 0, out)
    expect(out).toMatchObject({ kind: PACKET_TCP, payloadLength: 3 })
    new PacketDecoder().decode(view, record, 4000, 5000, 5000, 101, 0, out)
    expect(out.kind).toBe(PACKET_OTHER)
  })

  it('decodes through a view that does not start at the beginning of its buffer', () => {
    const memory = Uint8Array.from([9, 9, 9, ...ipv4(6, tcp({ srcPort: 4242 }))])
    const bytes = memory.subarray(3)
    const view = new DataView(bytes.buffer, 3, bytes.length)
    const out = new DecodedPacket()
    new PacketDecoder().decode(view, bytes, 0, bytes.length, bytes.length, 101, 0, out)
    expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 4242 })
  })
})
