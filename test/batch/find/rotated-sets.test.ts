import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FoundFile } from '../../../src/batch/find/discover.ts'
import { discover } from '../../../src/batch/find/discover.ts'
import { joinRotated } from '../../../src/batch/find/rotated-sets.ts'
import { RstscopeError } from '../../../src/errors.ts'
import { firstPacketNs, latestPacketNs } from '../../../src/first-packets.ts'
import { root } from '../../source-files.ts'
import { readCapture } from '../../support/capture-file.ts'
import { captureAt, folderTree } from './folder-tree.ts'

type Times = Record<string, [first: number, latest: number] | null | 'broken'>

/** The sets that files with these first and latest packets make, in seconds; null: no packets. */
async function joined(files: Times) {
  const time = (path: string, which: 0 | 1) => {
    const times = files[path.slice(1)]
    if (times === 'broken') throw new RstscopeError('RSTSCOPE_NOT_A_CAPTURE', 'no capture')
    return times == null ? null : BigInt(Math.round(times[which] * 1e9))
  }
  const found = Object.keys(files).map(
    (name): FoundFile => ({
      path: `/${name}`,
      place: name.split('/'),
      bytes: 1000,
      changedMs: null,
    }),
  )
  const { units, notes } = await joinRotated(found, {
    first: async (path) => time(path, 0),
    latest: async (path) => time(path, 1),
  })
  const sets = units.map((unit) => unit.files.map(({ path }) => path.slice(1)))
  return { sets, notes, bases: units.map(({ basis }) => basis), stems: units.map((u) => u.stem) }
}

describe('one capture in several files', () => {
  test('tcpdump -C', async () => {
    const { sets, bases, stems, notes } = await joined({
      'x.pcap': [0, 9],
      'x.pcap1': [10, 19],
      'x.pcap2': [20, 29],
      'x.pcap10': [100, 109],
      ...Object.fromEntries(
        [3, 4, 5, 6, 7, 8, 9].map((n): [string, [number, number]] => [
          `x.pcap${n}`,
          [n * 10, n * 10 + 9],
        ]),
      ),
    })
    expect(sets).toEqual([['x.pcap', ...Array.from({ length: 10 }, (_, i) => `x.pcap${i + 1}`)]])
    expect(bases).toEqual(['11 files of one capture (tcpdump -C)'])
    expect(stems).toEqual(['x'])
    expect(notes).toEqual([])
  })

  test('tcpdump -C -W: a ring that began anew starts with its oldest file', async () => {
    const { sets, bases } = await joined({
      'x.pcap0': [40, 49],
      'x.pcap1': [50, 55],
      'x.pcap2': [20, 29],
      'x.pcap3': [30, 39],
    })
    expect(sets).toEqual([['x.pcap2', 'x.pcap3', 'x.pcap0', 'x.pcap1']])
    expect(bases[0]).toContain('of which x.pcap2 is the oldest')
  })

  test('the file of a ring that was just opened has no packets yet', async () => {
    const { sets } = await joined({
      'x.pcap00': [40, 49],
      'x.pcap01': null,
      'x.pcap02': [20, 29],
    })
    expect(sets).toEqual([['x.pcap02', 'x.pcap00', 'x.pcap01']])
  })

  test('some are compressed already', async () => {
    const { sets } = await joined({
      'x.pcap.gz': [0, 9],
      'x.pcap1.gz': [10, 19],
      'x.pcap2': [20, 29],
    })
    expect(sets).toEqual([['x.pcap.gz', 'x.pcap1.gz', 'x.pcap2']])
  })

  test('tcpdump -G, alone and with -C', async () => {
    const { sets, stems } = await joined({
      'x_2026-11-21_10-00-00.pcap': [0, 3599],
      'x_2026-11-21_11-00-00.pcap': [3600, 7199],
      'y-20261121100000.pcap': [0, 100],
      'y-20261121100000.pcap1': [101, 200],
      'y-20261121110000.pcap': [201, 300],
    })
    expect(sets).toEqual([
      ['x_2026-11-21_10-00-00.pcap', 'x_2026-11-21_11-00-00.pcap'],
      ['y-20261121100000.pcap', 'y-20261121100000.pcap1', 'y-20261121110000.pcap'],
    ])
    expect(stems).toEqual(['x', 'y'])
  })

  test('dumpcap -b, of which the first files are deleted already', async () => {
    const { sets } = await joined({
      'x_00007_20261121100000.pcapng': [0, 9],
      'x_00008_20261121100010.pcapng': [10, 19],
      'x_00009_20261121100020.pcapng': [20, 29],
    })
    expect(sets[0]).toHaveLength(3)
  })
})

