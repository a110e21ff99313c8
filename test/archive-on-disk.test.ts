import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
// @ts-expect-error The generator is plain JavaScript.
import { captureChunks } from '../bench/capture/capture.mjs'
import type { ReportStream } from '../src/index.ts'
import { writeJson } from '../src/reports/json.ts'
import { BUILT_COMMAND, builtLibrary } from './support/built.ts'

const { analyze, analyzeStream, compare, compareStream } = await builtLibrary()

const folder = mkdtempSync(join(tmpdir(), 'rstscope-test-'))
const temporary = join(folder, 'tmp')
const client = join(folder, 'client.pcap')
const upstream = join(folder, 'upstream.pcap')
afterAll(() => rmSync(folder, { recursive: true }))

/** So little that next to nothing of what ended stays in memory; live connections have room enough. */
const LITTLE = { maxMemory: 4 << 20 }
/** A thousand connections fill more than a chunk. */
const SCALE = 0.0022

beforeAll(async () => {
  execFileSync('mkdir', [temporary])
  for (const [path, tap] of [
    [client, 'client'],
    [upstream, 'upstream'],
  ] as const) {
    const chunks = captureChunks('small', { scale: SCALE, tap })
    await pipeline(Readable.from(copied(chunks)), createWriteStream(path))
  }
})
beforeEach(() => {
  vi.stubEnv('TMPDIR', temporary)
  return () => {
    vi.unstubAllEnvs()
    expect(readdirSync(temporary)).toEqual([])
  }
})

/** A chunk of the generator is valid until the next one is asked for. */
function* copied(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

/** The open files of this process in the folder for temporary files. */
function openFiles(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(temporary)
      } catch (error) {
        // The one by which the folder was read.
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
        throw error
      }
    })
}

/** A digest of all that a report says. */
function said(stream: ReportStream): string {
  const hash = createHash('sha256')
  for (const piece of writeJson(stream)) hash.update(piece)
  return hash.digest('hex')
}

/** The same with all of it in memory. */
async function inMemory(run: () => Promise<ReportStream>): Promise<string> {
  vi.stubEnv('TMPDIR', join(folder, 'none'))
  const stream = await run()
  expect(openFiles()).toEqual([])
  vi.stubEnv('TMPDIR', temporary)
  return said(stream)
}

// Descriptors are counted where Linux lists them.
describe.skipIf(process.platform !== 'linux')('what ended lies on disk and', () => {
  const runs: [name: string, run: () => Promise<ReportStream>][] = [
    ['analyze', () => analyzeStream(client, { ...LITTLE, jobs: 1 })],
    ['analyze of a stream', () => analyzeStream(createReadStream(client), LITTLE)],
    ['compare', () => compareStream({ client, upstream }, { ...LITTLE, jobs: 1 })],
    ['compare in two threads', () => compareStream({ client, upstream }, { ...LITTLE, jobs: 2 })],
  ]
  it.each(runs)('%s says the same as from memory', async (_, run) => {
    const expected = await inMemory(run)
    const stream = await run()
    const open = openFiles()
    expect(open.length).toBeGreaterThan(0)
    for (const fd of open) {
      const { mode, nlink, size } = fstatSync(fd)
      expect([mode & 0o777, nlink]).toEqual([0o600, 0])
      expect(size).toBeGreaterThan(0)
    }
    expect(said(stream)).toBe(expected)
    stream.close!()
    expect(openFiles()).toEqual([])
  })

  it('nothing stays open after one report or many', async () => {
    for (const jobs of [1, 2]) {
      const { connections } = await analyze(client, { ...LITTLE, jobs })
      expect(connections.length).toBeGreaterThan(900)
    }
    await compare({ client, upstream }, { ...LITTLE, jobs: 2 })
    expect(openFiles()).toEqual([])
  })

  it('nothing stays open after an error', async () => {
    const options = { ...LITTLE, jobs: 1 }
    await expect(compare({ client, upstream: client }, options)).rejects.toThrow('same capture')
    await expect(analyze([client, join(folder, 'none')], options)).rejects.toThrow()
    await expect(
      compare({ client, upstream: join(folder, 'none') }, { ...LITTLE, jobs: 4 }),
    ).rejects.toThrow()
    await expect(
      analyze(client, { ...options, accessLogs: [{ input: join(folder, 'none') }] }),
    ).rejects.toThrow()
    expect(openFiles()).toEqual([])
  })

  it.each([1, 2, 4])('nothing stays open after an interruption, with --jobs %i', async (jobs) => {
    const stop = new AbortController()
    let most = 0
    const options = {
      ...LITTLE,
      jobs,
      signal: stop.signal,
      onProgress: () => {
        most = Math.max(most, openFiles().length)
        if (most > 0) stop.abort()
      },
    }
    await expect(compare({ client, upstream }, options)).rejects.toThrow('interrupted')
    expect(most).toBeGreaterThan(0)
    expect(openFiles()).toEqual([])
  })

  it('a stream that is forgotten closes what it had', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const { head } = await analyzeStream(client, LITTLE)
    expect(head.summary.connections).toBeGreaterThan(900)
    await vi.waitFor(() => {
      collectGarbage()
      expect(openFiles()).toEqual([])
    })
  })

  it('a stream that is held keeps what it has', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const { connections, close } = await analyzeStream(client, LITTLE)
    collectGarbage()
    await new Promise((turn) => setTimeout(turn, 50))
    expect([...connections()].length).toBeGreaterThan(900)
    close!()
  })

  it('a small capture is kept in memory: no file is made', async () => {
    const stream = await analyzeStream(client)
    expect(openFiles()).toEqual([])
    stream.close!()
  })

  it('a full disk is no failure', () => {
    // No file may become larger than some KB: all that can be limited without a disk of its own.
    const limited = (blocks: string) =>
      execFileSync(
        'bash',
        ['-c', `ulimit -f ${blocks}; exec "$@"`, 'bash', process.execPath, BUILT_COMMAND]
          .concat('analyze', client, '--max-memory', '4M', '--json')
          .concat('--fail-on', 'never'),
        { encoding: 'utf8', maxBuffer: 1 << 28 },
      )
    expect(limited('200')).toBe(limited('unlimited'))
  })
})
