import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ladderScale } from '../../../src/reports/html/ladder-scale.ts'

test('segments that crossed on the way cross in the drawing', () => {
  // One leaves at 0 ms and arrives at 10 ms, the other the opposite way at 2 and 12 ms.
  const { placed } = ladderScale(
    [
      { departure: 0, arrival: 0.01 },
      { departure: 0.002, arrival: 0.012 },
    ],
    1,
  )
  expect(placed[1]!.from).toBeLessThan(placed[0]!.to)
  expect(placed[0]!.to).toBeLessThan(placed[1]!.to)
})

test('a long silence is folded once, with the time between the two departures', () => {
  const { folds, placed } = ladderScale(
    [
      { departure: 0, arrival: 0.01 },
      { departure: 60, arrival: 60.01 },
    ],
    1,
  )
  expect(folds).toHaveLength(1)
  expect(folds[0]!.gap).toBe(60)
  expect(folds[0]!.from).toBeGreaterThan(placed[0]!.to)
  expect(folds[0]!.to).toBeLessThan(placed[1]!.from)
})

test('a segment whose times are unknown lies flat beside the one before', () => {
  const { placed } = ladderScale(
    [
      { departure: null, arrival: null },
      { departure: 5, arrival: null },
    ],
    1,
  )
  for (const { from, to } of placed) expect(to).toBe(from)
})

test('no segment at all is a drawing without height', () => {
  const scale = ladderScale([], 1)
  expect(scale.height).toBe(0)
  expect(scale.y(5)).toBe(0)
})

const time = fc.double({ min: 0, max: 1e6, noNaN: true })
const flight = fc.record({ departure: fc.option(time), arrival: fc.option(time) })

test('time never runs upward, whatever the times are', () => {
  fc.assert(
    fc.property(fc.array(flight, { maxLength: 30 }), (flights) => {
      const { placed, height, y } = ladderScale(flights, 1)
      const known = flights
        .flatMap(({ departure, arrival }, i) =>
          departure === null
            ? []
            : [
                { at: departure, y: placed[i]!.from },
                { at: Math.max(departure, arrival ?? departure), y: placed[i]!.to },
              ],
        )
        .sort((a, b) => a.at - b.at || a.y - b.y)
      for (const [i, mark] of known.entries()) {
        expect(mark.y).toBeGreaterThanOrEqual(known[i - 1]?.y ?? 0)
        expect(mark.y).toBeLessThanOrEqual(height)
        expect(y(mark.at)).toBeLessThanOrEqual(height + 1e-6)
      }
      for (const { from, to } of placed) expect(to).toBeGreaterThanOrEqual(from)
    }),
  )
})
