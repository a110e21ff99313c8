import { cpSync, readdirSync, symlinkSync, truncateSync, utimesSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sampleKey } from '../../../src/batch/find/input-key.ts'
import { listSamples } from '../../../src/batch/find/list-samples.ts'
import { type FindOptions, findSamples } from '../../../src/batch/find/samples.ts'
import type { Sample } from '../../../src/batch/sample.ts'
import { captureFiles } from '../../../src/batch/sample.ts'
import { root } from '../../source-files.ts'
import { captureAt, folderTree } from './folder-tree.ts'

const capture = captureAt(0, 5)

async function find(folder: string, paths = [''], options: FindOptions = {}) {
  return findSamples(
    paths.map((path) => join(folder, path)),
    options,
  )
}
const ids = ({ samples }: { samples: Sample[] }) => samples.map(({ id }) => id)

describe('the shipped samples', () => {
  const names = readdirSync(`${root}samples`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'lab')
    .map(({ name }) => name)

  test('are pairs named by their folders, with the log and the lists that lie beside them', async () => {
    const { samples } = await findSamples([`${root}samples`])
    const pairs = samples.filter(({ captures }) => 'client' in captures)
    expect(pairs.map(({ id }) => id).sort()).toEqual(names.sort())
    for (const { id, captures, accessLogs, kubernetes, bytes } of pairs) {
      const files = readdirSync(`${root}samples/${id}`)
      const below = (paths: string[]) => paths.map((path) => relative(`${root}samples/${id}`, path))
      expect(below(accessLogs).sort()).toEqual(
        files.filter((name) => /^access.*log$/.test(name)).sort(),
      )
      expect(below(kubernetes)).toEqual(files.filter((name) => name === 'kubernetes.json'))
      if (!('client' in captures)) throw new Error('no pair')
      expect(below(captures.client)[0]).toMatch(/^client\./)
      expect(below(captures.upstream)[0]).toMatch(/^upstream\./)
      expect(bytes).toBeGreaterThan(0)
    }
    // The captures of gateways in between are neither side's.
    const alone = samples.filter(({ captures }) => 'capture' in captures)
    expect(alone.every(({ id }) => id.endsWith('/gateway'))).toBe(true)
  })

  test('have the same ids however they are named', async () => {
    const whole = ids(await findSamples([`${root}samples`]))
    const one = await findSamples([`${root}samples/idle-timeout`])
    expect(ids(one)).toEqual(['idle-timeout'])
    const folders = await findSamples(names.map((name) => `${root}samples/${name}`))
    expect(ids(folders)).toEqual(whole)
    const glob = await findSamples([`${root}samples/*/*.pcap*`])
    expect(ids(glob)).toEqual(whole)
    expect(glob.samples.find(({ id }) => id === 'envoy-aborts')!.accessLogs).toHaveLength(1)
    const expanded = whole
      .filter((id) => !id.includes('/'))
      .flatMap((id) => {
        const files = readdirSync(`${root}samples/${id}`).filter((name) => /\.pcap/.test(name))
        return files.map((name) => `${root}samples/${id}/${name}`)
      })
    expect(await findSamples(expanded)).toEqual({ ...glob, passedOver: [] })
  })
})