describe('not one capture', () => {
  const alone = async (files: Times) => {
    const { sets, notes } = await joined(files)
    expect(sets.every(({ length }) => length === 1)).toBe(true)
    expect(sets).toHaveLength(Object.keys(files).length)
    return notes
  }

  test('two pods', async () => {
    expect(await alone({ 'cart-1.pcap': [0, 60], 'cart-2.pcap': [61, 120] })).toEqual([])
  })

  test('the same name in two folders', async () => {
    expect(await alone({ 'a/x.pcap': [0, 9], 'b/x.pcap1': [10, 19] })).toEqual([])
  })

  test('files that overlap in time', async () => {
    const [note] = await alone({ 'x.pcap': [0, 60], 'x.pcap1': [5, 65], 'x.pcap2': [9, 61] })
    expect(note).toContain('overlap in time')
    expect(
      (await alone({ 'x_2026-11-21_10-00.pcap': [0, 60], 'x_2026-11-21_10-01.pcap': [30, 90] }))[0],
    ).toContain('overlap')
  })

  test('an order of packets that is not that of the names, nor a ring', async () => {
    const [note] = await alone({
      'x.pcap0': [40, 45],
      'x.pcap1': [10, 15],
      'x.pcap2': [20, 25],
      'x.pcap3': [5, 9],
    })
    expect(note).toContain('not in that order')
    await alone({ 'x.pcap': [40, 45], 'x.pcap1': [10, 15] })
  })

  test('one capture each night', async () => {
    const [note] = await alone({
      'x-2026-11-19.pcap': [0, 600],
      'x-2026-11-20.pcap': [86_400, 87_000],
      'x-2026-11-21.pcap': [172_800, 173_400],
    })
    expect(note).toContain('lie between')
  })

  test('one capture each night is known by when it was written, without reading it', async () => {
    const found = [0, 86_400].map((start, i): FoundFile => {
      const path = `x-2026112${i}.pcap`
      return { path, place: [path], bytes: 1000, changedMs: (start + 600) * 1000 }
    })
    const { units, notes } = await joinRotated(found, {
      first: async (path) => (path === 'x-20261120.pcap' ? 0n : 86_400_000_000_000n),
      latest: () => Promise.reject(new Error('not to be read')),
    })
    expect(units).toHaveLength(2)
    expect(notes[0]).toContain('long before')
  })

  test('the same file plain and compressed', async () => {
    const [note] = await alone({ 'x.pcap1': [0, 9], 'x.pcap1.gz': [0, 9] })
    expect(note).toContain('twice')
  })

  test('two runs of dumpcap side by side', async () => {
    await alone({
      'x_00001_20261121100000.pcap': [0, 9],
      'x_00001_20261121100001.pcap': [1, 9],
      'x_00002_20261121100010.pcap': [10, 19],
      'x_00002_20261121100011.pcap': [11, 19],
    })
  })
})

test('URLs are not read: numbers alone join them', async () => {
  const urls = ['x.pcap', 'x.pcap1', 'y-20261120.pcap', 'y-20261121.pcap']
  const found = urls.map((name): FoundFile => {
    const place = ['https:', 'store.example', name]
    return { path: `https://store.example/${name}?key=1`, place, bytes: null, changedMs: null }
  })
  const notRead = () => Promise.reject(new Error('not to be read'))
  const { units, notes } = await joinRotated(found, { first: notRead, latest: notRead })
  expect(units.map(({ files }) => files.length)).toEqual([2, 1, 1])
  expect(notes[0]).toContain('y-20261120.pcap')
})

test('a series is cut where files are missing, and that is told', async () => {
  const { sets, notes } = await joined({
    'x.pcap': [0, 9],
    'x.pcap1': [10, 19],
    'x.pcap5': [50, 59],
    'x.pcap6': [60, 69],
  })
  expect(sets).toEqual([
    ['x.pcap', 'x.pcap1'],
    ['x.pcap5', 'x.pcap6'],
  ])
  expect(notes).toEqual(['x.pcap: files of its series are missing before x.pcap5'])
})

test('a file that is no capture is left out of its series, so that it fails alone', async () => {
  const { sets, notes } = await joined({
    'x.pcap0': [0, 9],
    'x.pcap1': [10, 19],
    'x.pcap2': 'broken',
    'x.pcap3': [30, 39],
  })
  expect(sets).toEqual([['x.pcap0', 'x.pcap1'], ['x.pcap2'], ['x.pcap3']])
  expect(notes[0]).toContain('x.pcap2 cannot be read')
})

