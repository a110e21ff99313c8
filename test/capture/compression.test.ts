import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RstscopeError } from '../../src/errors.ts'
import { compressibleCapture, compressibleRecords } from '../support/compressible-capture.ts'
import { expected, inPieces, readRecords } from '../support/read-records.ts'
import { joinBytes } from '../support/write-pcap.ts'

const PLAIN = compressibleCapture()
const EXPECTED = expected(compressibleRecords())
const { compress: lz4Compress } = createRequire(import.meta.url)('lz4js') as {
  compress(bytes: Uint8Array): Uint8Array
}

/** Made by the lz4 1.9.4 and zstd 1.5.4 programs from `compressibleCapture()`. */
function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
}

/** A frame that carries no data, which both zstd and lz4 decoders pass over. */
function skippable(length: number): Uint8Array {
  const frame = new Uint8Array(8 + length).fill(0xaa)
  const view = new DataView(frame.buffer)
  view.setUint32(0, 0x184d2a53, true)
  view.setUint32(4, length, true)
  return frame
}

const HALF = 100_000
const COMPRESSED: Array<[string, 'gzip' | 'zstd' | 'lz4', Uint8Array]> = [
  ['gzip', 'gzip', new Uint8Array(gzipSync(PLAIN))],
  [
    'gzip of two members and zero padding',
    'gzip',
    joinBytes([
      gzipSync(PLAIN.subarray(0, HALF)),
      gzipSync(PLAIN.subarray(HALF)),
      new Uint8Array(512),
    ]),
  ],
  ['zstd with checksum and known size', 'zstd', fixture('checksum.zst')],
  ['zstd of a stream', 'zstd', fixture('streamed.zst')],
  ['zstd of two frames', 'zstd', fixture('two-frames.zst')],
  ['zstd behind a skippable frame', 'zstd', joinBytes([skippable(40), fixture('streamed.zst')])],
  ['lz4 with linked blocks', 'lz4', fixture('linked.lz4')],
  ['lz4 with independent blocks and block checksums', 'lz4', fixture('independent.lz4')],
  ['lz4 by lz4js', 'lz4', lz4Compress(PLAIN)],
  [
    'lz4 of two frames between skippable ones',
    'lz4',
    joinBytes([
      skippable(3),
      lz4Compress(PLAIN.subarray(0, HALF)),
      skippable(0),
      lz4Compress(PLAIN.subarray(HALF)),
    ]),
  ],
]

describe.each(COMPRESSED)('%s', (_name, compression, bytes) => {
  it('reads the same as the plain capture, from bytes and from a pipe', async () => {
    for (const input of [bytes, inPieces(bytes, [1000, 3])]) {
      const read = await readRecords(input)
      expect(read.records).toEqual(EXPECTED)
      expect(read.facts).toMatchObject({
        compression,
        format: 'pcap',
        warnings: [],
        sha256: [createHash('sha256').update(bytes).digest('hex')],
      })
    }
  })

  it('keeps what a cut file holds, and says that it is cut', async () => {
    for (const share of [0.05, 0.6, 0.95]) {
      try {
        const read = await readRecords(bytes.slice(0, Math.floor(bytes.length * share)))
        expect(read.records).toEqual(EXPECTED.slice(0, read.records.length))
        // Zero padding behind the last member may be missing without harm.
        if (read.records.length === EXPECTED.length) continue
        expect(read.facts.warnings.map((one) => one.code)).toContain('truncated-compression')
      } catch (error) {
        // A cut inside the first block leaves nothing to read.
        expect(error).toMatchObject({
          code: 'RSTSCOPE_NOT_A_CAPTURE',
          message: expect.stringContaining('cut short after 0 decompressed bytes'),
        })
      }
    }
  })

  it('survives any change of its bytes', async () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const damaged = bytes.slice()
        for (const [at, value] of changes) damaged[at] = value
        try {
          await readRecords(damaged)
        } catch (error) {
          expect(error).toBeInstanceOf(RstscopeError)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('damaged compression', () => {
  it.each([
    ['gzip', new Uint8Array(gzipSync(PLAIN))],
    ['lz4', fixture('linked.lz4')],
    ['zstd', fixture('two-frames.zst')],
  ])('keeps at least 100 records of %s data cut at four fifths', async (_name, bytes) => {
    const read = await readRecords(bytes.slice(0, Math.floor(bytes.length * 0.8)))
    expect(read.records.length).toBeGreaterThan(100)
    expect(read.records).toEqual(EXPECTED.slice(0, read.records.length))
    expect(read.facts.warnings.map((one) => one.code)).toContain('truncated-compression')
  })

  it('keeps the records before the damage', async () => {
    const first = gzipSync(PLAIN.subarray(0, HALF))
    const second = gzipSync(PLAIN.subarray(HALF))
    second.fill(0xff, 12, 40)
    const read = await readRecords(joinBytes([first, second]))
    expect(read.records.length).toBeGreaterThan(100)
    expect(read.records).toEqual(EXPECTED.slice(0, read.records.length))
    expect(read.facts.warnings.map((one) => one.code)).toEqual([
      'damaged-compression',
      'truncated-file',
    ])
  })

  it.each([1, 100, 300_000])('tells %i bytes behind gzip data, but no padding', async (length) => {
    const warnings = async (rest: Uint8Array) =>
      (await readRecords(joinBytes([gzipSync(PLAIN), rest]))).facts.warnings.map((one) => one.code)
    expect(await warnings(new Uint8Array(length))).toEqual([])
    const rest = new Uint8Array(length + 1)
    rest[length] = 7
    expect(await warnings(rest)).toEqual(['trailing-bytes'])
  })

  it('tells a block that lies about its matches from a good one', async () => {
    const frame = lz4Compress(PLAIN)
    // A token of no literals at the block's beginning: its match would reach before the output.
    frame.set([0x00, 0x01, 0x00], 11)
    await expect(readRecords(frame)).rejects.toMatchObject({
      code: 'RSTSCOPE_NOT_A_CAPTURE',
      message: expect.stringContaining('the lz4 data are damaged after 0 decompressed bytes'),
    })
  })

  it('refuses a zstd window that would take all memory', async () => {
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 1, 0, 0)
    await expect(readRecords(frame)).rejects.toMatchObject({
      message: expect.stringContaining('window of 2147483648 bytes'),
    })
  })

  it('refuses garbage behind a gzip magic number', async () => {
    const garbage = new Uint8Array(400).fill(0x55)
    garbage.set([0x1f, 0x8b, 8, 0])
    await expect(readRecords(garbage)).rejects.toMatchObject({ code: 'RSTSCOPE_NOT_A_CAPTURE' })
  })
})
