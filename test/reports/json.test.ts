import { expect, test } from 'vitest'
import type { Connection } from '../../src/model/report.ts'
import { reportSchema } from '../../src/model/report-schema.ts'
import { writeJson, writeNdjson } from '../../src/reports/json.ts'
import { streamOf } from '../../src/reports/stream-of.ts'
import { reportFaults } from './report-faults.ts'
import { compareReport, healthyReport, loggedReport, REPORTS } from './report-fixtures.ts'

test.each(REPORTS)(
  '%s: JSON is one object, equal to the report and valid by its schema',
  (_, report) => {
    const parsed = JSON.parse([...writeJson(streamOf(report))].join(''))
    expect(parsed).toEqual(report)
    expect(reportFaults(parsed)).toEqual([])
  },
)

test('the top-level keys come in the documented order, whatever the order of the value', () => {
  const report = loggedReport()
  const reversed = Object.fromEntries(Object.entries(report).reverse()) as typeof report
  const json = [...writeJson(streamOf(reversed))].join('')
  expect(json).toBe([...writeJson(streamOf(report))].join(''))
  const documented = Object.keys(reportSchema.shape)
  // Only a report that was cut has the last one.
  expect(Object.keys(JSON.parse(json))).toEqual(documented.filter((key) => key !== 'excerpt'))
  const cut = [...writeJson(streamOf({ excerpt: { endings: [] }, ...reversed }))].join('')
  expect(Object.keys(JSON.parse(cut))).toEqual(documented)
})

test('a report without connections is valid JSON too', () => {
  const report = { ...healthyReport(), connections: [] }
  expect(JSON.parse([...writeJson(streamOf(report))].join(''))).toEqual(report)
})

test('ndjson is one connection a line with the paths of its captures', () => {
  const report = compareReport()
  const lines = [...writeNdjson(streamOf(report))]
  expect(lines).toHaveLength(report.connections.length)
  const paths = { client: ['client.pcap'], upstream: ['upstream.pcap'] }
  lines.forEach((line, i) => {
    expect(line.indexOf('\n')).toBe(line.length - 1)
    expect(JSON.parse(line)).toEqual({ captures: paths, ...report.connections[i] })
  })
})

test('connections are taken one by one, only when their turn has come', () => {
  const report = compareReport()
  let taken = 0
  const stream = {
    head: streamOf(report).head,
    *connections(): Iterable<Connection> {
      for (const connection of report.connections) {
        taken++
        yield connection
      }
    },
  }
  const pieces = writeJson(stream)[Symbol.iterator]()
  for (let piece = pieces.next(); !String(piece.value).includes('"id":7'); piece = pieces.next()) {
    expect(piece.done).toBe(false)
  }
  expect(taken).toBe(2)
})

test('a wrong value, an unknown field and a key out of order are found', () => {
  const report = compareReport()
  const { address, port } = report.connections[1]!.views.client!.client
  Object.assign(report.connections[1]!.views.client!, { client: { port, address }, extra: 1 })
  Object.assign(report.captures[0]!, { packets: -1 })
  expect(reportFaults(report)).toEqual([
    expect.stringMatching(/^captures\.0\.packets: /),
    '.connections[1].views.client.extra: unknown',
    '.connections[1].views.client.client: keys are not in the documented order',
  ])
})
