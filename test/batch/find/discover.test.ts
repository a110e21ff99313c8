import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sectionHeader } from '../../../native-free-decoders/container/pcapng-write.ts'
import { type DiscoverOptions, discover } from '../../../src/batch/find/discover.ts'
import { readGlob } from '../../../src/batch/find/glob.ts'
import { captureAt, folderTree } from './folder-tree.ts'

const capture = captureAt(0)

async function found(root: string, paths = [''], options: DiscoverOptions = {}) {
  const result = await discover(
    paths.map((path) => join(root, path)),
    options,
  )
  const below = (path: string) => relative(root, path)
  return {
    captures: result.captures.map(({ path }) => below(path)),
    companions: result.companions.map(({ path }) => below(path)),
    passedOver: Object.fromEntries(
      result.passedOver.all().map(({ reason, examples }) => [reason, examples.map(below)]),
    ),
  }
}

describe('a folder', () => {
  test('gives all captures below it, in natural order', async () => {
    const root = folderTree({
      'b/x10.pcap': capture,
      'b/x2.pcap': capture,
      'a/deep/er/y.pcapng.gz': capture,
      'z.cap': capture,
    })
    const { captures } = await found(root)
    expect(captures).toEqual(['a/deep/er/y.pcapng.gz', 'b/x2.pcap', 'b/x10.pcap', 'z.cap'])
  })

  test('captures whose names say nothing are known by their first bytes', async () => {
    const root = folderTree({
      trace: capture,
      'trace.1': gzipSync(capture),
      notes: 'a0b1c2d3 is how a capture begins',
      'notes.gz': gzipSync('nothing but text'),
      empty: '',
    })
    const { captures, passedOver } = await found(root)
    expect(captures).toEqual(['trace', 'trace.1'])
    expect(passedOver).toEqual({ 'not-a-capture': ['empty', 'notes', 'notes.gz'] })
  })

  test('a file named like a capture is taken whatever is in it: it fails with its reason', async () => {
    const root = folderTree({ 'bad.pcap': 'no capture', 'empty.pcap': '' })
    expect((await found(root)).captures).toEqual(['bad.pcap', 'empty.pcap'])
  })

  test('what is passed over is counted by reason', async () => {
    const root = folderTree({
      '.snapshot/x.pcap': capture,
      '.x.pcap': capture,
      'old.tar.gz': 'x',
      'x.pcap.xz': 'x',
      'README.md': 'x',
      'kubectl-pods.yaml': 'x',
      'x.pcap': capture,
    })
    const { captures, passedOver } = await found(root)
    expect(captures).toEqual(['x.pcap'])
    expect(passedOver).toEqual({
      archive: ['old.tar.gz', 'x.pcap.xz'],
      hidden: ['.snapshot', '.x.pcap'],
      'kubernetes-yaml': ['kubectl-pods.yaml'],
      'not-a-capture': ['README.md'],
    })
  })

  test('of many only some examples are kept, but all are counted', async () => {
    const files = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`n${i}.txt`, 'x']))
    const { passedOver } = await discover([folderTree(files)])
    expect(passedOver.all()).toMatchObject([{ reason: 'not-a-capture', count: 40 }])
    expect(passedOver.all()[0]!.examples).toHaveLength(5)
  })

  test('the results are not looked at', async () => {
    const root = folderTree({ 'x.pcap': capture, 'results/x/evidence.pcap': capture })
    const { captures, passedOver } = await found(root, [''], { exclude: [join(root, 'results')] })
    expect(captures).toEqual(['x.pcap'])
    expect(passedOver).toEqual({ results: ['results'] })
  })

  test('evidence that this project wrote is a part of captures that lie elsewhere', async () => {
    const root = folderTree({
      'evidence.client.pcapng': sectionHeader('rstscope 0.1.0', ['x'.repeat(5000), 'more']),
      'other.pcapng': sectionHeader('Dumpcap (Wireshark) 4.4.0', ['rstscope 0.1.0']),
      'cut.pcapng': sectionHeader('rstscope 0.1.0', ['x'.repeat(5000)]).subarray(0, 100),
    })
    const { captures, passedOver } = await found(root)
    expect(captures).toEqual(['cut.pcapng', 'other.pcapng'])
    expect(passedOver).toEqual({ results: ['evidence.client.pcapng'] })
    expect((await found(root, ['evidence.client.pcapng'])).captures).toHaveLength(1)
  })

  test('logs and lists are told apart from captures; a kubernetes folder is one of them', async () => {
    const root = folderTree({
      'case/x.pcap': capture,
      'case/access.log': '',
      'case/kubernetes/pods.json': '{}',
      'case/kubernetes/notes.txt': '',
      'case/kubernetes/inside.pcap': capture,
    })
    const result = await found(root)
    expect(result.captures).toEqual(['case/kubernetes/inside.pcap', 'case/x.pcap'])
    expect(result.companions).toEqual(['case/access.log', 'case/kubernetes'])
    expect(result.passedOver).toEqual({})
  })
})

