import { describe, expect, it } from 'vitest'
import {
  layerOfLinkType,
  PACKET_OTHER,
  PACKET_TCP,
  STOP_MALFORMED,
  STOP_SNAPPED,
  STOP_UNSUPPORTED,
} from '../../native-free-decoders/index.ts'
import {
  decode,
  ethernet,
  hex,
  ipv4,
  ipv6,
  LINKTYPE_ETHERNET,
  tcp,
  u16,
} from '../packets/packet-bytes.ts'

const packet4 = ipv4(6, tcp({ srcPort: 1111, dstPort: 2222 }))
const packet6 = ipv6(6, tcp({ srcPort: 1111, dstPort: 2222 }))

function expectTcp(record: readonly number[], linkType: number, ipVersion: number) {
  const out = decode(record, { linkType })
  expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 1111, dstPort: 2222, ipVersion, stop: 0 })
  return out
}

describe('Ethernet', () => {
  it('carries IPv4 and IPv6', () => {
    expectTcp(ethernet(0x0800, packet4), LINKTYPE_ETHERNET, 4)
    expectTcp(ethernet(0x86dd, packet6), LINKTYPE_ETHERNET, 6)
  })

  it('keeps the VLAN id of an 802.1Q tag', () => {
    const out = expectTcp(ethernet(0x8100, [...hex('e07b 0800'), ...packet4]), LINKTYPE_ETHERNET, 4)
    expect(out.vlan).toBe(0x07b)
  })

  it.each([0x88a8, 0x9100, 0x8100])('keeps the inner id of two tags (outer %i)', (outer) => {
    const tags = hex('0064 8100 00c8 86dd')
    expect(expectTcp(ethernet(outer, [...tags, ...packet6]), LINKTYPE_ETHERNET, 6).vlan).toBe(200)
  })

  it('leaves the outer VLAN in place under a priority tag', () => {
    const tags = hex('0064 8100 a000 0800')
    expect(expectTcp(ethernet(0x88a8, [...tags, ...packet4]), LINKTYPE_ETHERNET, 4).vlan).toBe(100)
  })

  it('carries IP behind LLC and SNAP when the type field is a length', () => {
    const frame = [...hex('aaaa03 000000 0800'), ...packet4]
    expectTcp(ethernet(frame.length, frame), LINKTYPE_ETHERNET, 4)
    expectTcp(ethernet(0x8870, frame), LINKTYPE_ETHERNET, 4)
    const direct = [...hex('060603'), ...packet4]
    expectTcp(ethernet(direct.length, direct), LINKTYPE_ETHERNET, 4)
  })

  it('does not mistake spanning tree for anything', () => {
    const out = decode(ethernet(38, hex('424203 0000 00 00 00 8000')), { linkType: 1 })
    expect(out).toMatchObject({ kind: PACKET_OTHER, stop: STOP_UNSUPPORTED })
  })

  it('carries IP behind an MPLS stack of two labels', () => {
    const stack = hex('00010 0 40 00011 1 40')
    expectTcp(ethernet(0x8847, [...stack, ...packet4]), LINKTYPE_ETHERNET, 4)
    expectTcp(ethernet(0x8848, [...stack, ...packet6]), LINKTYPE_ETHERNET, 6)
  })

  it('carries Ethernet over an MPLS pseudowire with and without control word', () => {
    const label = hex('00011 1 40')
    const frame = ethernet(0x0800, packet4)
    expectTcp(ethernet(0x8847, [...label, ...frame]), LINKTYPE_ETHERNET, 4)
    expectTcp(ethernet(0x8847, [...label, 0, 0, 0, 0, ...frame]), LINKTYPE_ETHERNET, 4)
  })

  it('carries a PPPoE session, RFC 2516', () => {
    const session = [...hex('1100 0001'), ...u16(packet4.length + 2), ...hex('0021'), ...packet4]
    expectTcp(ethernet(0x8864, session), LINKTYPE_ETHERNET, 4)
  })

  it('sees through 802.1ah, FabricPath and VN-Tag', () => {
    const frame = ethernet(0x0800, packet4)
    expectTcp(ethernet(0x88e7, [...hex('00000064'), ...frame]), LINKTYPE_ETHERNET, 4)
    expectTcp(ethernet(0x8903, [...hex('0064'), ...frame]), LINKTYPE_ETHERNET, 4)
    expectTcp(ethernet(0x8926, [...hex('00000000 0800'), ...packet4]), LINKTYPE_ETHERNET, 4)
  })

  it('tells senders apart by their MAC address', () => {
    const frame = ethernet(0x0800, packet4)
    const other = [...frame]
    other[11] = 0x77
    const first = decode(frame, { linkType: 1 }).linkSource
    expect(first).toBeGreaterThan(0)
    expect(decode(frame, { linkType: 1 }).linkSource).toBe(first)
    expect(decode(other, { linkType: 1 }).linkSource).not.toBe(first)
  })

  it('says that a frame was cut or is too short', () => {
    const header = ethernet(0x0800, packet4).slice(0, 13)
    expect(decode(header, { linkType: 1, originalLength: 60 }).stop).toBe(STOP_SNAPPED)
    expect(decode(header, { linkType: 1 }).stop).toBe(STOP_MALFORMED)
    expect(decode([], { linkType: 1 }).stop).toBe(STOP_MALFORMED)
  })
})

