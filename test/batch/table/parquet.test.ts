import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONNECTION_COLUMNS } from '../../../src/batch/table/connection-columns.ts'
import { ConnectionTable, joinParts } from '../../../src/batch/table/parquet.ts'
import { readPart, writeRows } from '../../../src/batch/table/row-parts.ts'
import type { Connection } from '../../../src/model/report.ts'
import { compareReport, kubernetesReport, loggedReport } from '../../reports/report-fixtures.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-parquet-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const path = (name: string) => join(folder, name)

function part(name: string, connections: Iterable<Connection>): string {
  const file = path(`${name}.rows`)
  writeRows(file, `2026-11-20/${name}`, connections)
  return file
}

function bytesOf(file: string): ArrayBuffer {
  const bytes = readFileSync(file)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
}

/** As another program reads them; times in microseconds since 1970. */
const rowsOf = (file: string) =>
  parquetReadObjects({
    file: bytesOf(file),
    parsers: { timestampFromMicroseconds: (value: bigint) => value } as never,
  })

/** Connections that differ in id and address. */
function* many(count: number): Iterable<Connection> {
  const [model] = compareReport().connections
  for (let i = 0; i < count; i++) {
    const client = { ...model!.client, address: `10.${i >> 8}.0.${i & 255}` }
    yield { ...model!, id: i + 1, client }
  }
}

test('a row has what the report says of its connection', async () => {
  const report = kubernetesReport()
  const at = report.connections.findIndex(({ workload }) => workload !== null)
  const connection = report.connections[at]
  await joinParts([part('k', report.connections)], path('k.parquet'))
  const rows = await rowsOf(path('k.parquet'))
  expect(rows).toHaveLength(report.connections.length)
  const row = rows[at]
  const { client, upstream, firstReset, causes, workload } = connection!
  const view = Object.values(connection!.views)[0]!
  expect(row).toMatchObject({
    sample: '2026-11-20/k',
    connection: connection!.id,
    client_address: client.address,
    client_port: client.port,
    client_name: client.name,
    upstream_address: upstream.address,
    upstream_port: upstream.port,
    client_node: 'n2',
    client_pod: null,
    upstream_namespace: workload!.upstream!.namespace,
    upstream_service: workload!.upstream!.service,
    upstream_pod: workload!.upstream!.podName,
    duration_seconds: connection!.durationSeconds,
    protocol: connection!.protocol,
    termination: connection!.termination,
    detail: connection!.detail,
    ordinary: connection!.benign,
    reset_by: firstReset!.by,
    reset_confidence: firstReset!.confidence,
    reset_caused_by: firstReset!.causedBy,
    reset_anatomy: firstReset!.anatomy,
    idle_seconds: firstReset!.idleSeconds,
    cause: causes[0]!.id,
    cause_confidence: causes[0]!.confidence,
    packets: BigInt(view.packets),
    bytes_from_client: BigInt(view.bytes.fromClient),
    bytes_from_upstream: BigInt(view.bytes.fromUpstream),
    history: view.history,
    match: connection!.match!.method,
    tls_version: null,
    log_flags: null,
  })
  const micros = (time: string) =>
    BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1000n + BigInt(time.slice(20, 26))
  expect(row!.started_at).toBe(micros(connection!.startedAt))
  expect(row!.ended_at).toBe(micros(connection!.endedAt))
  expect(row!.reset_at).toBe(micros(firstReset!.at))
})

test('columns: names once, times in UTC, and nothing but what is said to be there is required', async () => {
  await joinParts([part('log', loggedReport().connections)], path('log.parquet'))
  const { schema, num_rows } = parquetMetadata(bytesOf(path('log.parquet')))
  const columns = schema.slice(1)
  expect(columns.map(({ name }) => name)).toEqual(CONNECTION_COLUMNS.map(({ name }) => name))
  expect(new Set(columns.map(({ name }) => name)).size).toBe(columns.length)
  expect(num_rows).toBe(BigInt(loggedReport().connections.length))
  expect(columns.find(({ name }) => name === 'started_at')).toMatchObject({
    type: 'INT64',
    repetition_type: 'REQUIRED',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  })
  expect(columns.find(({ name }) => name === 'reset_at')?.repetition_type).toBe('OPTIONAL')
  const rows = await rowsOf(path('log.parquet'))
  const flags = loggedReport().connections.map(({ accessLog }) =>
    accessLog.length === 0 ? null : [...new Set(accessLog.flatMap((line) => line.flags))].join(' '),
  )
  expect(flags).toContain('UC URX')
  expect(rows.map(({ log_flags }) => log_flags)).toEqual(flags)
})

