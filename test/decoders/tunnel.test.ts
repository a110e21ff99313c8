import { describe, expect, it } from 'vitest'
import {
  PACKET_ICMP_QUOTING_TCP,
  PACKET_OTHER,
  PACKET_TCP,
  STOP_UNSUPPORTED,
  TUNNEL_4IN6,
  TUNNEL_6IN4,
  TUNNEL_GENEVE,
  TUNNEL_GRE,
  TUNNEL_IP6IP6,
  TUNNEL_IPIP,
  TUNNEL_VXLAN,
} from '../../native-free-decoders/index.ts'
import { decode, ethernet, hex, ipv4, ipv6, tcp, u16, u32, udp } from '../packets/packet-bytes.ts'

const INNER = { src: 0xac100001, dst: 0xac100002, ttl: 9, id: 0x7777 }
const inner4 = ipv4(6, tcp({ srcPort: 1234, payload: [1, 2, 3] }), INNER)
const inner6 = ipv6(6, tcp({ srcPort: 1234, payload: [1, 2, 3] }))
const frame4 = ethernet(0x0800, inner4)

function expectInner(record: readonly number[], tunnel: number, vni = 0) {
  const out = decode(record)
  expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 1234, payloadLength: 3, tunnel, vni })
  return out
}

function vxlan(vni: number, frame: readonly number[]): number[] {
  return [...hex('08 000000'), ...u32(vni << 8), ...frame]
}

describe('VXLAN, RFC 7348', () => {
  it.each([4789, 8472])('is found at UDP port %i, and the inner packet counts', (port) => {
    const out = expectInner(ipv4(17, udp(port, vxlan(77, frame4))), TUNNEL_VXLAN, 77)
    expect(out).toMatchObject({ src3: INNER.src, dst3: INNER.dst, ttl: 9, ipId: 0x7777 })
  })

  it('is found over IPv6, with an inner VLAN', () => {
    const tagged = ethernet(0x8100, [...hex('0009 86dd'), ...inner6])
    const out = expectInner(ipv6(17, udp(4789, vxlan(0xabcdef, tagged))), TUNNEL_VXLAN, 0xabcdef)
    expect(out).toMatchObject({ vlan: 9, ipVersion: 6 })
  })

  it('is found by source port', () => {
    expectInner(ipv4(17, udp(50000, vxlan(5, frame4), 4789)), TUNNEL_VXLAN, 5)
  })

  it('carries IP directly in its generic protocol extension', () => {
    const header = [...hex('0c 0000 01'), ...u32(3 << 8)]
    expectInner(ipv4(17, udp(4790, [...header, ...inner4])), TUNNEL_VXLAN, 3)
  })

  it('needs its VNI flag', () => {
    const packet = vxlan(5, frame4)
    packet[0] = 0
    expect(decode(ipv4(17, udp(4789, packet)))).toMatchObject({ kind: PACKET_OTHER, tunnel: 0 })
  })

  it('takes the length from the inner header when the record was cut', () => {
    const whole = ipv4(17, udp(4789, vxlan(5, frame4)))
    const out = decode(whole.slice(0, -3), { originalLength: whole.length })
    expect(out).toMatchObject({ kind: PACKET_TCP, payloadLength: 3, payloadCaptured: 0 })
  })
})

describe('Geneve, RFC 8926', () => {
  it('skips its options', () => {
    const header = [...hex('02 00 6558'), ...u32(0x123456 << 8), ...hex('0103 0001 deadbeef')]
    expectInner(ipv4(17, udp(6081, [...header, ...frame4])), TUNNEL_GENEVE, 0x123456)
  })

  it('carries IP directly', () => {
    expectInner(ipv4(17, udp(6081, [...hex('00 00 86dd 00000100'), ...inner6])), TUNNEL_GENEVE, 1)
  })
})

