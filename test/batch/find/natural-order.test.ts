import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareNatural, comparePlaces } from '../../../src/batch/find/natural-order.ts'

const sorted = (...names: string[]) => [...names].sort(compareNatural)

describe('natural order', () => {
  test('numbers count by their value', () => {
    expect(sorted('x10', 'x2', 'x1', 'x')).toEqual(['x', 'x1', 'x2', 'x10'])
    expect(sorted('a10b2', 'a9b10', 'a10b1')).toEqual(['a9b10', 'a10b1', 'a10b2'])
  })

  test('numbers longer than any number type keep their order', () => {
    const large = `x${'9'.repeat(400)}`
    const larger = `x1${'0'.repeat(400)}`
    expect(sorted(larger, large)).toEqual([large, larger])
  })

  test('leading zeros do not count, but tell names apart', () => {
    expect(sorted('x010', 'x9')).toEqual(['x9', 'x010'])
    expect(compareNatural('x01', 'x1')).not.toBe(0)
  })

  test('letters go by their code, in whatever locale', () => {
    expect(sorted('b', 'a', 'B', 'ä')).toEqual(['B', 'a', 'b', 'ä'])
  })

  test('a folder comes before what has its name as a beginning', () => {
    const places = [['a b', 'x'], ['a', 'x'], ['a', 'x', 'y'], ['a']]
    expect(places.sort(comparePlaces)).toEqual([['a'], ['a', 'x'], ['a', 'x', 'y'], ['a b', 'x']])
  })
})

describe('it is an order', () => {
  const name = fc.oneof(
    fc.stringMatching(/^[ab019_.-]{0,8}$/),
    fc.string({ unit: 'binary', maxLength: 8 }),
  )

  test('of two names one is first, unless they are equal', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareNatural(a, b))).toBe(0 - Math.sign(compareNatural(b, a)))
        expect(compareNatural(a, b) === 0).toBe(a === b)
      }),
    )
  })

  test('what is before something is before all that comes after it', () => {
    fc.assert(
      fc.property(name, name, name, (a, b, c) => {
        const [x, y, z] = [a, b, c].sort(compareNatural) as [string, string, string]
        expect(compareNatural(x, y)).toBeLessThanOrEqual(0)
        expect(compareNatural(y, z)).toBeLessThanOrEqual(0)
        expect(compareNatural(x, z)).toBeLessThanOrEqual(0)
      }),
    )
  })
})