test('rows come in the order of the parts, in groups, and the same ones give the same bytes', async () => {
  const parts = [part('b', many(26_000)), part('empty', []), part('a', many(5))]
  expect(await joinParts(parts, path('one.parquet'))).toBe(26_005)
  const rows = await rowsOf(path('one.parquet'))
  expect(rows.map(({ connection }) => connection)).toEqual([
    ...Array.from({ length: 26_000 }, (_, i) => i + 1),
    ...[1, 2, 3, 4, 5],
  ])
  expect([rows[25_999]!.sample, rows[26_000]!.sample]).toEqual(['2026-11-20/b', '2026-11-20/a'])
  expect(rows[300]!.client_address).toBe('10.1.0.44')
  expect(parquetMetadata(bytesOf(path('one.parquet'))).row_groups).toHaveLength(2)
  await joinParts([...parts], path('two.parquet'))
  expect(readFileSync(path('two.parquet')).equals(readFileSync(path('one.parquet')))).toBe(true)
})

test('a table without parts is the same as one that was handed the connections', async () => {
  const connections = [...many(7)]
  const table = await ConnectionTable.open(path('direct.parquet'))
  for (const connection of connections) table.add('2026-11-20/x', connection)
  table.finish()
  await joinParts([part('x', connections)], path('joined.parquet'))
  expect(readFileSync(path('direct.parquet')).equals(readFileSync(path('joined.parquet')))).toBe(
    true,
  )
})

test('no connection at all is a table with columns', async () => {
  await joinParts([], path('none.parquet'))
  const { num_rows, schema } = parquetMetadata(bytesOf(path('none.parquet')))
  expect([num_rows, schema.length]).toEqual([0n, CONNECTION_COLUMNS.length + 1])
})

test('names of the wire stay as they are', async () => {
  const name = '\u0000\n"\u202e𝄞\ud800,;'
  const [model] = compareReport().connections
  const hostile = {
    ...model!,
    client: { ...model!.client, name },
    upstream: { ...model!.upstream, port: 65535 },
  }
  await joinParts([part('hostile', [hostile])], path('hostile.parquet'))
  const [row] = await rowsOf(path('hostile.parquet'))
  // A lone surrogate has no UTF-8.
  expect(row!.client_name).toBe(name.toWellFormed())
  expect(row!.upstream_port).toBe(65535)
})

describe('a damaged part is refused, with its line, and leaves no table', () => {
  const cases: [string, (text: string) => string, RegExp][] = [
    ['cut off between rows', (text) => text.slice(0, text.lastIndexOf('\n{') + 1), /:4: .*cut off/],
    ['cut off in a row', (text) => text.slice(0, 2000), /: no rows of connections: no row/],
    ['empty', () => '', /:0: .*cut off/],
    ['of another version', (text) => text.replace('/1"', '/2"'), /:1: .*another version/],
    ['with other columns', (text) => text.replace('"key"', '"cookie"'), /:1: .*another version/],
    ['a row twice', (text) => text.replace(/(\n\[.*)/, '$1$1'), /:6: .*no row/],
    [
      'a text for a number',
      (text) => text.replace(',51344,', ',"51344",'),
      /:2: .*client_port is no small/,
    ],
    [
      'a number too large',
      (text) => text.replace(',51344,', ',51344000000,'),
      /:2: .*client_port is no small/,
    ],
    [
      'null where there is always something',
      (text) => text.replace(/\n\["[^"]*"/, '\n[null'),
      /:2: .*sample is no text/,
    ],
    ['too few cells', (text) => text.replace(/\n\["[^"]*",/, '\n['), /:2: .*cells, not/],
    ['more after its end', (text) => `${text}[]\n`, /:6: .*more after/],
  ]
  test.each(cases)('%s', async (_, damage, message) => {
    const file = part('damaged', many(3))
    writeFileSync(file, damage(readFileSync(file, 'utf8')))
    await expect(joinParts([file], path('damaged.parquet'))).rejects.toThrow(message)
    expect(existsSync(path('damaged.parquet'))).toBe(false)
    expect(existsSync(path('damaged.parquet.part'))).toBe(false)
  })
})

test('what fails while rows are written leaves no part', () => {
  const broken = function* (): Iterable<Connection> {
    yield* many(2)
    throw new Error('the disk is gone')
  }
  expect(() => part('broken', broken())).toThrow('the disk is gone')
  expect(existsSync(path('broken.rows'))).toBe(false)
  expect(existsSync(path('broken.rows.part'))).toBe(false)
  appendFileSync(path('later.rows'), '')
  expect(() => [...readPart(path('later.rows'))]).toThrow('cut off')
})

test('an aborted join leaves no table', async () => {
  const stop = AbortSignal.abort(new Error('enough'))
  await expect(joinParts([part('y', many(3))], path('y.parquet'), stop)).rejects.toThrow('enough')
  expect(existsSync(path('y.parquet.part'))).toBe(false)
})
