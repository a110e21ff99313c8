import { describe, expect, it } from 'vitest'
import {
  ACK,
  FIN,
  PACKET_OTHER,
  PACKET_TCP,
  PSH,
  RST,
  STOP_MALFORMED,
  STOP_SNAPPED,
  SYN,
} from '../../native-free-decoders/index.ts'
import {
  decode,
  hex,
  IPV6_DST,
  IPV6_SRC,
  ipv4,
  ipv6,
  tcp,
  u16,
  u32,
} from '../packets/packet-bytes.ts'

/** A SYN of a Linux client, as `tcpdump -x` prints it: 10.0.0.1.54321 > 10.0.0.2.443. */
const LINUX_SYN = hex(`
  4500 003c 1c46 4000 4006 0a74 0a00 0001 0a00 0002
  d431 01bb a1b2 c3d4 0000 0000 a002 faf0 1434 0000
  0204 05b4 0402 080a f000 0001 0000 0000 0103 0307`)

describe('the header', () => {
  it('reads every field of a SYN', () => {
    expect(decode(LINUX_SYN)).toMatchObject({
      kind: PACKET_TCP,
      srcPort: 54321,
      dstPort: 443,
      seq: 0xa1b2c3d4,
      ack: 0,
      flags: SYN,
      window: 64240,
      mss: 1460,
      sackPermitted: true,
      hasTimestamps: true,
      tsVal: 0xf0000001,
      tsEcr: 0,
      windowScale: 7,
      payloadLength: 0,
      payloadOffset: 60,
      stop: 0,
    })
  })

  it('keeps all twelve flag bits', () => {
    expect(decode(ipv4(6, tcp({ flags: 0xfff }))).flags).toBe(0xfff)
    expect(decode(ipv4(6, tcp({ flags: FIN | PSH | ACK }))).flags).toBe(0x19)
  })

  it('finds the payload', () => {
    const out = decode(ipv4(6, tcp({ payload: [1, 2, 3], options: hex('01010101') })))
    expect(out).toMatchObject({ payloadOffset: 44, payloadLength: 3, payloadCaptured: 3 })
  })

  it.each([20, 19, 18, 17, 16, 15, 14])(
    'counts a header of which %i bytes were captured',
    (have) => {
      const whole = ipv4(6, tcp({ flags: RST, window: 9, options: hex('01010101'), payload: [1] }))
      const out = decode(whole.slice(0, 20 + have), { originalLength: whole.length })
      expect(out).toMatchObject({
        kind: PACKET_TCP,
        flags: RST,
        seq: 0x11223344,
        stop: STOP_SNAPPED,
      })
      expect(out).toMatchObject({
        payloadLength: 1,
        payloadCaptured: 0,
        window: have >= 16 ? 9 : 0,
      })
    },
  )

  it('does not count a header whose flags were not captured', () => {
    const whole = ipv4(6, tcp())
    const out = decode(whole.slice(0, 33), { originalLength: whole.length })
    expect(out).toMatchObject({ kind: PACKET_OTHER, stop: STOP_SNAPPED, srcPort: 0 })
  })

  it.each([0, 4, 6])('marks a header length of %i words that cannot be', (words) => {
    const segment = tcp({ flags: RST })
    segment[12] = words << 4
    const out = decode(ipv4(6, segment))
    expect(out).toMatchObject({ kind: PACKET_TCP, flags: RST, stop: STOP_MALFORMED })
    expect(out).toMatchObject({ payloadLength: 0, payloadCaptured: 0 })
  })
})