describe('GRE, RFC 2784 and RFC 2890', () => {
  it.each([
    ['no option', '0000 0800', 0],
    ['a checksum', '8000 0800 ffff0000', 0],
    ['a key', '2000 0800 00000042', 0x42],
    ['a sequence number', '1000 0800 00000001', 0],
    ['all of them', 'b000 0800 ffff0000 00000042 00000001', 0x42],
  ])('with %s', (_, header, key) => {
    expectInner(ipv4(47, [...hex(header), ...inner4]), TUNNEL_GRE, key)
  })

  it('carries IPv6, Ethernet and MPLS', () => {
    expectInner(ipv4(47, [...hex('0000 86dd'), ...inner6]), TUNNEL_GRE)
    expectInner(ipv4(47, [...hex('0000 6558'), ...frame4]), TUNNEL_GRE)
    expectInner(ipv4(47, [...hex('0000 8847 00011140'), ...inner4]), TUNNEL_GRE)
  })

  it('carries ERSPAN types I, II and III', () => {
    const two = hex('1000 88be 00000001 1000000000000000')
    const three = hex('1000 22eb 00000001 200000000000000000000000')
    const threeLong = hex('1000 22eb 00000001 200000000000000000000001 0000000000000000')
    expectInner(ipv4(47, [...hex('0000 88be'), ...frame4]), TUNNEL_GRE)
    for (const header of [two, three, threeLong]) {
      expectInner(ipv4(47, [...header, ...frame4]), TUNNEL_GRE)
    }
  })

  it('carries PPP in its version 1, as PPTP does', () => {
    const withAck = hex('3081 880b 0030 0007 00000001 00000002 ff03 0021')
    expectInner(ipv4(47, [...withAck, ...inner4]), TUNNEL_GRE, 7)
    const bareAck = hex('2081 880b 0000 0007 00000002')
    expect(decode(ipv4(47, bareAck)).kind).toBe(PACKET_OTHER)
  })

  it('carries WCCP with and without its redirect header', () => {
    expectInner(ipv4(47, [...hex('0000 883e 00590048'), ...inner4]), TUNNEL_GRE)
    expectInner(ipv4(47, [...hex('0000 883e'), ...inner4]), TUNNEL_GRE)
  })
})

describe('IP in IP', () => {
  it.each([
    ['IPv4 in IPv4', ipv4(4, inner4), TUNNEL_IPIP],
    ['IPv6 in IPv4', ipv4(41, inner6), TUNNEL_6IN4],
    ['IPv4 in IPv6', ipv6(4, inner4), TUNNEL_4IN6],
    ['IPv6 in IPv6', ipv6(41, inner6), TUNNEL_IP6IP6],
  ])('%s', (_, record, tunnel) => {
    expectInner(record, tunnel)
  })

  it('leaves no part of an outer IPv6 address behind', () => {
    expect(expectInner(ipv6(4, inner4), TUNNEL_4IN6)).toMatchObject({
      src0: 0,
      dst0: 0,
      ipVersion: 4,
    })
  })

  it('carries EtherIP and MPLS', () => {
    expectInner(ipv4(97, [...hex('3000'), ...frame4]), 0)
    expectInner(ipv4(137, [...hex('00011140'), ...inner4]), 0)
  })
})

describe('tunnels in tunnels', () => {
  it('names the outermost, and the outermost VNI there is', () => {
    const overlay = ipv4(17, udp(4789, vxlan(5, frame4)))
    expectInner(ipv4(47, [...hex('2000 0800'), ...u32(11), ...overlay]), TUNNEL_GRE, 11)
    expectInner(ipv4(4, overlay), TUNNEL_IPIP, 5)
  })

  it('are followed eight deep and not for ever', () => {
    let packet = inner4
    for (let depth = 0; depth < 8; depth++) {
      packet = ipv4(17, udp(4789, vxlan(depth + 1, ethernet(0x0800, packet))))
    }
    expectInner(packet, TUNNEL_VXLAN, 8)
    for (let depth = 0; depth < 60; depth++) packet = ipv4(4, packet)
    expect(decode(packet)).toMatchObject({ kind: PACKET_OTHER, stop: STOP_UNSUPPORTED })
  })

  it('are followed inside an ICMP quote', () => {
    const error = [...hex('03 04 0000 0000'), ...u16(1400), ...ipv4(4, inner4)]
    const out = decode(ipv4(1, error, { src: 0x01010101 }))
    expect(out).toMatchObject({ kind: PACKET_ICMP_QUOTING_TCP, srcPort: 1234, icmpMtu: 1400 })
    expect(out.icmpFrom3).toBe(0x01010101)
  })
})
