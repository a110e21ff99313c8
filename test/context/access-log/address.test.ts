import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ipv6Text } from '../../../native-free-decoders/network/address-text.ts'
import { normalAddress, parseEndpoint } from '../../../src/context/access-log/address.ts'

it.each([
  ['10.0.0.1:80', '10.0.0.1', 80],
  ['10.0.0.1', '10.0.0.1', 0],
  ['tcp://10.0.0.1:80', '10.0.0.1', 80],
  ['[2001:db8::1]:443', '2001:db8::1', 443],
  ['[::1]', '::1', 0],
  ['2001:db8::1', '2001:db8::1', 0],
  ['[fe80::1%eth0]:443', 'fe80::1', 443],
  ['[::ffff:10.0.0.1]:80', '10.0.0.1', 80],
  ['[::ffff:a00:1]:80', '10.0.0.1', 80],
])('%s is an endpoint', (text, address, port) => {
  expect(parseEndpoint(text)).toEqual({ address, port, internal: false })
})

it.each([
  ...[
    '-',
    '',
    'host:80',
    '10.0.0:80',
    '10.0.0.256:80',
    '10.0.0.1:65536',
    '10.0.0.1:x',
    '10.0.0.1:',
  ],
  ...[
    '010.0.0.1:80',
    '[::1',
    '[::1]80',
    '1::2::3',
    ':::',
    '[12345::]:1',
    '/var/run/x.sock',
    '1:2:3',
  ],
])('%j is none', (text) => {
  expect(parseEndpoint(text)).toBeNull()
})

it('an IPv6 address has the spelling that captures are shown with', () => {
  const word = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }))
  fc.assert(
    fc.property(word, word, word, word, (a, b, c, d) => {
      if (a === 0 && b === 0 && c === 0xffff) return
      const groups = [a, b, c, d].flatMap((w) => [w >>> 16, w & 0xffff])
      const long = groups.map((g) => g.toString(16).padStart(4, '0').toUpperCase()).join(':')
      expect(normalAddress(long)).toBe(ipv6Text(a, b, c, d))
      expect(normalAddress(ipv6Text(a, b, c, d))).toBe(ipv6Text(a, b, c, d))
    }),
  )
})
