import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from '../source-files.ts'
import { BUILT_COMMAND, ensureBuilt } from '../support/built.ts'

const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const sample = (path: string) => `${root}samples/${path}`
const PAIR = [sample('keepalive-race/client.pcap'), sample('keepalive-race/upstream.pcap')]

const folder = mkdtempSync(join(tmpdir(), 'rstscope-bundle-'))
beforeAll(ensureBuilt, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command from a folder that holds nothing of this project. */
function ran(command: string, ...argv: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [command, ...argv], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LANG: 'C.UTF-8' },
    maxBuffer: 64 * 2 ** 20,
  })
  return { stdout, stderr, status }
}

describe('threads of the bundle', () => {
  test('compare with two jobs prints what it prints with one', () => {
    const one = ran(BUILT_COMMAND, 'compare', ...PAIR, '--jobs', '1', '--json')
    expect(one).toMatchObject({ stderr: '' })
    expect(ran(BUILT_COMMAND, 'compare', ...PAIR, '--jobs', '2', '--json')).toEqual(one)
    expect(ran(BUILT_COMMAND, 'compare', ...PAIR, '--jobs', '6', '--json')).toEqual(one)
  })

  test('batch with two threads has a row for each of its samples', () => {
    const pairs = join(folder, 'pairs')
    for (const name of ['keepalive-race', 'client-abort', 'still-open']) {
      cpSync(sample(name), join(pairs, name), { recursive: true })
    }
    const out = join(folder, 'rows.ndjson')
    const { status, stderr } = ran(
      ...([BUILT_COMMAND, 'batch', pairs, '--jobs', '2', '--out', out] as const),
    )
    expect([status, stderr]).toEqual([0, expect.stringContaining('Wrote')])
    const rows = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map(({ error }) => error ?? null)).toEqual([null, null, null])
  })

  test('compressed captures are read as they are without compression', () => {
    const bytes = readFileSync(PAIR[0]!)
    // Packed without making it smaller, and long: so that the thread for decompression is started.
    const long = Buffer.concat([bytes, ...Array<Buffer>(800).fill(bytes.subarray(24))])
    const path = join(folder, 'plain.pcap')
    writeFileSync(path, long)
    writeFileSync(join(folder, 'packed.pcap.gz'), gzipSync(long, { level: 0 }))
    writeFileSync(join(folder, 'packed.pcap.lz4'), storedAsLz4(long))
    writeFileSync(join(folder, 'packed.pcap.zst'), storedAsZstd(long))
    const report = (name: string) =>
      ran(BUILT_COMMAND, 'analyze', join(folder, name), '--format', 'csv')
    const plain = report('plain.pcap')
    expect(plain.stdout.trim().split('\n').length).toBeGreaterThan(1)
    for (const kind of ['gz', 'lz4', 'zst']) expect(report(`packed.pcap.${kind}`)).toEqual(plain)
  })
})

/** Stored blocks of at most 4 MB in an LZ4 frame (LZ4 Frame Format 1.6.1). */
function storedAsLz4(bytes: Buffer): Buffer {
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73])
  const blocks = piecesOf(bytes, 4 << 20).map((piece) => [word(piece.length + 2 ** 31), piece])
  return Buffer.concat([header, ...blocks.flat(), word(0)])
}

/** Raw blocks of at most 128 kB in a Zstandard frame with a window of 2 MB (RFC 8878, 3.1.1). */
function storedAsZstd(bytes: Buffer): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])
  const pieces = piecesOf(bytes, 1 << 17)
  const blocks = pieces.map((piece, i) => [
    word(piece.length * 8 + (i === pieces.length - 1 ? 1 : 0)).subarray(0, 3),
    piece,
  ])
  return Buffer.concat([header, ...blocks.flat()])
}

function piecesOf(bytes: Buffer, length: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    bytes.subarray(i * length, (i + 1) * length),
  )
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

describe('the package as npm packs it', () => {
  const modules = join(folder, 'installed', 'node_modules')
  const installed = join(modules, manifest.name)

  beforeAll(() => {
    const packed = spawnSync(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: root, encoding: 'utf8' },
    )
    const tarball = join(folder, `${manifest.name}-${manifest.version}.tgz`)
    expect([packed.status, existsSync(tarball)]).toEqual([0, true])
    mkdirSync(installed, { recursive: true })
    spawnSync('tar', ['xzf', tarball, '--strip-components=1', '-C', installed])
    for (const name of Object.keys(manifest.dependencies)) {
      symlinkSync(`${root}node_modules/${name}`, join(modules, name))
    }
  }, 120_000)

  test('its command runs, also by the link that npm makes, and finds the files it needs', () => {
    const link = join(folder, 'rstscope')
    symlinkSync(join(installed, manifest.bin.rstscope), link)
    expect(ran(link, '--version')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`rstscope ${manifest.version}\n`),
    })
    expect(ran(link, 'explain', 'RS241')).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(ran(link, 'schema').stdout)).toEqual(
      JSON.parse(readFileSync(`${root}schema/report-1.schema.json`, 'utf8')),
    )
    const { stdout } = ran(link, 'compare', ...PAIR, '--jobs', '2', '--json')
    expect(JSON.parse(stdout).tool.version).toBe(manifest.version)
  })

  test('an internal error tells its stack by the names of the sources', () => {
    const broken = join(folder, 'broken.cjs')
    writeFileSync(
      broken,
      `Int32Array.prototype.fill = function fill() { throw new TypeError('broken on purpose') }
require(${JSON.stringify(join(installed, manifest.bin.rstscope))})`,
    )
    const { status, stderr } = ran(broken, 'analyze', PAIR[0]!, '--verbose')
    expect(status).toBe(2)
    expect(stderr).toMatch(/internal error: broken on purpose\n/)
    expect(stderr).toMatch(/ at (?:async )?trackCapture /)
  })

  test('the library of it can be imported, with types', () => {
    const at = join(folder, 'installed')
    writeFileSync(join(at, 'package.json'), '{ "type": "module" }')
    writeFileSync(
      join(at, 'use.ts'),
      `import { compare, type Report } from 'rstscope'
const [client, upstream] = ${JSON.stringify(PAIR)}
const report: Report = await compare({ client: client!, upstream: upstream! }, { jobs: 2 })
console.log(report.connections.length)
// @ts-expect-error: it is a number
const wrong: string = report.connections.length
`,
    )
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node']
    const types = ['--typeRoots', `${root}node_modules/@types`]
    const tsc = spawnSync(
      process.execPath,
      [`${root}node_modules/typescript/bin/tsc`, ...options, ...types, 'use.ts'],
      { cwd: at, encoding: 'utf8' },
    )
    expect([tsc.stdout, tsc.status]).toEqual(['', 0])
    // Its truth.json tells of seven.
    expect(ran(join(at, 'use.js'))).toEqual({ status: 0, stderr: '', stdout: '7\n' })
  })

  test('nothing that it imports is left out, and of the command line there is one copy', () => {
    const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    expect(files.filter((path) => /^src.(cli|batch)/.test(path))).toEqual([])
    const missing = files
      .filter((path) => path.endsWith('.js'))
      .flatMap((path) => {
        const file = join(installed, 'dist', path)
        const named = readFileSync(file, 'utf8').matchAll(
          /(?:from|import|require)\s*\(?\s*['"](\.[^'"\n]+)['"]/g,
        )
        return [...named].map((match) => resolve(dirname(file), match[1]!))
      })
      .filter((path) => !existsSync(path))
    expect(missing).toEqual([])
  })
})
