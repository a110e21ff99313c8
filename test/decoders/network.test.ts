import { describe, expect, it } from 'vitest'
import {
  PACKET_ICMP_QUOTING_TCP,
  PACKET_OTHER,
  PACKET_TCP,
  RST,
  STOP_MALFORMED,
  STOP_SNAPPED,
  STOP_UNSUPPORTED,
  SYN,
} from '../../native-free-decoders/index.ts'
import {
  decode,
  ethernet,
  hex,
  IPV6_DST,
  ipv4,
  ipv6,
  LINKTYPE_ETHERNET,
  tcp,
  u16,
  u32,
  udp,
} from '../packets/packet-bytes.ts'

describe('IPv4', () => {
  it('reads addresses, TTL and identification', () => {
    const out = decode(ipv4(6, tcp(), { src: 0xc0a80101, dst: 0xfffefdfc, ttl: 57, id: 0xfedc }))
    expect(out).toMatchObject({
      kind: PACKET_TCP,
      ipVersion: 4,
      src0: 0,
      src1: 0,
      src2: 0,
      src3: 0xc0a80101,
      dst3: 0xfffefdfc,
      ttl: 57,
      ipId: 0xfedc,
    })
  })

  it('skips options', () => {
    const out = decode(ipv4(6, tcp({ srcPort: 7 }), { options: hex('94040000 01010100') }))
    expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 7, payloadLength: 0, payloadOffset: 48 })
  })

  it('does not count the padding of a short frame as payload', () => {
    const frame = [...ethernet(0x0800, ipv4(6, tcp())), 0, 0, 0, 0, 0, 0]
    const out = decode(frame, { linkType: LINKTYPE_ETHERNET })
    expect(out).toMatchObject({ payloadLength: 0, payloadCaptured: 0, lengthFromCapture: false })
  })

  it('takes the payload length from the IP header when the record was cut', () => {
    const whole = ipv4(6, tcp({ payload: new Array(1000).fill(1) }))
    const out = decode(whole.slice(0, 100), { originalLength: whole.length })
    expect(out).toMatchObject({ payloadLength: 1000, payloadOffset: 40, payloadCaptured: 60 })
  })

  it('takes the length from the record when segmentation offload left it 0', () => {
    const whole = ipv4(6, tcp({ payload: new Array(300).fill(1) }), { totalLength: 0 })
    const out = decode(whole.slice(0, 120), { originalLength: 70_000 })
    expect(out).toMatchObject({
      kind: PACKET_TCP,
      payloadLength: 70_000 - 40,
      payloadCaptured: 80,
      lengthFromCapture: true,
    })
  })

  it('uses a total length above the original length all the same', () => {
    const out = decode(ipv4(6, tcp({ payload: [1, 2] }), { totalLength: 500 }))
    expect(out).toMatchObject({ kind: PACKET_TCP, payloadLength: 460, payloadCaptured: 2 })
  })

  it.each([
    ['header length below 20', [0x44, ...ipv4(6, tcp()).slice(1)]],
    ['version 5', [0x55, ...ipv4(6, tcp()).slice(1)]],
    ['total length below the header length', ipv4(6, tcp(), { totalLength: 19 })],
    ['total length that ends in the TCP header', ipv4(6, tcp(), { totalLength: 30 })],
    ['header length beyond the total length', [0x4f, ...ipv4(6, tcp()).slice(1)]],
  ])('refuses a %s', (_, record) => {
    const out = decode(record, { linkType: 228 })
    expect(out).toMatchObject({ kind: PACKET_OTHER, stop: STOP_MALFORMED })
  })

  it('says that the snap length cut the header', () => {
    const out = decode(ipv4(6, tcp()).slice(0, 19), { originalLength: 40 })
    expect(out).toMatchObject({ kind: PACKET_OTHER, stop: STOP_SNAPPED })
  })

  it('passes an authentication header, RFC 4302', () => {
    const header = [...hex('06 04 0000'), ...u32(1), ...u32(2), ...new Array(12).fill(9)]
    const out = decode(ipv4(51, [...header, ...tcp({ srcPort: 5, payload: [1, 2, 3] })]))
    expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 5, payloadLength: 3 })
  })

  it('leaves UDP alone', () => {
    const out = decode(ipv4(17, udp(53, tcp())))
    expect(out).toMatchObject({ kind: PACKET_OTHER, stop: STOP_UNSUPPORTED, ipVersion: 4 })
  })
})

