import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  PACKET_FRAGMENT,
  PACKET_TCP,
  STOP_UNSUPPORTED,
  TUNNEL_VXLAN,
} from '../../native-free-decoders/index.ts'
import { PacketDecoder } from '../../src/packets/decode-packet.ts'
import { decode, ethernet, hex, ipv4, ipv6, tcp, u16, u32, udp } from './packet-bytes.ts'

const MORE = 0x2000
const PAYLOAD = Array.from({ length: 100 }, (_, i) => i)
const SEGMENT = tcp({ srcPort: 4321, payload: PAYLOAD })

interface Piece {
  start: number
  end: number
}

function piece4(datagram: readonly number[], { start, end }: Piece, id = 1, protocol = 6) {
  const more = end < datagram.length ? MORE : 0
  return ipv4(protocol, datagram.slice(start, end), { id, fragment: more | (start / 8) })
}

function piece6(datagram: readonly number[], { start, end }: Piece, id = 0x89abcdef) {
  const more = end < datagram.length ? 1 : 0
  const header = [6, 0, ...u16(start | more), ...u32(id)]
  return ipv6(44, [...header, ...datagram.slice(start, end)])
}

const THREE: Piece[] = [
  { start: 0, end: 24 },
  { start: 24, end: 80 },
  { start: 80, end: 120 },
]