describe('samples of a folder', () => {
  test('rotated sets of both sides are one pair', async () => {
    const folder = folderTree({
      'case/client.pcap': captureAt(0, 4),
      'case/client.pcap1': captureAt(5, 9),
      'case/upstream_00001_20261121100000.pcap': captureAt(0, 4),
      'case/upstream_00002_20261121100005.pcap': captureAt(5, 9),
    })
    const { samples } = await find(folder)
    expect(samples).toHaveLength(1)
    expect(samples[0]).toMatchObject({ id: 'case' })
    expect(captureFiles(samples[0]!)).toHaveLength(4)
    expect(samples[0]!.basis).toBe(
      'client and upstream in their names; client: 2 files of one capture (tcpdump -C); upstream: 2 files of one capture (dumpcap -b)',
    )
  })

  test('logs and lists are given to what lies in their folder, and between it and the captures', async () => {
    const folder = folderTree({
      'case/client/x.pcap': capture,
      'case/upstream/x.pcap': capture,
      'case/upstream/envoy.log': '',
      'case/kubectl-pods.json': '{}',
      'case/kubernetes/events.json': '{}',
      'other/access.log': '',
      'access.log': '',
    })
    const { samples, passedOver } = await find(folder)
    const [{ accessLogs, kubernetes }] = samples as [Sample]
    expect(accessLogs).toEqual([join(folder, 'case/upstream/envoy.log')])
    expect(kubernetes.sort()).toEqual([
      join(folder, 'case/kubectl-pods.json'),
      join(folder, 'case/kubernetes'),
    ])
    expect(passedOver).toMatchObject([{ reason: 'beside-no-capture', count: 2 }])
  })

  test('of a folder with several samples each gets the log that is called after it', async () => {
    const folder = folderTree({
      'cart-7d9f-client.pcap': capture,
      'cart-7d9f-upstream.pcap': capture,
      'cart-8a2b-client.pcap': capture,
      'envoy-cart-7d9f.log': '',
      'envoy-cart-8a2b.log.1.gz': '',
      'access-upstream.log': '',
      'access-2026-11-21.log': '',
      'kubectl-cart-8a2b.json': '{}',
    })
    const { samples } = await find(folder)
    const logs = samples.map(({ accessLogs }) => accessLogs.map((path) => relative(folder, path)))
    const ofAll = ['access-2026-11-21.log', 'access-upstream.log']
    expect(logs).toEqual([
      [...ofAll, 'envoy-cart-7d9f.log'],
      [...ofAll, 'envoy-cart-8a2b.log.1.gz'],
    ])
    expect(samples.every(({ kubernetes }) => kubernetes.length === 1)).toBe(true)
  })

  test('a log that is named beside its capture is used once', async () => {
    const folder = folderTree({ 'x.pcap': capture, 'access.log': '' })
    const paths = [`${folder}/x.pcap`, `${folder}/./access.log`]
    expect((await findSamples(paths)).samples[0]!.accessLogs).toHaveLength(1)
  })

  test('a large log that is read again and again is told of', async () => {
    const folder = folderTree({ 'a.pcap': capture, 'b.pcap': capture, 'access.log': '' })
    // Sparse: it takes no room on the disk.
    truncateSync(join(folder, 'access.log'), 600_000_000)
    const { notes } = await find(folder)
    expect(notes).toEqual([
      `${join(folder, 'access.log')} is read for each of 2 samples of its folder: 1.2 GB in all`,
    ])
  })

  test('what has the same name otherwise keeps its ending in the id', async () => {
    const folder = folderTree({ 'a/x.pcap': capture, 'a/x.pcapng': capture, 'a/y.pcap': capture })
    expect(ids(await find(folder))).toEqual(['a/x.pcap', 'a/x.pcapng', 'a/y'])
  })

  test('ids tell where a sample lies below what all paths have in common', async () => {
    const folder = folderTree({ 'n1/a/x.pcap': capture, 'n2/a/x.pcap': capture })
    expect(ids(await find(folder))).toEqual(['n1/a/x', 'n2/a/x'])
    expect(ids(await find(folder, ['n1', 'n2']))).toEqual(['n1/a/x', 'n2/a/x'])
    expect(ids(await find(folder, ['n1']))).toEqual(['a/x'])
    expect(ids(await find(folder, ['n1/a/x.pcap']))).toEqual(['x'])
  })

  test('--pair none leaves all alone', async () => {
    const folder = folderTree({ 'c/client.pcap': capture, 'c/upstream.pcap': capture })
    expect(ids(await find(folder, [''], { pair: 'none' }))).toEqual(['c/client', 'c/upstream'])
  })

  test('a pattern that is nonsense is refused before anything is read', async () => {
    await expect(findSamples(['/nowhere'], { pair: '{id}' })).rejects.toMatchObject({
      code: 'RSTSCOPE_USAGE',
    })
  })

  test('a manifest stands instead of paths', async () => {
    const folder = folderTree({ 'm.csv': 'id,capture\na,x.pcap', 'x.pcap': capture })
    const { samples } = await findSamples([], { manifest: join(folder, 'm.csv') })
    expect(ids({ samples })).toEqual(['a'])
    await expect(findSamples([folder], { manifest: join(folder, 'm.csv') })).rejects.toMatchObject({
      code: 'RSTSCOPE_USAGE',
    })
  })

  test('it stops when it is told to', async () => {
    const folder = folderTree({ 'x.pcap': capture })
    const signal = AbortSignal.abort()
    await expect(find(folder, [''], { signal })).rejects.toMatchObject({
      code: 'RSTSCOPE_INTERRUPTED',
    })
  })
})