describe('IPv6', () => {
  it('reads addresses and hop limit, and has no identification', () => {
    const out = decode(ipv6(6, tcp({ payload: [1, 2, 3] }), { hopLimit: 3 }))
    expect(out).toMatchObject({
      kind: PACKET_TCP,
      ipVersion: 6,
      src0: 0x20010db8,
      src3: 1,
      dst0: 0x20010db8,
      dst3: 2,
      ttl: 3,
      ipId: -1,
      payloadLength: 3,
    })
  })

  it('walks hop-by-hop, destination, routing and mobility headers', () => {
    const inner = tcp({ srcPort: 9, payload: [1] })
    const mobility = [6, 0, ...hex('000000000000')]
    const routing = [135, 2, 0, 0, ...u32(0), ...IPV6_DST]
    const destination = [43, 1, ...new Array(14).fill(0)]
    const hopByHop = [60, 0, ...hex('050200000100')]
    const chain = [...hopByHop, ...destination, ...routing, ...mobility, ...inner]
    const out = decode(ipv6(0, chain))
    expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 9, payloadLength: 1, dst3: 2 })
  })

  it('takes the final destination from a segment routing header, RFC 8754', () => {
    const final = hex('20010db8 00000000 00000000 0000beef')
    const header = [6, 4, 4, 1, 1, 0, 0, 0, ...final, ...IPV6_DST]
    expect(decode(ipv6(43, [...header, ...tcp()])).dst3).toBe(0xbeef)
    const arrived = [...header]
    arrived[3] = 0
    expect(decode(ipv6(43, [...arrived, ...tcp()])).dst3).toBe(2)
  })

  it('takes an atomic fragment as a whole packet, RFC 6946', () => {
    const out = decode(ipv6(44, [6, 0, ...u16(0), ...u32(0xcafe0001), ...tcp({ srcPort: 8 })]))
    expect(out).toMatchObject({ kind: PACKET_TCP, srcPort: 8, ipId: 0xcafe0001, reassembled: null })
  })

  it('reads a jumbo payload length, RFC 2675', () => {
    const header = [6, 0, ...hex('c204'), ...u32(8 + 20 + 100_000)]
    const record = ipv6(0, [...header, ...tcp(), ...new Array(50).fill(1)], { payloadLength: 0 })
    const out = decode(record, { originalLength: 999_999 })
    expect(out).toMatchObject({ payloadLength: 100_000, payloadCaptured: 50 })
    expect(out.lengthFromCapture).toBe(false)
  })

  it('takes the length from the record when it is 0 without a jumbo option', () => {
    const record = ipv6(6, tcp({ payload: [1, 2, 3, 4] }), { payloadLength: 0 })
    const out = decode(record, { originalLength: 90_000 })
    expect(out).toMatchObject({ payloadLength: 90_000 - 60, lengthFromCapture: true })
  })

  it('gives up on an endless chain of extension headers', () => {
    const chain = Array.from({ length: 100 }, () => [60, 0, 1, 4, 0, 0, 0, 0]).flat()
    const out = decode(ipv6(60, [...chain, ...tcp()]))
    expect(out).toMatchObject({ kind: PACKET_OTHER, stop: STOP_UNSUPPORTED })
  })

  it('says where an extension header was cut', () => {
    const record = ipv6(60, [6, 3, ...new Array(30).fill(0), ...tcp()])
    expect(decode(record.slice(0, 60), { originalLength: record.length }).stop).toBe(STOP_SNAPPED)
    expect(decode(ipv6(60, [6, 30, 0, 0, 0, 0, 0, 0])).stop).toBe(STOP_MALFORMED)
  })
})

