import { expect, it } from 'vitest'
import { SmallGrid } from '../../src/connections/small-grid.ts'

it('knows what was set, and forgets what lies beyond it', () => {
  const grid = new SmallGrid()
  grid.set(3, 7, 0)
  grid.set(3, 4095, 12)
  grid.set(3, 4096, 13)
  grid.set(1e6, 1, 14)
  expect([grid.get(3, 7), grid.get(3, 4095)]).toEqual([0, 12])
  expect([grid.get(3, 8), grid.get(2, 7), grid.get(3, 4096), grid.get(1e6, 1)]).toEqual([
    -1, -1, -1, -1,
  ])
})
