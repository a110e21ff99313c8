import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  ContainerContext,
  type ContainerWarning,
} from '../../native-free-decoders/container/container-parser.ts'
import { ChunkSource, memorySource } from '../../src/capture/byte-source.ts'
import { ByteWindow } from '../../src/capture/byte-window.ts'
import {
  decompressByScript,
  type ScriptedCompression,
} from '../../src/capture/decompress-script.ts'
import { decompressInThread } from '../../src/capture/decompress-thread.ts'
import { openCapture } from '../../src/capture/open-capture.ts'
import { expected, inPieces, readRecords } from '../support/read-records.ts'
import { startedThreads } from '../support/started-threads.ts'
import { writePcap } from '../support/write-pcap.ts'

const { compress: lz4Compress } = createRequire(import.meta.url)('lz4js') as {
  compress(bytes: Uint8Array): Uint8Array
}

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
}

let state = 1
/** Bytes without repetitions that lz4 could use: the compressed file is as large as the plain one. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

const LARGE_RECORDS = Array.from({ length: 80 }, (_, i) => ({
  time: BigInt(i) * 1000n,
  bytes: noise(60_000 + i),
}))
const LARGE = lz4Compress(writePcap(LARGE_RECORDS))

const folder = mkdtempSync(join(tmpdir(), 'rstscope-thread-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'large.pcap.lz4')
writeFileSync(path, LARGE)

async function outcome(
  decompress: typeof decompressByScript,
  compression: ScriptedCompression,
  bytes: Uint8Array,
): Promise<{ sha256: string; length: number; warnings: ContainerWarning[] }> {
  const context = new ContainerContext()
  const hash = createHash('sha256')
  let length = 0
  for await (const chunk of decompress(compression, new ByteWindow(memorySource(bytes)), context)) {
    hash.update(chunk)
    length += chunk.length
  }
  return { sha256: hash.digest('hex'), length, warnings: context.warnings }
}

describe.each<[string, ScriptedCompression, Uint8Array]>([
  ['zstd', 'zstd', fixture('two-frames.zst')],
  ['lz4 of linked blocks', 'lz4', fixture('linked.lz4')],
  ['lz4 of more than all blocks under way', 'lz4', LARGE],
])('%s in a thread', (_name, compression, bytes) => {
  it('gives the same bytes and warnings as without, whole, cut and damaged', async () => {
    const damaged = bytes.slice()
    damaged.fill(0xff, bytes.length * 0.7)
    const cut = bytes.subarray(0, bytes.length * 0.8)
    for (const given of [bytes, cut, damaged]) {
      const inline = await outcome(decompressByScript, compression, given)
      expect(await outcome(decompressInThread, compression, given)).toEqual(inline)
      if (given === cut) expect(inline.warnings).toHaveLength(1)
    }
  })
})

describe('a large capture that a script decompresses', () => {
  it('is decompressed in a thread, from a file and from a pipe', async () => {
    for (const input of [() => path, () => inPieces(LARGE, [65_536])]) {
      const threads = await startedThreads(async () => {
        const read = await readRecords(input(), { hash: false })
        expect(read.records).toEqual(expected(LARGE_RECORDS))
      })
      expect(threads).toBe(1)
    }
  })

  it('ends its thread when it is closed before its end', async () => {
    const threads = await startedThreads(async () => {
      const reader = await openCapture(path, { hash: false })
      await reader.next()
      await reader.close()
    })
    expect(threads).toBe(1)
  })

  it('ends its thread when it is interrupted', async () => {
    const abort = new AbortController()
    const threads = await startedThreads(async () => {
      const reader = await openCapture(path, { hash: false, signal: abort.signal })
      await reader.next()
      abort.abort()
      await expect(reader.next()).rejects.toMatchObject({ code: 'RSTSCOPE_INTERRUPTED' })
      await reader.close()
    })
    expect(threads).toBe(1)
  })

  it('passes on what goes wrong while reading', async () => {
    async function* failing() {
      yield LARGE.subarray(0, 100_000)
      throw new Error('the disk is gone')
    }
    const threads = await startedThreads(async () => {
      const window = new ByteWindow(new ChunkSource(failing()))
      const read = decompressInThread('lz4', window, new ContainerContext())
      await expect(read.next()).rejects.toThrow('the disk is gone')
    })
    expect(threads).toBe(1)
  })

  it('starts no thread to see whether a later file of a rotated set can be read', async () => {
    const threads = await startedThreads(async () => {
      const reader = await openCapture([path, path, path], { hash: false })
      await reader.close()
    })
    expect(threads).toBe(1)
  })
})
