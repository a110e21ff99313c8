import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inPieces, readRecords } from '../support/read-records.ts'
import { writePcap } from '../support/write-pcap.ts'

const LAB = fileURLToPath(new URL('../../../shared/lab-captures', import.meta.url))
const CLASSIC = new Set(['d4c3b2a1', 'a1b2c3d4'])

async function expectSame(bytes: Uint8Array, pieces: readonly number[]): Promise<number> {
  const own = await readRecords(bytes, { reader: 'native-free' })
  const other = await readRecords(inPieces(bytes, pieces), { reader: 'pcap-parser' })
  expect(other.records).toEqual(own.records)
  // A pipe is not read on behind damage, so its digest is not known there.
  const isWhole = !own.facts.warnings.some(({ code }) => code === 'bad-record-length')
  const sha256 = isWhole ? own.facts.sha256 : []
  expect(own.facts.sha256).toHaveLength(1)
  expect({ ...other.facts, paths: [] }).toEqual({ ...own.facts, paths: [], sha256 })
  return own.facts.packets
}

const record = fc.record({
  time: fc.bigInt({ min: 0n, max: 0xffff_ffffn }).map((seconds) => seconds * 1_000_000_000n),
  bytes: fc.uint8Array({ maxLength: 200 }),
  originalLength: fc.nat(0xffff_ffff),
})

describe('pcap-parser and this project’s own reader', () => {
  it('give equal records of generated files, whole, cut and changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 20 }),
        fc.boolean(),
        fc.nat(0xffff_ffff),
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 10 }),
        fc.nat(300),
        fc.option(fc.tuple(fc.nat(5000), fc.nat(255))),
        async (records, bigEndian, snapLength, pieces, cut, change) => {
          const file = writePcap(records, { bigEndian, snapLength })
          const bytes = file.slice(0, Math.max(24, file.length - cut))
          // The file header decides which reader is asked: only what follows is changed.
          if (change && 24 + change[0] < bytes.length) bytes[24 + change[0]] = change[1]
          await expectSame(bytes, pieces)
        },
      ),
      { numRuns: 300 },
    )
  })

  describe.skipIf(!existsSync(LAB))('on laboratory captures', () => {
    it('give equal records of every classic file', async () => {
      let files = 0
      let packets = 0
      for (const name of readdirSync(LAB, { recursive: true, encoding: 'utf8' })) {
        if (!name.endsWith('.pcap')) continue
        const bytes = new Uint8Array(readFileSync(`${LAB}/${name}`))
        if (!CLASSIC.has(Buffer.from(bytes.subarray(0, 4)).toString('hex'))) continue
        packets += await expectSame(bytes, [4096, 65536])
        files++
      }
      expect(files).toBeGreaterThan(50)
      expect(packets).toBeGreaterThan(files)
    })
  })
})