test('a file that is gone when it is to be read does not stop the others', async () => {
  const found = ['x.pcap', 'x.pcap1', 'y.pcap'].map(
    (name): FoundFile => ({ path: name, place: [name], bytes: 1000, changedMs: null }),
  )
  const { units, notes } = await joinRotated(found, {
    first: async (path) => (path === 'x.pcap' ? 0n : 10_000_000_000n),
    latest: () => Promise.reject(new RstscopeError('RSTSCOPE_UNREADABLE', 'gone')),
  })
  expect(units).toHaveLength(3)
  expect(notes[0]).toContain('cannot be read to its end')
  const stopped = () => Promise.reject(new RstscopeError('RSTSCOPE_INTERRUPTED', 'interrupted'))
  await expect(joinRotated(found, { first: stopped, latest: stopped })).rejects.toMatchObject({
    code: 'RSTSCOPE_INTERRUPTED',
  })
})

test('each file is in one set, whatever the names and times', async () => {
  const name = fc.stringMatching(/^[xy](_0000[12])?(_2026112110000[0-3])?\.pcap[0-3]?$/)
  const times = fc.option(
    fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]): [number, number] => [a, a + b]),
  )
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, times, { maxKeys: 10 }), async (files) => {
      const { sets } = await joined(files)
      expect(sets.flat().sort()).toEqual(Object.keys(files).sort())
      const stems = (set: string[]) => new Set(set.map((file) => file[0]))
      for (const set of sets) expect(stems(set).size).toBe(1)
    }),
  )
})

describe('real files', () => {
  const times = { first: firstPacketNs, latest: latestPacketNs }
  const sample = `${root}samples/upstream-kill/client.pcap`
  const setsIn = async (folder: string) => {
    const { captures } = await discover([folder])
    const { units } = await joinRotated(captures, times)
    return units.map(({ files }) => files.map(({ path }) => path))
  }
  const packetsOf = (paths: readonly string[]) =>
    paths.flatMap((path) => readCapture(readFileSync(path)).records.map(({ time }) => time))

  test('are joined in the order of their packets, compressed or not', async () => {
    const folder = folderTree({
      'x.pcap0': captureAt(40, 41),
      'x.pcap1': gzipSync(captureAt(10, 19)),
      'x.pcap2': captureAt(20, 29),
      'x.pcap3': captureAt(),
    })
    const [set] = await setsIn(folder)
    expect(set?.map((path) => path.slice(folder.length + 1))).toEqual([
      'x.pcap1',
      'x.pcap2',
      'x.pcap3',
      'x.pcap0',
    ])
  })

  test('one that was just begun, with nothing in it yet, does not spoil its series', async () => {
    const folder = folderTree({
      'x.pcap0': captureAt(40, 41),
      'x.pcap1': '',
      'x.pcap2': captureAt(20, 29),
      'y.pcap0': '',
      'y.pcap1': '',
    })
    const { captures } = await discover([folder])
    const { units, notes } = await joinRotated(captures, times)
    const names = units.map(({ files }) => files.map(({ path }) => path.slice(folder.length + 1)))
    expect(names).toEqual([['x.pcap2', 'x.pcap0'], ['y.pcap0'], ['y.pcap1']])
    expect(notes[0]).toBe('x.pcap1 is empty: it is left out of its series')
  })

  test.runIf(has('tcpdump'))('as tcpdump -C writes them', async () => {
    const folder = folderTree({})
    // -C counts in millions of bytes: a capture of 3 MB.
    const records = Array.from({ length: 3000 }, (_, i) => i / 1000)
    const source = folderTree({
      'all.pcap': captureAt(...records.flatMap((s) => Array(14).fill(s))),
    })
    execFileSync(
      'tcpdump',
      [
        '-r',
        join(source, 'all.pcap'),
        '-w',
        join(folder, 'x.pcap'),
        '-C',
        '1',
        '-Z',
        userInfo().username,
      ],
      { stdio: 'ignore' },
    )
    const sets = await setsIn(folder)
    expect(sets).toHaveLength(1)
    expect(sets[0]!.length).toBeGreaterThan(2)
    expect(packetsOf(sets[0]!)).toEqual(packetsOf([join(source, 'all.pcap')]))
  })

  test.runIf(has('editcap'))(
    'as editcap splits them: the names are those of dumpcap -b',
    async () => {
      const folder = folderTree({})
      execFileSync('editcap', ['-F', 'pcap', '-c', '20', sample, join(folder, 'x.pcap')])
      expect(readdirSync(folder).length).toBeGreaterThan(2)
      const sets = await setsIn(folder)
      expect(sets).toHaveLength(1)
      expect(packetsOf(sets[0]!)).toEqual(packetsOf([sample]))
    },
  )
})

function has(program: string): boolean {
  return spawnSync(program, ['--version']).error === undefined
}
