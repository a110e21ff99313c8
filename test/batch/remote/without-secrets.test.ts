import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutSecrets } from '../../../src/batch/remote/without-secrets.ts'

test.each([
  ['cannot use redis://user:pass@host:6379/0: no', 'cannot use redis://host:6379/0: no'],
  ['redis://:pa@ss/w@rd@host/1', 'redis://host/1'],
  ['https://user:pass@host/a/b', 'https://host/a/b'],
  ['https://host/a@b/c.pcap', 'https://host/a@b/c.pcap'],
  ['https://host/c.pcap?X-Amz-Signature=abc&x=y', 'https://host/c.pcap?…'],
  ['https://host/c.pcap#token=abc', 'https://host/c.pcap#…'],
  ['https://user:p@host?token=a@b', 'https://host?…'],
  ['s3://bucket/key/of.pcap', 's3://bucket/key/of.pcap'],
  ['two: http://a:b@c/ and "rediss://d:e@f"', 'two: http://c/ and "rediss://f"'],
  ['10:30 a/b@c, no address', '10:30 a/b@c, no address'],
])('%s', (text, shown) => {
  expect(withoutSecrets(text)).toBe(shown)
})

test('a password and a query never remain, whatever they hold', () => {
  const secret = fc.stringMatching(/^[!$-;=A-Z[-z|}~]{6,20}$/).filter((text) => !/[/?#]/.test(text))
  fc.assert(
    fc.property(secret, fc.constantFrom('redis', 'rediss', 'https', 's3'), (word, scheme) => {
      const shown = withoutSecrets(`(${scheme}://u:SECRET${word}@host/p?k=SECRET${word})`)
      expect(shown).not.toContain('SECRET')
      expect(shown).toContain('host')
    }),
  )
})

test('a long text costs no more than its length', () => {
  const began = performance.now()
  withoutSecrets(`${'a.'.repeat(200_000)} ${'redis://'.repeat(100_000)}`)
  expect(performance.now() - began).toBeLessThan(2000)
})
