import { expect, test } from 'vitest'
import {
  formatMilliseconds,
  formatSeconds,
  parseTime,
  secondsBetween,
} from '../../src/reports/time-format.ts'

test('spans are shown in the unit that suits them', () => {
  expect(formatSeconds(0.001842)).toBe('1.842 ms')
  expect(formatSeconds(0.00021)).toBe('0.21 ms')
  expect(formatSeconds(0.0000035)).toBe('3.5 µs')
  expect(formatSeconds(60.002)).toBe('60.002 s')
  expect(formatSeconds(-7200)).toBe('-2 h 0 min')
  expect(formatSeconds(0)).toBe('0 µs')
})

test('milliseconds are grouped by three digits', () => {
  expect(formatMilliseconds(60.002114)).toBe('60 002.114')
  expect(formatMilliseconds(1234.5678901)).toBe('1 234 567.890')
  expect(formatMilliseconds(-0.0005)).toBe('-0.500')
  expect(formatMilliseconds(-1e-9)).toBe('0.000')
})

test('times differ by nanoseconds though they are far from 1970', () => {
  const from = '2026-06-28T14:00:00.999999999Z'
  expect(secondsBetween(from, '2026-06-28T14:00:01.000000000Z')).toBe(1e-9)
  expect(parseTime('9999-12-31T23:59:59.999999999Z')).toBe(253402300799999999999n)
  expect(parseTime('yesterday')).toBeNull()
})
