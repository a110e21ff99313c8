import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idKey, isSafeId, makeIds, safeSegment } from '../../../src/batch/find/sample-id.ts'

describe('a name that can be a file anywhere', () => {
  test.each([
    ['cart-7d9f.2026', 'cart-7d9f.2026'],
    ['Grüße 日本 (2)', 'Grüße 日本 (2)'],
    ['a/b', 'a_b'],
    ['a\\b:c*?"<>|', 'a_b_c______'],
    ['..', '__'],
    ['.hidden', '_hidden'],
    ['x.', 'x_'],
    ['x ', 'x_'],
    ['a\u001b[31m\nb', 'a__31m_b'],
    ['\u202egnp', '_gnp'],
    ['CON', '_CON'],
    ['con.pcap', '_con.pcap'],
    ['console', 'console'],
    ['e\u0301', '\u00e9'],
    ['', '_'],
  ])('%j becomes %j', (name, safe) => expect(safeSegment(name)).toBe(safe))

  test('long ones are cut and stay apart', () => {
    const [a, b] = [safeSegment(`${'ä'.repeat(300)}1`), safeSegment(`${'ä'.repeat(300)}2`)]
    expect(a).not.toBe(b)
    expect(Buffer.byteLength(a!)).toBeLessThanOrEqual(160)
  })

  test('whatever the name, what is made of it can be an id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        const safe = safeSegment(name)
        expect(isSafeId(safe)).toBe(true)
        expect(safe).not.toMatch(/^\.|[/\\\u0000-\u001f\u007f-\u009f]|[. ]$/)
      }),
    )
  })
})

describe('ids', () => {
  const ids = (...wishes: string[][]) =>
    makeIds(wishes.map((of, i) => ({ wishes: of.map((wish) => wish.split('/')), unique: `${i}` })))

  test('the first wish, where nobody else has it', () => {
    expect(ids(['a/x', 'a/x.pcap'], ['b/x', 'b/x.pcap'])).toEqual(['a/x', 'b/x'])
  })

  test('all that wish for the same get their longer one', () => {
    expect(ids(['x', 'x.pcap'], ['x', 'x.pcapng'])).toEqual(['x.pcap', 'x.pcapng'])
  })

  test('what a file system may take for the same is the same', () => {
    expect(ids(['Cart', 'Cart.pcap'], ['cart', 'cart.pcapng'])).toEqual([
      'Cart.pcap',
      'cart.pcapng',
    ])
  })

  test('they always differ, and do not depend on the order', () => {
    const wish = fc.stringMatching(/^[aAb.]{1,3}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(wish, wish), { maxLength: 12 }), (pairs) => {
        const samples = pairs.map((of, i) => ({ wishes: of.map((one) => [one]), unique: `${i}` }))
        const made = makeIds(samples)
        expect(new Set(made.map(idKey)).size).toBe(made.length)
        expect(makeIds(samples.toReversed()).toReversed()).toEqual(made)
      }),
    )
  })
})