describe('ICMP errors that quote a segment', () => {
  const quoted = ipv4(6, tcp({ srcPort: 5555, dstPort: 80, seq: 0x80000001, flags: SYN }), {
    src: 0x0a000001,
    dst: 0xc0000201,
    ttl: 1,
    id: 0x4242,
  })

  it('reads the eight bytes that RFC 792 promises', () => {
    const error = [...hex('03 01 0000 00000000'), ...quoted.slice(0, 28)]
    expect(decode(ipv4(1, error, { src: 0x0a0000fe }))).toMatchObject({
      kind: PACKET_ICMP_QUOTING_TCP,
      icmpVersion: 4,
      icmpType: 3,
      icmpCode: 1,
      icmpMtu: 0,
      icmpFrom3: 0x0a0000fe,
      ipVersion: 4,
      src3: 0x0a000001,
      dst3: 0xc0000201,
      srcPort: 5555,
      dstPort: 80,
      seq: 0x80000001,
      flags: 0,
      ack: 0,
      ipId: 0x4242,
    })
  })

  it('reads flags and payload length from a longer quote', () => {
    const segment = tcp({ flags: RST, payload: new Array(1000).fill(1) })
    const error = [...hex('0b 00 0000 00000000'), ...ipv4(6, segment).slice(0, 60)]
    const out = decode(ipv4(1, error))
    expect(out).toMatchObject({ kind: PACKET_ICMP_QUOTING_TCP, icmpType: 11, flags: RST })
    expect(out).toMatchObject({ payloadLength: 1000, payloadCaptured: 20 })
  })

  it('reads the next-hop MTU, RFC 1191', () => {
    const error = [...hex('03 04 0000 0000 05aa'), ...quoted]
    expect(decode(ipv4(1, error))).toMatchObject({ icmpCode: 4, icmpMtu: 1450, flags: SYN })
  })

  it('reads packet too big of ICMPv6', () => {
    const error = [...hex('02 00 0000'), ...u32(1280), ...ipv6(6, tcp({ srcPort: 6 })).slice(0, 48)]
    expect(decode(ipv6(58, error))).toMatchObject({
      kind: PACKET_ICMP_QUOTING_TCP,
      icmpVersion: 6,
      icmpType: 2,
      icmpMtu: 1280,
      icmpFrom0: 0x20010db8,
      icmpFrom3: 1,
      srcPort: 6,
    })
  })

  it('accepts a first fragment and no later one', () => {
    const first = ipv4(6, tcp(), { fragment: 0x2000, totalLength: 1500 })
    const later = ipv4(6, tcp(), { fragment: 0x2001, totalLength: 1500 })
    const header = hex('0b 01 0000 00000000')
    expect(decode(ipv4(1, [...header, ...first])).kind).toBe(PACKET_ICMP_QUOTING_TCP)
    expect(decode(ipv4(1, [...header, ...later])).kind).toBe(PACKET_OTHER)
  })

  it.each([
    ['an echo', [...hex('08 00 0000 00010001'), ...quoted]],
    ['a quoted UDP packet', [...hex('03 03 0000 00000000'), ...ipv4(17, udp(53, tcp()))]],
    [
      'a quote cut before the sequence number',
      [...hex('03 00 0000 00000000'), ...quoted.slice(0, 27)],
    ],
    [
      'an error about an error',
      [...hex('03 00 0000 00000000'), ...ipv4(1, [...hex('03 00 0000 00000000'), ...quoted])],
    ],
  ])('does not take %s for one', (_, message) => {
    expect(decode(ipv4(1, message)).kind).toBe(PACKET_OTHER)
  })
})
