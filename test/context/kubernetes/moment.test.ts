import { describe, expect, it } from 'vitest'
import {
  apartNs,
  apartText,
  clockText,
  momentOf,
  reportTime,
  secondsText,
} from '../../../src/context/kubernetes/moment.ts'

const SECOND = 1e9
const epoch = Date.UTC(2026, 2, 17, 9, 40, 57) * 1e6
const span = (from: number, to = from) => ({ from: epoch + from, to: epoch + to })

describe('times of objects', () => {
  it.each([
    ['2026-03-17T09:40:57Z', 0, SECOND],
    ['2026-03-17T09:40:57.485200Z', 485_200_000, 1000],
    ['2026-03-17T10:40:57+01:00', 0, SECOND],
    ['2026-03-17T09:40:57.000000001Z', 0, 1],
  ])('%s', (text, ns, resolutionNs) => {
    const moment = momentOf(text)!
    expect(moment.ns - epoch).toBeCloseTo(ns, -3)
    expect(moment.resolutionNs).toBe(resolutionNs)
  })

  it.each([
    '',
    'yesterday',
    '2026-03-17',
    '2026-13-17T09:40:57Z',
    '2026-03-17T09:40:57',
    '0000-01-01T00:00:00Z',
  ])('%s is none', (text) => {
    expect(momentOf(text)).toBeNull()
  })

  it('are written as the report writes times', () => {
    expect(reportTime(epoch)).toBe('2026-03-17T09:40:57.000000000Z')
    expect(reportTime(momentOf('2026-03-17T09:40:57.5Z')!.ns)).toBe(
      '2026-03-17T09:40:57.500000000Z',
    )
  })

  it('are told with their date where that is not plain', () => {
    const moment = momentOf('2026-03-17T09:40:57Z')!
    expect(clockText(moment, epoch + 60 * SECOND)).toBe('09:40:57Z')
    expect(clockText(moment, epoch + 86_400 * SECOND)).toBe('2026-03-17T09:40:57Z')
    expect(clockText(momentOf('2026-03-17T09:40:57.485Z')!, epoch)).toBe('09:40:57.485Z')
  })
})

describe('how far a whole second lies from an end', () => {
  const moment = momentOf('2026-03-17T09:40:57Z')!

  it.each([
    [span(0.485e9), 0, 'in the same second'],
    [span(0), 0, 'in the same second'],
    // It happened in [57, 58): at least 0.5 s before 58.5.
    [span(1.5e9), -0.5e9, '0.5 s before the end'],
    [span(-2e9), 2e9, '2.0 s after the end'],
    [span(-10e9, 10e9), 0, 'during the end'],
    [span(301e9), -300e9, '5 min 0 s before the end'],
  ])('%o', (end, ns, text) => {
    expect(apartNs(moment, end)).toBe(ns)
    expect(apartText(moment, end, 'the end')).toBe(text)
  })

  it('is told in the unit that suits it', () => {
    expect([0.34, 9.96, 60, 600, 8000].map((s) => secondsText(s * SECOND))).toEqual([
      '0.3 s',
      '10.0 s',
      '60 s',
      '10 min 0 s',
      '2 h 13 min',
    ])
  })
})
