import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressWords,
  ipv4Text,
  ipv6Text,
} from '../../native-free-decoders/network/address-text.ts'
import { addressMap } from '../../src/redact/address-map.ts'
import { pseudonyms } from '../../src/redact/pseudonyms.ts'

// Key and pairs that come with the authors' Crypto-PAn 1.0 (sample.cpp, sample_trace_sanitized.dat).
const KEY = Uint8Array.of(
  ...[21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16],
  ...[216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2],
)
const KNOWN = [
  ['128.11.68.132', '135.242.180.132'],
  ['129.118.74.4', '134.136.186.123'],
  ['130.132.252.244', '133.68.164.234'],
  ['141.223.7.43', '141.167.8.160'],
  ['152.163.225.39', '151.140.114.167'],
]
const map = addressMap(KEY)
const v4 = (text: string) => ipv4Text(map.ipv4(addressWords(text)[0]!))
const v6 = (text: string) => {
  const [a, b, c, d] = map.ipv6([...addressWords(text)])
  return ipv6Text(a!, b!, c!, d!)
}

test.each(KNOWN)('%s becomes %s, as by the published program', (address, pseudonym) => {
  expect(v4(address)).toBe(pseudonym)
})

/** Number of equal leading bits. */
const common = (a: number, b: number) => Math.clz32(a ^ b)
const word = fc.integer({ min: 0, max: 0xffff_ffff })

describe('IPv4', () => {
  test('inside a block, addresses share exactly as many bits as before', () => {
    const host = fc.integer({ min: 0, max: 0xff_ffff })
    fc.assert(
      fc.property(host, host, (a, b) => {
        const [x, y] = [map.ipv4(0x0a00_0000 + a), map.ipv4(0x0a00_0000 + b)]
        expect(common(x, y)).toBe(common(a, b))
      }),
    )
  })

  test.each(['127.0.0.1', '169.254.169.254', '224.0.0.251', '255.255.255.255', '0.0.0.0'])(
    '%s stays',
    (address) => {
      expect(v4(address)).toBe(address)
    },
  )

  test('what is private stays private, and nothing else becomes private or special', () => {
    const kind = (address: number) => {
      const text = ipv4Text(address)
      if (text.startsWith('10.')) return '10/8'
      if (/^172\.(1[6-9]|2\d|3[01])\./.test(text)) return '172.16/12'
      if (text.startsWith('192.168.')) return '192.168/16'
      if (/^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./.test(text)) return '100.64/10'
      return /^(0|127|22[4-9]|2[345]\d|169\.254)\./.test(text) ? 'special' : 'public'
    }
    fc.assert(
      fc.property(word, (address) => {
        expect(kind(map.ipv4(address))).toBe(kind(address))
      }),
    )
  })
})

describe('IPv6', () => {
  test.each(['::1', '::', 'fe80::1', 'ff02::1'])('%s stays', (address) =>
    expect(v6(address)).toBe(address),
  )

  test('a mapped IPv4 address has the pseudonym of that address', () => {
    expect(v6('::ffff:128.11.68.132')).toBe('::ffff:135.242.180.132')
  })

  test('networks stay networks', () => {
    const [a, b] = [v6('2001:db8:1:2::10'), v6('2001:db8:1:2:8000::10')]
    expect(a).not.toBe('2001:db8:1:2::10')
    expect(a.split(':').slice(0, 4)).toEqual(b.split(':').slice(0, 4))
    expect(v6('fd00:1::1')).toMatch(/^f[cd]/)
  })
})

describe('addresses in a text', () => {
  const names = pseudonyms('key')
  const hidden = (address: string) => names.addressesIn(address)

  test('are found wherever they stand, with the same pseudonym', () => {
    const plain = hidden('10.42.3.8')
    expect(plain).toMatch(/^10\.\d+\.\d+\.\d+$/)
    expect(plain).not.toBe('10.42.3.8')
    expect(hidden('to 10.42.3.8:8080, or 10.42.3.8.')).toBe(`to ${plain}:8080, or ${plain}.`)
    expect(hidden('10-42-3-8.shop.pod')).toBe(`${plain.replaceAll('.', '-')}.shop.pod`)
    const six = hidden('2001:db8::1')
    expect(hidden('[2001:db8::1]:443 and 2001:DB8:0:0::1.')).toBe(`[${six}]:443 and ${six}.`)
  })

  test('times, numbers and words are no addresses', () => {
    const text = '2026-06-28T15:11:44.812345678Z 09:41:10Z 999.1.1.1 s_client 1.2.3 feed:me'
    expect(hidden(text)).toBe(text)
  })

  test('link-layer addresses become locally administered ones', () => {
    expect(hidden('02:42:0a:2a:03:08')).toMatch(/^[0-9a-f][26ae](?::[0-9a-f]{2}){5}$/)
    expect(hidden('ff:ff:ff:ff:ff:ff')).toBe('ff:ff:ff:ff:ff:ff')
  })

  test('a text of a megabyte takes no time', () => {
    for (const piece of ['1.', ':', 'a:', '1-', 'f']) hidden(piece.repeat(500_000))
  }, 5000)

  test('another key gives other pseudonyms', () => {
    expect(pseudonyms('other').addressesIn('10.42.3.8')).not.toBe(hidden('10.42.3.8'))
  })
})
