import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLines, readRows } from '../../src/batch/read-rows.ts'
import { parseRow } from '../../src/batch/row-check.ts'
import { RstscopeError } from '../../src/errors.ts'
import { end, failedRow, finding, row } from './summary/row-fixtures.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rstscope-rows-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function written(text: string | Buffer): string {
  const path = join(folder, 'index.ndjson')
  writeFileSync(path, text)
  return path
}

const good = row('a/b', [finding([end(1, 'k', 1, 60)])])
const lines = (...rows: unknown[]) => rows.map((one) => `${JSON.stringify(one)}\n`).join('')

function refusal(text: string): RstscopeError {
  try {
    parseRow(text, 'old.ndjson:7')
  } catch (error) {
    if (error instanceof RstscopeError) return error
    throw error
  }
  throw new Error('it was taken')
}

test('rows come back as they were written, with fields of later versions', () => {
  const more = { ...good, later: { x: 1 } }
  const both = row('c', [], {
    inputs: { ...good.inputs, captures: { client: ['c'], upstream: ['u'] } },
  })
  const path = written(`${lines(good, failedRow('b', 'no'))}\n${lines(more, both).trimEnd()}`)
  expect([...readRows(path)]).toEqual([good, failedRow('b', 'no'), more, both])
})

test('the number of the line that is none, and what is wrong with it', () => {
  const path = written(`${lines(good)}\n{"schema":"rstscope.batch/1"`)
  expect(() => [...readRows(path)]).toThrow(`${path}:3: no sample of a batch: not JSON, or cut off`)
})

describe('what is refused', () => {
  test.each<[string, unknown, string]>([
    ['a field that is missing', { ...good, packets: undefined }, 'packets is not a count'],
    ['a negative count', { ...good, packets: -1 }, 'packets is not a count'],
    ['a fraction', { ...good, bytes: 1.5 }, 'bytes is not a count'],
    ['an unknown state', { ...good, status: 'lost' }, 'status is not one of done'],
    ['no list', { ...good, findings: {} }, 'findings is not a list'],
    [
      'a bad end',
      { ...good, findings: [{ ...good.findings[0], ends: [null] }] },
      'findings[0].ends[0] is not an object',
    ],
    ['no time', { ...good, firstPacketAt: 'yesterday' }, 'firstPacketAt is not a time'],
    [
      'an impossible time',
      { ...good, lastPacketAt: '2026-13-41T99:00:00.000000000Z' },
      'lastPacketAt is not a time',
    ],
    [
      'captures of no kind',
      { ...good, inputs: { ...good.inputs, captures: {} } },
      'inputs.captures.client is not a list',
    ],
    ['a number', 5, 'does not name the schema'],
    ['a report', { schema: 'rstscope.report/1' }, 'does not name the schema'],
    ['null', null, 'does not name the schema'],
  ])('%s', (_, value, message) => {
    const error = refusal(JSON.stringify(value))
    expect(error.code).toBe('RSTSCOPE_NOT_A_REPORT')
    expect(error.message).toContain('old.ndjson:7: no sample of a batch: ')
    expect(error.message).toContain(message)
    expect(error.hint).toContain('index.ndjson')
  })

  test('a row of another version, with what to do', () => {
    const error = refusal(JSON.stringify({ ...good, schema: 'rstscope.batch/2' }))
    expect(error.message).toContain('its schema is "rstscope.batch/2"')
    expect(error.hint).toContain('run the batch again')
  })

  test('a file that cannot be opened', () => {
    expect(() => [...readRows(join(folder, 'none'))]).toThrow(/^cannot read .*none/)
  })

  test('anything else, always with the one error', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(refusal(text).code).toBe('RSTSCOPE_NOT_A_REPORT')
      }),
    )
    // A row in which one value, wherever it stands, is something else.
    const paths: [object, string][] = []
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const [name, item] of Object.entries(value)) {
        paths.push([value, name])
        walk(item)
      }
    }
    const copy = structuredClone(good)
    walk(copy)
    for (const [owner, name] of paths) {
      const target = owner as Record<string, unknown>
      const kept = target[name]
      for (const bad of [Symbol.for('gone'), { a: 1 }, [[]], 1e300, true]) {
        if (typeof bad === 'symbol') delete target[name]
        else target[name] = bad
        try {
          parseRow(JSON.stringify(copy), 'x:1')
        } catch (error) {
          expect(error).toBeInstanceOf(RstscopeError)
        }
        target[name] = kept
      }
    }
  })
})

test('lines: whatever the chunks, with characters that lie across them', () => {
  const texts = ['', 'a', 'ä€𝄞'.repeat(100_000), '', 'z']
  expect([...readLines(written(texts.join('\n')))]).toEqual(texts)
  expect([...readLines(written(`${texts.join('\n')}\n`))]).toEqual(texts)
  expect([...readLines(written(''))]).toEqual([])
})

test('a line without an end is given up before it fills the memory', () => {
  const path = written(Buffer.alloc(66 << 20, 'x'))
  expect(() => [...readLines(path)]).toThrow(/:1: longer than 64 MiB/)
})