describe('links', () => {
  test('going round in a circle ends', async () => {
    const root = folderTree({ 'a/b/x.pcap': capture })
    symlinkSync(root, join(root, 'a/b/up'))
    symlinkSync('self', join(root, 'self'))
    const { captures, passedOver } = await found(root)
    expect(captures).toEqual(['a/b/x.pcap'])
    expect(passedOver).toEqual({ unreadable: ['self'], 'same-file': ['a/b/up'] })
  })

  test('a file that is reached twice is taken once, under its own name', async () => {
    const root = folderTree({ 'x.pcap': capture })
    symlinkSync('x.pcap', join(root, 'latest.pcap'))
    expect(await found(root)).toMatchObject({
      captures: ['x.pcap'],
      passedOver: { 'same-file': ['latest.pcap'] },
    })
    expect((await found(root, ['x.pcap', '', 'x.pcap', '.'])).captures).toEqual(['x.pcap'])
  })

  test('what lies elsewhere is found through them', async () => {
    const elsewhere = folderTree({ 'far/y.pcap': capture, 'z.pcap': capture })
    const root = folderTree({ 'x.pcap': capture })
    symlinkSync(join(elsewhere, 'far'), join(root, 'far'))
    symlinkSync(join(elsewhere, 'z.pcap'), join(root, 'z.pcap'))
    expect((await found(root)).captures).toEqual(['far/y.pcap', 'x.pcap', 'z.pcap'])
  })

  test('one that leads nowhere is told', async () => {
    const root = folderTree({ 'x.pcap': capture })
    symlinkSync('gone.pcap', join(root, 'y.pcap'))
    expect((await found(root)).passedOver).toEqual({ unreadable: ['y.pcap'] })
  })
})

describe('a file that is named', () => {
  test('is taken, hidden or not and whatever its name', async () => {
    const root = folderTree({ '.hidden': capture, 'truth.json': '{}' })
    const { captures } = await found(root, ['truth.json', '.hidden'])
    expect(captures).toEqual(['.hidden', 'truth.json'])
  })

  test('stays a log or a list if it is called so: a shell names all that its pattern matches', async () => {
    const root = folderTree({ 'x.pcap': capture, 'access.log': '', 'kubernetes.json': '{}' })
    const { captures, companions } = await found(root, ['x.pcap', 'access.log', 'kubernetes.json'])
    expect(captures).toEqual(['x.pcap'])
    expect(companions).toEqual(['access.log', 'kubernetes.json'])
  })

  test('must be there', async () => {
    const root = folderTree({})
    await expect(found(root, ['gone.pcap'])).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: expect.stringContaining('no such file or folder'),
    })
    await expect(discover(['-'])).rejects.toMatchObject({ code: 'RSTSCOPE_USAGE' })
    await expect(discover([''])).rejects.toMatchObject({ code: 'RSTSCOPE_USAGE' })
  })

  test('may be a URL, whose query is no part of its place', async () => {
    const url = 'https://user:secret@store.example/night/cart%20client.pcap?signature=s3cret'
    const { captures, base } = await discover([url])
    expect(captures[0]).toEqual({
      path: url,
      bytes: null,
      changedMs: null,
      place: ['https:', 'store.example', 'night', 'cart client.pcap'],
    })
    expect(base).toEqual(['https:', 'store.example', 'night'])
  })
})

test.skipIf(process.platform === 'win32')('pipes are not waited for', async () => {
  const root = folderTree({ 'x.pcap': capture })
  execFileSync('mkfifo', [join(root, 'pipe.pcap')])
  const { captures, passedOver } = await found(root)
  expect(captures).toEqual(['x.pcap'])
  expect(passedOver).toEqual({ 'special-file': ['pipe.pcap'] })
})

