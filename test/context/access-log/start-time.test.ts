import { expect, it } from 'vitest'
import { epochNs, timeReader } from '../../../src/context/access-log/start-time.ts'

const moment = 1773740465995n * 1_000_000n

it.each([
  ['', '2026-03-17T09:41:05.995Z'],
  ['', '2026-03-17T10:41:05.995+01:00'],
  ['', '2026-03-17 09:41:05,995'],
  ['%s.%3f', '1773740465.995'],
  ['%s%9f', '1773740465995000000'],
  ['%Y-%m-%dT%H:%M:%E3SZ', '2026-03-17T09:41:05.995Z'],
  ['%F %T.%6f', '2026-03-17 09:41:05.995000'],
  ['%d/%b/%Y:%H:%M:%S.%3f %z', '17/Mar/2026:11:41:05.995 +0200'],
  ['%a, %e %B %Y %R:%S.%3f%%', 'Tue, 17 March 2026 09:41:05.995%'],
])('a START_TIME of format %j is read from %s', (format, text) => {
  const before = 'x ['
  expect(timeReader(format, false)!(`${before}${text}]`, before.length)).toEqual({
    ns: moment,
    end: before.length + text.length,
  })
})

it.each([
  ['', '2026-13-17T09:41:05Z'],
  ['', '2026-03-17T25:41:05Z'],
  ['', '2026-03-17'],
  ['', ''],
  ['%s', 'now'],
  ['%d/%b/%Y:%H:%M:%S', '17/Foo/2026:11:41:05'],
])('of format %j, %j is no time', (format, text) => {
  expect(timeReader(format, false)!(text, 0)).toBeNull()
})

it('a format that does not tell the moment has no reader', () => {
  for (const format of ['%H:%M:%S', '%Y-%m-%d', '%Y-%m-%d %I:%M %p', '%', '%Q', '%s'.repeat(300)]) {
    expect(timeReader(format, false)).toBeNull()
  }
  expect(timeReader('%Y-%m-%dT%H:%M:%S', true)).toBeNull()
  expect(timeReader('%Y-%m-%dT%H:%M:%S%z', true)).not.toBeNull()
  expect(timeReader('', true)).toBeNull()
})

it('a number is seconds, milliseconds, microseconds or nanoseconds by its size', () => {
  expect(epochNs(1773740465)).toBe(1773740465n * 1_000_000_000n)
  expect(epochNs(1773740465.5)).toBe(1773740465500n * 1_000_000n)
  expect(epochNs(1773740465995)).toBe(moment)
  expect(epochNs(1773740465995000)).toBe(moment)
  expect([epochNs(0), epochNs(-1), epochNs(Number.NaN), epochNs(1e300)]).toEqual([
    null,
    null,
    null,
    null,
  ])
})
