import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Moments } from '../../src/diagnosis/moments.ts'

const moment = fc.record({
  key: fc.integer({ min: 0, max: 3 }),
  time: fc.integer({ min: -20, max: 20 }).map((n) => n / 2),
})

it('counts what looking at each moment counts', () => {
  fc.assert(
    fc.property(fc.array(moment, { maxLength: 200 }), fc.array(moment), (added, asked) => {
      const moments = new Moments()
      for (const { key, time } of added) moments.add(key, time)
      for (const { key, time } of asked) {
        const near = added.filter((one) => one.key === key && Math.abs(one.time - time) <= 2)
        expect(moments.within(key, time, 2)).toBe(near.length)
      }
      // What is added after a question counts too.
      moments.add(1, 0)
      const near = added.filter((one) => one.key === 1 && Math.abs(one.time) <= 2)
      expect(moments.within(1, 0, 2)).toBe(near.length + 1)
    }),
  )
})