describe('options', () => {
  it('reads timestamps alone and among others', () => {
    const alone = hex('0101 080a 00000001 80000002')
    const others = hex('080a 00000001 80000002 0101')
    for (const options of [alone, others]) {
      const out = decode(ipv4(6, tcp({ options })))
      expect(out).toMatchObject({ hasTimestamps: true, tsVal: 1, tsEcr: 0x80000002 })
    }
  })

  it('reads the edges of SACK blocks across the end of the sequence space, RFC 2018', () => {
    const blocks = [...u32(0x10), ...u32(0x20), ...u32(0xfffffff0), ...u32(0x08)]
    const out = decode(ipv4(6, tcp({ options: [1, 1, 5, 18, ...blocks] })))
    expect(out).toMatchObject({ sackBlocks: 2, sackLeft: 0xfffffff0, sackRight: 0x20 })
  })

  it('reads the reason of an MP_TCPRST, RFC 8684 §3.6', () => {
    const out = decode(ipv4(6, tcp({ flags: RST, options: hex('1e04 8004') })))
    expect(out).toMatchObject({ mptcp: true, resetReason: 4 })
    const capable = decode(ipv4(6, tcp({ flags: SYN, options: hex('1e04 0181') })))
    expect(capable).toMatchObject({ mptcp: true, resetReason: -1 })
  })

  it('takes MSS, window scale and SACK permitted on a SYN only', () => {
    const options = hex('0204 05b4 0303 0701 0402 0101')
    const none = { mss: 0, windowScale: -1, sackPermitted: false }
    expect(decode(ipv4(6, tcp({ flags: ACK, options })))).toMatchObject(none)
    const some = { mss: 1460, windowScale: 7, sackPermitted: true }
    expect(decode(ipv4(6, tcp({ flags: SYN | ACK, options })))).toMatchObject(some)
  })

  it('limits a window scale to 14, RFC 7323', () => {
    expect(decode(ipv4(6, tcp({ flags: SYN, options: hex('0303 ff00') }))).windowScale).toBe(14)
  })

  it('skips unknown options', () => {
    const out = decode(ipv4(6, tcp({ options: hex('fd04 abcd 080a 00000005 00000006 0000') })))
    expect(out).toMatchObject({ kind: PACKET_TCP, tsVal: 5, tsEcr: 6 })
  })

  it.each([
    ['a length of 0', '0204 05b4 0300 0000'],
    ['a length of 1', '0204 05b4 0301 0000'],
    ['a length beyond the header', '0204 05b4 08ff 0000'],
    ['a kind without a length', '0204 05b4 0101 0108'],
  ])('stops at %s and keeps what came before', (_, options) => {
    const out = decode(ipv4(6, tcp({ flags: SYN, options: hex(options), payload: [1] })))
    expect(out).toMatchObject({
      kind: PACKET_TCP,
      mss: 1460,
      hasTimestamps: false,
      payloadLength: 1,
    })
  })

  it('stops at the end of the list', () => {
    const out = decode(ipv4(6, tcp({ flags: SYN, options: hex('00 0303 07 0204 05b4') })))
    expect(out).toMatchObject({ mss: 0, windowScale: -1 })
  })

  it('does not read an option that the snap length cut', () => {
    const whole = ipv4(6, tcp({ options: hex('0101 080a 00000001 00000002'), payload: [1] }))
    const out = decode(whole.slice(0, 50), { originalLength: whole.length })
    expect(out).toMatchObject({ kind: PACKET_TCP, hasTimestamps: false, stop: STOP_SNAPPED })
  })
})

describe('a checksum left to the network card', () => {
  /** One's-complement sum of 16-bit words, written down independently of the decoder (RFC 1071). */
  function onesComplementSum(bytes: readonly number[]): number {
    let sum = 0
    for (let i = 0; i < bytes.length; i += 2) {
      sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0)
      if (sum > 0xffff) sum -= 0xffff
    }
    return sum
  }
  const payload = new Array(500).fill(0x5a)

  it.each([520, 0])('is recognised on IPv4 with length %i in the pseudo-header', (length) => {
    const addresses = [...u32(0xc0a8fffe), ...u32(0xfffefdfc)]
    const checksum = onesComplementSum([...addresses, 0, 6, ...u16(length)])
    const fields = { src: 0xc0a8fffe, dst: 0xfffefdfc }
    expect(decode(ipv4(6, tcp({ payload, checksum }), fields)).checksumUnfilled).toBe(true)
    const wrong = decode(ipv4(6, tcp({ payload, checksum: checksum ^ 1 }), fields))
    expect(wrong.checksumUnfilled).toBe(false)
  })

  it('is recognised on IPv6', () => {
    const checksum = onesComplementSum([...IPV6_SRC, ...IPV6_DST, ...u32(520), 0, 0, 0, 6])
    expect(decode(ipv6(6, tcp({ payload, checksum }))).checksumUnfilled).toBe(true)
  })

  it('is not seen in a segment whose checksum is right', () => {
    const addresses = [...u32(0x0a000001), ...u32(0x0a000002)]
    const pseudoHeader = [...addresses, 0, 6, ...u16(520)]
    const sum = onesComplementSum([...pseudoHeader, ...tcp({ payload, checksum: 0 })])
    const out = decode(ipv4(6, tcp({ payload, checksum: ~sum & 0xffff })))
    expect(out.checksumUnfilled).toBe(false)
  })
})