describe('IP fragments', () => {
  it('are put together in any order, in IPv4 and IPv6', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 6 }),
        fc.infiniteStream(fc.nat()),
        fc.constantFrom(piece4, piece6),
        (cuts, order, piece) => {
          const edges = [0, ...cuts.map((cut) => cut * 8).sort((a, b) => a - b), SEGMENT.length]
          if (edges.length < 3) return
          const pieces = edges.slice(1).map((end, i) => ({ start: edges[i]!, end }))
          const sorted = pieces
            .map((each) => ({ each, key: order.next().value }))
            .sort((a, b) => a.key - b.key)
            .map(({ each }) => each)
          const decoder = new PacketDecoder()
          const decoded = sorted.map((each) => decode(piece(SEGMENT, each), { decoder }))
          const last = decoded.pop()!
          for (const earlier of decoded) expect(earlier.kind).toBe(PACKET_FRAGMENT)
          expect(last).toMatchObject({
            kind: PACKET_TCP,
            srcPort: 4321,
            payloadLength: 100,
            payloadCaptured: 100,
            payloadOffset: 20,
          })
          expect([...last.reassembled!.slice(20, 120)]).toEqual(PAYLOAD)
          expect(decoder.counters).toMatchObject({
            fragments: pieces.length,
            datagramsReassembled: 1,
            fragmentsIncomplete: 0,
            tcpFragmentsIncomplete: 0,
            tcp: 1,
          })
        },
      ),
    )
  })

  it('that never complete are counted, not lost', () => {
    const decoder = new PacketDecoder()
    decode(piece4(SEGMENT, THREE[0]!), { decoder })
    decode(piece4(SEGMENT, THREE[1]!, 2, 17), { decoder })
    expect(decoder.counters).toMatchObject({
      tcp: 0,
      fragments: 2,
      fragmentsIncomplete: 2,
      tcpFragmentsIncomplete: 1,
    })
  })

  it('that overlap: the first to arrive wins', () => {
    const decoder = new PacketDecoder()
    const forged = [...SEGMENT]
    forged.fill(0xee, 24)
    decode(piece4(SEGMENT, { start: 0, end: 48 }), { decoder })
    decode(piece4(forged, { start: 24, end: 80 }), { decoder })
    const out = decode(piece4(SEGMENT, { start: 80, end: 120 }), { decoder })
    const expected = [...SEGMENT.slice(20, 48), ...forged.slice(48, 80), ...SEGMENT.slice(80)]
    expect([...out.reassembled!.slice(20, 120)]).toEqual(expected)
  })

  it('that come twice change nothing', () => {
    const decoder = new PacketDecoder()
    for (const each of [THREE[0]!, THREE[0]!, THREE[2]!, THREE[2]!]) {
      expect(decode(piece4(SEGMENT, each), { decoder }).kind).toBe(PACKET_FRAGMENT)
    }
    expect(decode(piece4(SEGMENT, THREE[1]!), { decoder }).kind).toBe(PACKET_TCP)
  })

  it('of different datagrams are kept apart', () => {
    const decoder = new PacketDecoder()
    decode(piece4(SEGMENT, THREE[0]!, 1), { decoder })
    decode(piece4(SEGMENT, THREE[1]!, 2), { decoder })
    decode(piece4(SEGMENT, THREE[2]!, 1, 17), { decoder })
    const other = ipv4(6, SEGMENT.slice(24), { id: 1, fragment: 3, src: 0x0a0000ff })
    decode(other, { decoder })
    expect(decoder.counters).toMatchObject({ fragmentsIncomplete: 4, datagramsReassembled: 0 })
  })

  it('seen on two interfaces make two packets', () => {
    const decoder = new PacketDecoder()
    const kinds: number[] = []
    for (const each of THREE) {
      for (const ifIndex of [2, 3]) {
        const header = [
          ...hex('0800 0000'),
          ...u32(ifIndex),
          ...hex('0001 00 06 020000000001 0000'),
        ]
        const record = [...header, ...piece4(SEGMENT, each)]
        kinds.push(decode(record, { decoder, linkType: 276 }).kind)
      }
    }
    expect(kinds).toEqual([3, 3, 3, 3, PACKET_TCP, PACKET_TCP])
  })

  it('are given up after 30 seconds of packet time', () => {
    const decoder = new PacketDecoder()
    const first = piece4(SEGMENT, { start: 0, end: 80 })
    const last = piece4(SEGMENT, { start: 80, end: 120 })
    decode(first, { decoder, timeNs: 0 })
    expect(decode(last, { decoder, timeNs: 31e9 }).kind).toBe(PACKET_FRAGMENT)
    expect(decode(first, { decoder, timeNs: 32e9 }).kind).toBe(PACKET_TCP)
    expect(decoder.counters).toMatchObject({ datagramsReassembled: 1, fragmentsIncomplete: 1 })
  })

  it('are held within the bound, the oldest giving way', () => {
    const decoder = new PacketDecoder({ maxFragmentBytes: 64 * 1024 })
    for (let id = 0; id < 5000; id++) decode(piece4(SEGMENT, THREE[0]!, id), { decoder })
    const [, second, third] = THREE
    decode(piece4(SEGMENT, second!, 4999), { decoder })
    expect(decode(piece4(SEGMENT, third!, 4999), { decoder }).kind).toBe(PACKET_TCP)
    decode(piece4(SEGMENT, second!, 0), { decoder })
    expect(decode(piece4(SEGMENT, third!, 0), { decoder }).kind).toBe(PACKET_FRAGMENT)
    expect(decoder.counters.fragmentsIncomplete).toBe(5000)
  })

  it('that alone exceed the bound are dropped and counted', () => {
    const decoder = new PacketDecoder({ maxFragmentBytes: 8192 })
    const far = ipv4(6, new Array(800).fill(1), { fragment: MORE | 5000 })
    expect(decode(far, { decoder }).kind).toBe(PACKET_FRAGMENT)
    expect(decode(far, { decoder }).kind).toBe(PACKET_FRAGMENT)
    expect(decoder.counters).toMatchObject({ fragments: 2, fragmentsIncomplete: 2 })
  })

  it.each([
    [
      'a middle fragment that is no multiple of eight bytes',
      ipv4(6, [1, 2, 3], { fragment: MORE }),
    ],
    ['an empty fragment', ipv4(6, [], { fragment: MORE })],
    ['an end above 65535', ipv4(6, new Array(16).fill(1), { fragment: 0x1fff })],
  ])('refuses %s', (_, record) => {
    const decoder = new PacketDecoder()
    expect(decode(record, { decoder }).kind).toBe(PACKET_FRAGMENT)
    expect(decoder.counters).toMatchObject({ fragmentsMalformed: 1, fragmentsIncomplete: 0 })
  })

  it('cut by the snap length keep their length, and what was captured from the start', () => {
    const decoder = new PacketDecoder()
    const first = piece4(SEGMENT, { start: 0, end: 80 })
    decode(first.slice(0, 60), { decoder, originalLength: first.length })
    const out = decode(piece4(SEGMENT, { start: 80, end: 120 }), { decoder })
    expect(out).toMatchObject({ kind: PACKET_TCP, payloadLength: 100, payloadCaptured: 20 })
  })

  it('of a tunnel packet, itself holding fragments, are put together twice', () => {
    const decoder = new PacketDecoder()
    const outer = (inner: readonly number[], id: number) => {
      const frame = [...hex('08000000 00000500'), ...ethernet(0x0800, inner)]
      const datagram = udp(4789, frame)
      const cut = { start: 0, end: 32 }
      decode(piece4(datagram, cut, id, 17), { decoder })
      return decode(piece4(datagram, { start: 32, end: datagram.length }, id, 17), { decoder })
    }
    const half = { start: 0, end: 64 }
    expect(outer(piece4(SEGMENT, half, 9), 1).kind).toBe(PACKET_FRAGMENT)
    const out = outer(piece4(SEGMENT, { start: 64, end: 120 }, 9), 2)
    expect(out).toMatchObject({
      kind: PACKET_TCP,
      tunnel: TUNNEL_VXLAN,
      vni: 5,
      payloadLength: 100,
    })
    expect([...out.reassembled!.slice(20, 120)]).toEqual(PAYLOAD)
  })

  it('of IPv6 may hold further extension headers, and take the first one as the protocol', () => {
    const decoder = new PacketDecoder()
    const datagram = [6, 0, ...hex('010400000000'), ...SEGMENT]
    const header = (protocol: number, start: number, more: number) =>
      hex(`${protocol.toString(16).padStart(2, '0')}00`).concat(u16(start | more), u32(7))
    decode(ipv6(44, [...header(59, 64, 0), ...datagram.slice(64)]), { decoder })
    const out = decode(ipv6(44, [...header(60, 0, 1), ...datagram.slice(0, 64)]), { decoder })
    expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 4321, ipId: 7 })
  })

  it('of protocols that are not decoded end as such', () => {
    const decoder = new PacketDecoder()
    decode(piece4(SEGMENT, { start: 0, end: 80 }, 1, 50), { decoder })
    const out = decode(piece4(SEGMENT, { start: 80, end: 120 }, 1, 50), { decoder })
    expect(out).toMatchObject({ kind: 0, stop: STOP_UNSUPPORTED })
  })
})
