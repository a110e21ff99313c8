import type { SampleRow } from '../../../src/batch/sample-row.ts'
import { end, failedRow, finding, row } from '../summary/row-fixtures.ts'

const keys = (name: string, count: number, from: number, step: number, idle: number | null) =>
  Array.from({ length: count }, (_, i) => end(i + 1, `${name}${i}`, from + i * step, idle))

/** A night of captures: an idle timeout of one Service, a device that resets in bursts, ordinary ends, failures. */
export function nightRows(): SampleRow[] {
  const rows: SampleRow[] = []
  for (let i = 0; i < 24; i++) {
    const idle = finding(keys(`a${i >> 1}-`, 20 + i, i * 1500, 60, 60.01), {
      code: 'RS203',
      severity: 'warning',
      title: 'An idle timeout closed the connection',
      service: 'shop/cart',
      upstream: `10.8.1.${i % 4}:8443`,
    })
    const between = finding(keys(`b${i}-`, 12, 9000 + i * 400, 0.05, null), {
      code: 'RS111',
      by: 'between',
      title: 'A device between reset the connection',
      upstream: '10.8.9.4:5432',
    })
    const ordinary = finding(keys(`c${i}-`, 4, i * 1400, 500, null), {
      code: 'RS291',
      severity: 'info',
      by: 'client',
      title: 'An ordinary hard close',
      service: 'shop/pay',
    })
    rows.push(
      row(`2026-11-20/node ${i}`, i % 5 === 0 ? [between, idle, ordinary] : [idle, ordinary], {
        limits: ['one-side-only'],
      }),
    )
  }
  rows.push(
    row('2026-11-20/quiet'),
    row('2026-11-20/damaged', [], { status: 'partly', warnings: ['truncated-record'] }),
    failedRow('2026-11-20/notes', 'not a capture file (first bytes 1f 8b)', 'tar xzf notes.pcap'),
  )
  return rows
}

/** The night before it. */
export function earlierRows(): SampleRow[] {
  return [
    row('2026-11-19/node 1', [
      finding(keys('z', 9, 0, 60, null), { code: 'RS101', upstream: '10.8.7.7:80' }),
    ]),
    row('2026-11-20/notes'),
    row('2026-11-20/lost'),
  ]
}