describe('Linux cooked captures', () => {
  const address = hex('0200 0000 0001 0000')

  it.each([
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 3],
    [4, 2],
    [9, 0],
  ])('reads SLL packet type %i as direction %i', (packetType, direction) => {
    const header = [...u16(packetType), ...hex('0001 0006'), ...address, ...hex('0800')]
    expect(expectTcp([...header, ...packet4], 113, 4).direction).toBe(direction)
  })

  it('reads interface, packet type and protocol of SLL2', () => {
    const header = [...hex('86dd 0000 00000107 0001 04 06'), ...address]
    const out = expectTcp([...header, ...packet6], 276, 6)
    expect(out).toMatchObject({ ifIndex: 0x107, direction: 2 })
  })

  it('gives one address the same digest as Ethernet does', () => {
    const sll = decode([...hex('0000 0001 0006'), ...address, ...hex('0800'), ...packet4], {
      linkType: 113,
    })
    const onEthernet = decode(ethernet(0x0800, packet4), { linkType: 1 })
    expect(sll.linkSource).toBe(onEthernet.linkSource)
  })

  it('has no link source without an address', () => {
    const out = expectTcp(
      [...hex('0000 0304 0000'), ...address, ...hex('0800'), ...packet4],
      113,
      4,
    )
    expect(out.linkSource).toBe(0)
  })

  it('keeps a VLAN inside', () => {
    const header = [...hex('0000 0001 0006'), ...address, ...hex('8100 0007 0800')]
    expect(expectTcp([...header, ...packet4], 113, 4).vlan).toBe(7)
  })

  it('takes protocol 4 as LLC and no other small number as a length', () => {
    const header = [...hex('0000 0001 0006'), ...address]
    expectTcp([...header, ...hex('0004 aaaa03 000000 0800'), ...packet4], 113, 4)
    const loopbackTest = [...header, ...hex('0060 aaaa03 000000 0800'), ...packet4]
    expect(decode(loopbackTest, { linkType: 113 }).stop).toBe(STOP_UNSUPPORTED)
  })
})

describe('loopback and raw IP', () => {
  it.each(['02000000', '00000002'])('reads AF_INET in NULL and LOOP as %s', (family) => {
    expectTcp([...hex(family), ...packet4], 0, 4)
    expectTcp([...hex(family), ...packet4], 108, 4)
  })

  it.each([10, 24, 28, 30])('reads AF_INET6 %i in both byte orders', (family) => {
    expectTcp([family, 0, 0, 0, ...packet6], 0, 6)
    expectTcp([0, 0, 0, family, ...packet6], 108, 6)
  })

  it('does not take other families for IP', () => {
    expect(decode([...hex('07000000'), ...packet4], { linkType: 0 }).stop).toBe(STOP_UNSUPPORTED)
  })

  it.each([101, 12, 14])('tells the versions apart in RAW %i', (linkType) => {
    expectTcp(packet4, linkType, 4)
    expectTcp(packet6, linkType, 6)
  })

  it('reads IPV4, IPV6 and an NFLOG payload', () => {
    expectTcp(packet4, 228, 4)
    expectTcp(packet6, 229, 6)
    const prefix = hex('02 00 0001  0800 0100 0800 0300  0500 0a00 00 000000')
    const payload = [...hex('4400 0900'), ...packet4]
    expectTcp([...prefix, ...payload], 239, 4)
  })
})

describe('PPP', () => {
  it.each(['0021', '21', 'ff03 0021', 'ff03 21'])('finds IPv4 behind %s', (header) => {
    expectTcp([...hex(header), ...packet4], 9, 4)
    expectTcp([...hex(header), ...packet4], 50, 4)
  })

  it('finds IPv6, and Cisco HDLC under the same link type', () => {
    expectTcp([...hex('ff03 0057'), ...packet6], 9, 6)
    expectTcp([...hex('0f00 0800'), ...packet4], 50, 4)
    expectTcp([...hex('8f00 86dd'), ...packet6], 104, 6)
  })

  it('leaves negotiation alone', () => {
    expect(decode(hex('ff03 c021 0101 0004'), { linkType: 9 }).stop).toBe(STOP_UNSUPPORTED)
  })
})

it('names a link type it cannot decode', () => {
  expect(decode(packet4, { linkType: 105 })).toMatchObject({ kind: 0, stop: STOP_UNSUPPORTED })
  expect(layerOfLinkType(105)).toBe(0)
})
