import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressWords,
  ipv4Text,
  ipv6Text,
} from '../../native-free-decoders/network/address-text.ts'

/** The address as WHATWG URL writes it, which follows RFC 5952 but for mapped IPv4 addresses. */
function byUrl(words: readonly number[]): string {
  const groups = words.flatMap((w) => [w >>> 16, w & 0xffff]).map((g) => g.toString(16))
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

const word = fc.oneof(
  fc.constantFrom(0, 1, 0x10000, 0xffff, 0xffffffff, 0x20010db8),
  fc.integer({ min: 0, max: 0xffffffff }),
)

describe('addresses as text', () => {
  it.each([
    [0x0a000001, '10.0.0.1'],
    [0xffffffff, '255.255.255.255'],
    [0, '0.0.0.0'],
    [0x80000000, '128.0.0.0'],
  ])('%i is %s', (value, text) => {
    expect(ipv4Text(value)).toBe(text)
  })

  // RFC 5952 §4: leading zeros, the longest run, the first of equal runs, no run of one.
  it.each([
    ['2001:db8::1', [0x20010db8, 0, 0, 1]],
    ['2001:db8::2:1', [0x20010db8, 0, 0, 0x00020001]],
    ['2001:db8:0:1:1:1:1:1', [0x20010db8, 1, 0x00010001, 0x00010001]],
    ['2001:0:0:1::1', [0x20010000, 1, 0, 1]],
    ['2001:db8::1:0:0:1', [0x20010db8, 0, 0x00010000, 1]],
    ['::', [0, 0, 0, 0]],
    ['::1', [0, 0, 0, 1]],
    ['1::', [0x00010000, 0, 0, 0]],
    ['fe80::abcd', [0xfe800000, 0, 0, 0xabcd]],
    ['::ffff:192.0.2.1', [0, 0, 0xffff, 0xc0000201]],
  ] as const)('%s', (text, [a, b, c, d]) => {
    expect(ipv6Text(a, b, c, d)).toBe(text)
  })

  it('agrees with the text that a URL parser gives', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        fc.pre(!(a === 0 && b === 0 && c === 0xffff))
        expect(ipv6Text(a, b, c, d)).toBe(byUrl([a, b, c, d]))
        expect(isIP(ipv6Text(a, b, c, d))).toBe(6)
      }),
    )
  })

  it('is read back to the words that it was written from', () => {
    fc.assert(
      fc.property(word, word, word, word, (a, b, c, d) => {
        expect([...addressWords(ipv4Text(a))]).toEqual([a])
        expect([...addressWords(ipv6Text(a, b, c, d))]).toEqual([a, b, c, d])
        expect([...addressWords(ipv6Text(0, 0, 0xffff, d))]).toEqual([0, 0, 0xffff, d])
      }),
    )
  })
})
