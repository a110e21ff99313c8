import { expect, test } from 'vitest'
import { lifeStrip } from '../../../src/reports/html/life-strip.ts'
import { NOTHING } from '../../../src/reports/html/markup.ts'
import { compareReport } from '../report-fixtures.ts'

/** A life of 100 s, reset at its end after 60 s of silence: the drawing is 776 wide and begins at 12. */
function silent() {
  const report = compareReport()
  const connection = report.connections.find(({ id }) => id === 7)!
  connection.startedAt = '2026-06-28T14:00:00.000000000Z'
  connection.endedAt = '2026-06-28T14:01:40.000000000Z'
  connection.firstReset = {
    ...connection.firstReset!,
    at: '2026-06-28T14:01:40.000000000Z',
    idleSeconds: 60,
    trigger: null,
  }
  return { report, connection }
}

test('the silence takes its part of the life, in true scale', () => {
  const { report, connection } = silent()
  const { markup } = lifeStrip(report, connection)
  expect(markup).toContain('60.000 s silent')
  // 12 + 40 % of 776, and 60 % of it.
  expect(markup).toContain('<rect x="322.4" y="31" width="465.6"')
  expect(markup).toContain('first reset after 100.000 s')
})

test('a trigger in another clock does not place the silence', () => {
  const { report, connection } = silent()
  const trigger = { capture: 'upstream', frame: 3, at: '2026-06-28T18:00:00.000000000Z', text: '' }
  connection.firstReset!.trigger = trigger
  expect(lifeStrip(report, connection).markup).toContain('<rect x="322.4" y="31"')
  connection.firstReset!.trigger = {
    ...trigger,
    capture: 'client',
    at: '2026-06-28T14:01:30.000000000Z',
  }
  // From 30 s to 90 s.
  expect(lifeStrip(report, connection).markup).toContain('<rect x="244.8" y="31" width="465.6"')
})

test('a connection of a single moment has no bar', () => {
  const { report, connection } = silent()
  connection.endedAt = connection.startedAt
  expect(lifeStrip(report, connection)).toBe(NOTHING)
})
