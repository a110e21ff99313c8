import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeLz4Block, LZ4_DAMAGED } from '../../native-free-decoders/container/lz4-block.ts'

const { compressBlock } = createRequire(import.meta.url)('lz4js') as {
  compressBlock(
    input: Uint8Array,
    output: Uint8Array,
    start: number,
    length: number,
    table: Uint32Array,
  ): number
}

function compress(bytes: Uint8Array): Uint8Array {
  const output = new Uint8Array(bytes.length * 2 + 64)
  const length = compressBlock(bytes, output, 0, bytes.length, new Uint32Array(1 << 16))
  return output.slice(0, length)
}

/** Bytes that repeat at chosen distances for chosen lengths, with a little that is new between. */
const repetitive = fc
  .array(
    fc.record({
      fresh: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      distance: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3000 })),
      length: fc.oneof(fc.integer({ min: 4, max: 40 }), fc.integer({ min: 200, max: 700 })),
    }),
    { minLength: 4, maxLength: 60 },
  )
  .map((runs) => {
    const bytes: number[] = []
    for (const { fresh, distance, length } of runs) {
      bytes.push(...fresh)
      const from = Math.max(0, bytes.length - distance)
      for (let i = 0; i < length; i++) bytes.push(bytes[from + i] as number)
    }
    return Uint8Array.from(bytes)
  })

it('decodes what lz4js made, into exactly the room that it takes', () => {
  let compressed = 0
  fc.assert(
    fc.property(repetitive, fc.nat(9), (bytes, before) => {
      const block = compress(bytes)
      // lz4js gives no block for what it cannot make smaller.
      if (block.length === 0) return
      compressed++
      const output = new Uint8Array(before + bytes.length).fill(0xee)
      expect(decodeLz4Block(block, 0, block.length, output, before)).toBe(output.length)
      // Comparing element by element would take most of the time.
      expect(Buffer.compare(output.subarray(before), bytes)).toBe(0)
      expect(Buffer.compare(output.subarray(0, before), new Uint8Array(before).fill(0xee))).toBe(0)
      const less = output.subarray(0, output.length - 1)
      expect(decodeLz4Block(block, 0, block.length, less, before)).toBe(LZ4_DAMAGED)
    }),
    { numRuns: 300 },
  )
  expect(compressed).toBeGreaterThan(200)
})