test.skipIf(process.platform === 'win32')('hostile names are names like others', async () => {
  const names = [
    'a\nb.pcap',
    '\u001b[31mred.pcap',
    '..pcap',
    `${'x'.repeat(250)}.pcap`,
    '‮fdp.pcap',
    '*.pcap',
    '[x].pcap',
  ]
  const root = folderTree(Object.fromEntries(names.map((name) => [name, capture])))
  const { captures, passedOver } = await found(root)
  expect(captures.toSorted()).toEqual(names.filter((name) => name !== '..pcap').toSorted())
  expect(passedOver).toEqual({ hidden: ['..pcap'] })
  // A name that is there is no pattern.
  expect((await found(root, ['*.pcap'])).captures).toEqual(['*.pcap'])
})

test('ten thousand files in one folder are found quickly', async () => {
  const root = folderTree({})
  for (let i = 0; i < 100; i++) {
    mkdirSync(join(root, `d${i}`))
    for (let k = 0; k < 100; k++) writeFileSync(join(root, `d${i}/x${k}.pcap`), '')
  }
  const started = performance.now()
  const { captures } = await found(root)
  expect(captures).toHaveLength(10_000)
  expect(captures.slice(0, 3)).toEqual(['d0/x0.pcap', 'd0/x1.pcap', 'd0/x2.pcap'])
  expect(performance.now() - started).toBeLessThan(20_000)
})

describe('a glob', () => {
  const tree = () =>
    folderTree({
      'n1/case1/client.pcap': capture,
      'n1/case1/upstream.pcap': capture,
      'n1/case2/client.pcap.gz': capture,
      'n2/case1/client.pcap': capture,
      'n2/notes.txt': '',
      'n2/.hidden/client.pcap': capture,
    })

  test.each([
    ['n1/*/client.pcap', ['n1/case1/client.pcap']],
    ['*/case1/*.pcap', ['n1/case1/client.pcap', 'n1/case1/upstream.pcap', 'n2/case1/client.pcap']],
    ['**/client.*', ['n1/case1/client.pcap', 'n1/case2/client.pcap.gz', 'n2/case1/client.pcap']],
    ['n?/case[2-9]', ['n1/case2/client.pcap.gz']],
    ['{n1,n2}/case1/{client,other}.pcap', ['n1/case1/client.pcap', 'n2/case1/client.pcap']],
    ['n2/*', ['n2/case1/client.pcap']],
    ['n2/.*/*.pcap', ['n2/.hidden/client.pcap']],
  ])('%s', async (pattern, expected) => {
    expect((await found(tree(), [pattern])).captures).toEqual(expected)
  })

  test('that matches nothing is an error', async () => {
    await expect(found(tree(), ['n9*/x.pcap'])).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
      message: expect.stringContaining('nothing matches'),
    })
    await expect(found(tree(), ['gone/*.pcap'])).rejects.toMatchObject({
      code: 'RSTSCOPE_UNREADABLE',
    })
  })

  test('ends in a circle of links', async () => {
    const root = tree()
    symlinkSync(root, join(root, 'n1/up'))
    expect((await found(root, ['**/upstream.pcap'])).captures).toEqual(['n1/case1/upstream.pcap'])
  })

  test('matches what its signs mean, whatever the names', () => {
    const name = fc.stringMatching(/^[ab]{1,3}$/)
    const path = fc.array(name, { minLength: 1, maxLength: 4 })
    const sign = fc.constantFrom('a', 'b', '*', '?', 'ab')
    const segment = fc.oneof(
      fc
        .array(sign, { minLength: 1, maxLength: 3 })
        .map((signs) => signs.join('').replace(/\*+/g, '*')),
      fc.constant('**'),
    )
    fc.assert(
      fc.property(path, fc.array(segment, { minLength: 1, maxLength: 4 }), (names, segments) => {
        fc.pre(/[*?]/.test(segments[0]!))
        const glob = readGlob(segments.join('/'))!
        expect(glob.matches(names.join('/'))).toBe(means(segments, names))
      }),
    )
  })
})

/** What a pattern means, written down as plainly as can be. */
function means(segments: readonly string[], names: readonly string[]): boolean {
  const [segment, ...others] = segments
  if (segment === undefined) return names.length === 0
  // Also for none: `a/**` is the folder `a` and all in it.
  if (segment === '**') {
    return names.some((_, i) => means(others, names.slice(i))) || means(others, [])
  }
  const [name, ...rest] = names
  if (name === undefined) return false
  const pattern = segment.replaceAll('*', '[ab]*').replaceAll('?', '[ab]')
  return new RegExp(`^${pattern}$`).test(name) && means(others, rest)
}
