import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvRows } from '../../../src/batch/find/csv-rows.ts'
import { readManifest } from '../../../src/batch/find/manifest.ts'
import { captureAt, folderTree } from './folder-tree.ts'

const capture = captureAt(0)

async function manifest(text: string, name = 'pairs.csv') {
  const root = folderTree({ [name]: text, 'c.pcap': capture, 'u.pcap': capture })
  return { root, samples: await readManifest(join(root, name)) }
}

const refused = (what: string) =>
  expect.objectContaining({ code: 'RSTSCOPE_USAGE', message: expect.stringContaining(what) })

describe('CSV', () => {
  test('one sample a line, paths below its folder', async () => {
    const { root, samples } = await manifest(
      [
        'id,client,upstream,access-logs,kubernetes,capture',
        'cart,c.pcap,u.pcap,access.log; more.log,,',
        '"night/a, b","c.pcap;c.pcap1",https://store.example/u.pcap,,lists,',
        'one,,,,,/var/x.pcap',
      ].join('\r\n'),
    )
    expect(samples).toEqual([
      {
        id: 'cart',
        captures: { client: [join(root, 'c.pcap')], upstream: [join(root, 'u.pcap')] },
        accessLogs: [join(root, 'access.log'), join(root, 'more.log')],
        kubernetes: [],
        bytes: 2 * capture.length,
        basis: `line 2 of ${join(root, 'pairs.csv')}`,
      },
      {
        id: 'night/a, b',
        captures: {
          client: [join(root, 'c.pcap'), join(root, 'c.pcap1')],
          upstream: ['https://store.example/u.pcap'],
        },
        accessLogs: [],
        kubernetes: [join(root, 'lists')],
        bytes: null,
        basis: `line 3 of ${join(root, 'pairs.csv')}`,
      },
      {
        id: 'one',
        captures: { capture: ['/var/x.pcap'] },
        accessLogs: [],
        kubernetes: [],
        bytes: null,
        basis: `line 4 of ${join(root, 'pairs.csv')}`,
      },
    ])
  })

  test('what a spreadsheet writes: a byte order mark, quotes, lines within a field', async () => {
    const { samples } = await manifest('\ufeff"id","capture"\n"a","x\ny.pcap"\n')
    expect(samples[0]!.id).toBe('a')
    expect(samples[0]!.captures).toEqual({ capture: [expect.stringContaining('x\ny.pcap')] })
  })

  test.each([
    ['id,capture\n', 'lists no sample'],
    ['', 'lists no sample'],
    ['id,pcap\na,c.pcap', 'line 1: unknown column 2, "pcap"'],
    ['id,capture,id\na,c.pcap,b', 'line 1: column id is in it twice'],
    ['id,capture\na,c.pcap\na,u.pcap', 'line 3: id "a" is that of line 2 already'],
    ['id,capture\na,c.pcap\nA,u.pcap', 'line 3: id "A" is that of line 2 already'],
    ['id,capture\na', 'line 2: 1 fields, but there are 2 columns'],
    ['id,capture\n,c.pcap', 'line 2: id is missing'],
    ['id,capture\na,', 'line 2: no capture is named'],
    ['id,client,upstream\na,c.pcap,', 'line 2: upstream is missing'],
    ['id,client,upstream,capture\na,c.pcap,u.pcap,x.pcap', 'not both'],
    ['id,capture\n\n"x\n\ny', 'line 3: a quoted field does not end'],
    ['id,capture\n"a"b,c.pcap', 'line 2: characters follow'],
    ['id,capture\na,c\0.pcap', 'zero byte'],
  ])('%j is refused', async (text, what) => {
    await expect(manifest(text)).rejects.toEqual(refused(what))
  })

  test.each([
    '../x',
    '..',
    '.',
    '/x',
    'x/',
    'a//b',
    'a/../b',
    'a\\b',
    'C:x',
    'a\u001b[2J',
    'a\u202eb',
    'nul',
    'x.',
    'a?',
    '-'.repeat(2000),
  ])('id %j is refused', async (id) => {
    await expect(manifest(`id,capture\n"${id}",c.pcap`)).rejects.toEqual(
      refused('cannot be the name of a report'),
    )
  })

  test('any rows that are written as RFC 4180 says are read as they were', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' ', ';'),
      maxLength: 6,
    })
    const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 5 })
    fc.assert(
      fc.property(rows, fc.constantFrom('\n', '\r\n'), (written, end) => {
        const text = written
          .map((row) => row.map((one) => `"${one.replaceAll('"', '""')}"`).join(',') + end)
          .join('')
        expect([...csvRows(text)].map(({ fields }) => fields)).toEqual(written)
      }),
    )
  })
})

describe('JSON', () => {
  test('an array of objects; several files are an array', async () => {
    const text = JSON.stringify([
      { id: 'cart', client: ['c.pcap', 'c.pcap1'], upstream: 'u.pcap', accessLogs: null },
      { id: 'one', capture: 'c.pcap', kubernetes: ['k.json'] },
    ])
    const { root, samples } = await manifest(text, 'pairs.json')
    expect(samples.map(({ captures }) => captures)).toEqual([
      { client: [join(root, 'c.pcap'), join(root, 'c.pcap1')], upstream: [join(root, 'u.pcap')] },
      { capture: [join(root, 'c.pcap')] },
    ])
    expect(samples[1]!.basis).toBe(`object 2 of ${join(root, 'pairs.json')}`)
  })

  test.each([
    ['[{"id": "a"', 'JSON'],
    ['{"id": "a"}', 'no array'],
    ['[1]', 'object 1: it is no object'],
    ['[{"id": "a", "pcap": "x"}]', 'object 1: unknown field "pcap"'],
    ['[{"id": "a", "capture": 7}]', 'object 1: capture is neither a text nor an array of texts'],
    ['[{"id": "a", "capture": ["x", {}]}]', 'neither a text'],
    ['[{"id": ["a", "b"], "capture": "x"}]', 'more than one text'],
    ['[{"id": "a", "__proto__": "x"}]', 'unknown field'],
    ['[{"id": "a", "constructor": "x"}]', 'unknown field'],
    ['[]', 'lists no sample'],
  ])('%s is refused', async (text, what) => {
    await expect(manifest(text, 'pairs.json')).rejects.toEqual(refused(what))
  })
})

test('a manifest that is not there is an error; one behind a link is read where the link is', async () => {
  await expect(readManifest('/nowhere/pairs.csv')).rejects.toMatchObject({
    code: 'RSTSCOPE_UNREADABLE',
  })
  const far = folderTree({ 'pairs.csv': 'id,capture\na,c.pcap' })
  const root = folderTree({})
  symlinkSync(join(far, 'pairs.csv'), join(root, 'pairs.csv'))
  const [sample] = await readManifest(join(root, 'pairs.csv'))
  expect(sample!.captures).toEqual({ capture: [join(root, 'c.pcap')] })
})
