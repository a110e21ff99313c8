import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RstscopeError } from '../../src/errors.ts'
import { someRecords } from '../contracts/record-reader.contract.ts'
import { inPieces, readRecords } from '../support/read-records.ts'
import { joinBytes, writePcap } from '../support/write-pcap.ts'
import { PcapngBlocks, writePcapng } from '../support/write-pcapng.ts'

const records = someRecords(6)
const blocks = new PcapngBlocks(true)
const FILES: Array<[string, Uint8Array]> = [
  ['pcap', writePcap(records)],
  ['pcap-nanosecond', writePcap(records, { magic: 'nanosecond', bigEndian: true })],
  ['pcap-modified', writePcap(records, { magic: 'modified' })],
  [
    'pcapng',
    joinBytes([
      writePcapng(records, { interfaces: [{ name: 'eth0', filter: 'tcp', resolution: 9 }] }),
      blocks.section(),
      blocks.interface({ name: 'lo', offset: 5n, resolution: 0x8a }),
      blocks.simple(Uint8Array.of(1, 2, 3)),
      blocks.obsolete({ time: 0n, bytes: Uint8Array.of(7) }, 9n, 2),
      blocks.statistics(0, [[5, blocks.number64(3n)]]),
    ]),
  ],
]

describe.each(FILES)('hostile %s', (_name, file) => {
  it('gives the leading records of a file cut anywhere, and says that it is cut', async () => {
    const whole = await readRecords(file)
    for (let length = 28; length < file.length; length++) {
      const cut = await readRecords(file.slice(0, length))
      expect(cut.records).toEqual(whole.records.slice(0, cut.records.length))
      const codes = cut.facts.warnings.map((one) => one.code)
      const isAtBoundary = !codes.includes('truncated-file')
      // Only between two items is a cut invisible: then reading on from there gives exactly the rest.
      if (isAtBoundary) {
        const more = await readRecords(file.slice(0, length + 1))
        expect(more.facts.warnings.map((one) => one.code)).toContain('truncated-file')
      }
    }
  })

  it('survives any change of its bytes, and reads the same from a pipe', async () => {
    const change = fc.tuple(fc.nat(file.length - 1), fc.nat(255))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const damaged = file.slice()
        for (const [at, value] of changes) damaged[at] = value
        const outcome = (input: Uint8Array | AsyncIterable<Uint8Array>) =>
          readRecords(input, { reader: 'native-free' }).catch((error: unknown) => {
            expect(error).toBeInstanceOf(RstscopeError)
            return (error as RstscopeError).code
          })
        const fromBytes = await outcome(damaged)
        const fromPipe = await outcome(inPieces(damaged, [13, 200, 1]))
        if (typeof fromBytes === 'string') {
          expect(fromPipe).toBe(fromBytes)
        } else if (typeof fromPipe !== 'string') {
          expect(fromPipe.records).toEqual(fromBytes.records)
          expect(fromPipe.facts.warnings).toEqual(fromBytes.facts.warnings)
        }
      }),
      { numRuns: 400 },
    )
  })
})

describe('bounds', () => {
  it('holds no more than a file contains, whatever lengths it claims', async () => {
    const section = writePcapng([])
    const claim = new PcapngBlocks().block(6, new Uint8Array(64))
    new DataView(claim.buffer).setUint32(4, 16 * 1024 * 1024, true)
    const before = process.memoryUsage().arrayBuffers
    const read = await readRecords(joinBytes([section, claim]))
    expect(read.facts.warnings).toMatchObject([{ code: 'truncated-file' }])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1024 * 1024)
  })

  it('describes a bounded number of interfaces', async () => {
    const blocks = new PcapngBlocks()
    const one = blocks.interface()
    const file = joinBytes([blocks.section(), ...new Array<Uint8Array>(20_000).fill(one)])
    const read = await readRecords(file)
    expect(read.facts.interfaces).toHaveLength(16_384)
    expect(read.facts.warnings).toMatchObject([{ code: 'too-many-interfaces' }])
  })

  it('keeps one warning of each kind, however often it applies', async () => {
    const blocks = new PcapngBlocks()
    const short = blocks.block(6, new Uint8Array(4))
    const file = joinBytes([blocks.section(), ...new Array<Uint8Array>(5000).fill(short)])
    expect((await readRecords(file)).facts.warnings).toMatchObject([
      { code: 'short-block', message: expect.stringContaining('the first of 5000') },
    ])
  })
})
