import { describe, expect, test } from 'vitest'
import { headerLength } from '../../src/evidence/header-length.ts'

const ETHERNET = 1

/** Ethernet, IPv4 (RFC 791), then these bytes. */
function ipv4(protocol: number, body: number[], fragment = 0): Uint8Array {
  const length = 20 + body.length
  const ip = [0x45, 0, length >> 8, length & 255, 0, 1, fragment >> 8, fragment & 255]
  return Uint8Array.from([
    ...[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0],
    ...[...ip, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    ...body,
  ])
}

/** A TCP header that says it has so many bytes. */
const tcp = (stated: number) => [
  ...[0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2],
  ...[(stated / 4) << 4, 0x18, 1, 0, 0, 0, 0, 0],
]
const secret = [...'password'].map((letter) => letter.charCodeAt(0))

const lengthOf = (bytes: Uint8Array) =>
  headerLength(new DataView(bytes.buffer), 0, bytes.length, bytes.length, ETHERNET)

describe('where headers end', () => {
  test('behind the TCP header and its options', () => {
    expect(lengthOf(ipv4(6, [...tcp(20), ...secret]))).toBe(54)
    expect(lengthOf(ipv4(6, [...tcp(24), 1, 1, 1, 1, ...secret]))).toBe(58)
  })

  test('a header of impossible length does not let payload pass', () => {
    expect(lengthOf(ipv4(6, [...tcp(8), ...secret]))).toBe(54)
    expect(lengthOf(ipv4(6, [...tcp(60), ...secret]))).toBe(54)
  })

  test('behind the segment that an ICMP error quotes', () => {
    const quoted = [...ipv4(6, [...tcp(20), ...secret]).subarray(14)]
    expect(lengthOf(ipv4(1, [3, 1, 0, 0, 0, 0, 0, 0, ...quoted]))).toBe(14 + 20 + 8 + 40)
    const lying = [...ipv4(6, [...tcp(4), ...secret]).subarray(14)]
    expect(lengthOf(ipv4(1, [3, 1, 0, 0, 0, 0, 0, 0, ...lying]))).toBe(14 + 20 + 8 + 40)
  })

  test('of fragments: the first has the TCP header, the others payload only', () => {
    expect(lengthOf(ipv4(6, [...tcp(20), ...secret], 0x2000))).toBe(54)
    expect(lengthOf(ipv4(6, secret, 0x0003))).toBe(34)
  })

  test('of what is no TCP nothing is known', () => {
    expect(lengthOf(ipv4(17, [0, 53, 0, 53, 0, 16, 0, 0, ...secret]))).toBe(0)
    expect(lengthOf(Uint8Array.of(1, 2, 3))).toBe(0)
  })
})
