import { expect, test } from 'vitest'
import {
  formatMilliseconds,
  formatOffset,
  formatSeconds,
  formatUncertainty,
  parseTime,
  secondsBetween,
} from '../../src/reports/time-format.ts'

test('spans are shown in the unit that suits them', () => {
  expect(formatSeconds(0.001842)).toBe('1.842 ms')
  expect(formatSeconds(0.00021)).toBe('0.21 ms')
  expect(formatSeconds(0.0000035)).toBe('3.5 µs')
  expect(formatSeconds(60.002)).toBe('60.002 s')
  expect(formatSeconds(-7200)).toBe('-2 h 0 min 0.000 s')
  expect(formatSeconds(3599.9996)).toBe('3600.000 s')
  expect(formatSeconds(0.01)).toBe('10 ms')
  expect(formatSeconds(0)).toBe('0 µs')
})

test('offsets of clocks keep their seconds, and as many digits as their uncertainty bears out', () => {
  expect(formatOffset(7200.5, 2.79e-6)).toBe('2 h 0 min 0.500 s')
  expect(formatOffset(-86400.25, 2.044e-6)).toBe('24 h 0 min 0.250 s')
  expect(formatOffset(61.25, 0.001)).toBe('1 min 1.250 s')
  expect(formatOffset(3599.9999, null)).toBe('1 h 0 min 0.000 s')
  expect(formatOffset(7200.5, 3)).toBe('2 h 0 min 0.50 s')
  expect(formatOffset(7200.5, 300)).toBe('2 h 0 min 1 s')
  expect(formatOffset(5.5, 0.018216)).toBe('5.500 s')
  expect(formatOffset(0.748496, 0.012704)).toBe('748.5 ms')
  expect(formatOffset(0.001842, 0.00021)).toBe('1.842 ms')
  expect(formatOffset(0.12, 2.386e-6)).toBe('120 ms')
  expect(formatOffset(0, 0)).toBe('0 µs')
})

test('uncertainties have three significant digits', () => {
  expect(formatUncertainty(0.018216)).toBe('18.2 ms')
  expect(formatUncertainty(2.79e-6)).toBe('2.79 µs')
  expect(formatUncertainty(0.00021)).toBe('0.21 ms')
  expect(formatUncertainty(90)).toBe('1 min 30.0 s')
  expect(formatUncertainty(0)).toBe('0 µs')
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
