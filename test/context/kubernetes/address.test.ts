import { describe, expect, it } from 'vitest'
import { ipv6Text } from '../../../native-free-decoders/network/address-text.ts'
import { addressBlock, isInBlock, normalAddress } from '../../../src/context/kubernetes/address.ts'

describe('addresses are written as reports write them', () => {
  it.each([
    ['10.42.7.5', '10.42.7.5'],
    ['0.0.0.0', '0.0.0.0'],
    ['010.1.2.3', '10.1.2.3'],
    // RFC 5952 §2 and §4: the same address, many texts.
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8::0001:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:10.1.0.2', '::ffff:10.1.0.2'],
    ['::ffff:0a01:2', '::ffff:10.1.0.2'],
    ['64:ff9b::10.1.0.2', '64:ff9b::a01:2'],
  ])('%s is %s', (text, normal) => {
    expect(normalAddress(text)).toBe(normal)
  })

  it('as the captures write theirs', () => {
    const words = [
      [0x20010db8, 0, 0, 1],
      [0xfd42002c, 0x00020000, 0, 0x70000],
      [0, 0, 0xffff, 0x0a010002],
      [0, 0, 0, 1],
    ] as const
    for (const [a, b, c, d] of words) {
      const groups = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff])
      const long = groups.map((group) => group.toString(16).padStart(4, '0')).join(':')
      expect(normalAddress(long)).toBe(ipv6Text(a, b, c, d))
    }
  })

  it.each([
    ...['', 'None', '10.1.2', '10.1.2.256', '10.1.2.3.4', '1.2.3.x', ':::', '1::2::3', '12345::'],
    ...['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1.2.3', 'cart.shop.svc', `${'1:'.repeat(99)}`],
  ])('%s is none', (text) => {
    expect(normalAddress(text)).toBeNull()
  })
})

describe('a block holds', () => {
  it.each([
    ['10.0.0.0/8', '10.255.1.2', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.42.2.64/26', '10.42.2.127', true],
    ['10.42.2.64/26', '10.42.2.128', false],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', 'fd00::1', false],
    ['10.1.2.3/32', '10.1.2.3', true],
    ['fd00:1::/33', 'fd00:1:7fff::1', true],
    ['fd00:1::/33', 'fd00:1:8000::1', false],
    ['::/0', 'fd00::1', true],
  ])('%s, %s: %s', (block, address, inside) => {
    expect(isInBlock(addressBlock(block)!, address)).toBe(inside)
  })

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8x', '/8', 'x/8', 'fd00::/129'])(
    '%s is none',
    (text) => {
      expect(addressBlock(text)).toBeNull()
    },
  )
})