describe('the list', () => {
  test('names samples, sides, sizes, reasons and what was passed over', async () => {
    const folder = folderTree({
      'cart/client.pcap': captureAt(0, 4),
      'cart/client.pcap1': captureAt(5, 9),
      'cart/client.pcap2': captureAt(10, 14),
      'cart/client.pcap3': captureAt(15, 19),
      'cart/upstream.pcap': captureAt(0, 19),
      'cart/access.log': '',
      'shop/client.pcap': capture,
      'notes.txt': '',
    })
    const text = listSamples(await find(folder)).replaceAll(folder, '')
    // A file header has 24 bytes, a record of 60 bytes 76.
    expect(text).toBe(
      [
        '2 samples: 1 pair of client and upstream, 1 alone; 1.1 kB',
        '',
        '  cart  880 B',
        '    client    4 files, /cart/client.pcap … /cart/client.pcap3',
        '    upstream  /cart/upstream.pcap',
        '    logs      /cart/access.log',
        '    why       client and upstream in their names; client: 4 files of one capture (tcpdump -C)',
        '  shop/client  176 B',
        '    capture   /shop/client.pcap',
        '    why       alone: client by its name, with no upstream capture that fits',
        '',
        'Passed over',
        '       1  no captures: /notes.txt',
        '',
      ].join('\n'),
    )
  })

  test('no name steers the terminal, and no secret of a URL is shown', async () => {
    const folder = folderTree({ 'a\u001b[2J\nb.pcap': capture, '\u202ex.txt': '' })
    const url = 'https://user:s3cret@store.example/x.pcap?signature=s3cret'
    const found = await findSamples([folder, url])
    const text = listSamples(found)
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|s3cret/)
    expect(text).toContain('a\\x1b[2J\\nb.pcap')
    expect(found.samples.map(({ id }) => id).join()).not.toContain('s3cret')
    expect(found.samples.flatMap(captureFiles)).toContain(url)
  })

  test('of many it shows as many as are asked for', async () => {
    const files = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`x-${i}.pcap`, capture]))
    const text = listSamples(await find(folderTree(files)), { most: 2 })
    expect(text.match(/why/g)).toHaveLength(2)
    expect(text).toContain('… and 7 more')
  })
})

describe('the key of a sample', () => {
  const sampleOf = async (folder: string) => (await find(folder)).samples[0]!

  test('is the same while nothing changes', async () => {
    const folder = folderTree({
      'client.pcap': capture,
      'upstream.pcap': capture,
      'access.log': 'x',
    })
    const sample = await sampleOf(folder)
    const key = await sampleKey(sample, 'options')
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(await sampleKey(structuredClone(sample), 'options')).toBe(key)
  })

  test('changes with options, size, time of change, sides and what lies beside', async () => {
    const folder = folderTree({
      'client.pcap': capture,
      'upstream.pcap': capture,
      'kubernetes/a.json': '{}',
    })
    const sample = await sampleOf(folder)
    const keys = [await sampleKey(sample, 'options'), await sampleKey(sample, 'others')]
    const { captures } = sample
    if (!('client' in captures)) throw new Error('no pair')
    const turned = { ...sample, captures: { client: captures.upstream, upstream: captures.client } }
    keys.push(await sampleKey(turned, 'options'))
    keys.push(await sampleKey({ ...sample, accessLogs: ['gone.log'] }, 'options'))
    utimesSync(join(folder, 'client.pcap'), 1, 1)
    keys.push(await sampleKey(sample, 'options'))
    cpSync(join(folder, 'kubernetes/a.json'), join(folder, 'kubernetes/b.json'))
    keys.push(await sampleKey(sample, 'options'))
    expect(new Set(keys).size).toBe(keys.length)
  })

  test('does not follow folders of lists round in circles', async () => {
    const folder = folderTree({ 'x.pcap': capture, 'kubernetes/a.json': '{}' })
    symlinkSync(folder, join(folder, 'kubernetes/up'))
    expect(await sampleKey(await sampleOf(folder), '')).toMatch(/^[0-9a-f]{64}$/)
  })
})
