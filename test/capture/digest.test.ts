import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Digest } from '../../src/capture/digest.ts'
import { startedThreads } from '../support/started-threads.ts'

const MB = 1024 * 1024

describe('a digest', () => {
  it.each([
    [0, 0],
    [1, 0],
    [4 * MB - 1, 0],
    [4 * MB, 1],
    [9 * MB + 77, 1],
  ])('of %i bytes takes %i threads and is the SHA-256', async (length, threads) => {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = (i * 31) >>> 3
    const digest = new Digest()
    // The reader fills the same buffer again and again.
    const buffer = new Uint8Array(700_001)
    const started = await startedThreads(async () => {
      for (let at = 0; at < length; at += buffer.length) {
        const piece = bytes.subarray(at, at + buffer.length)
        buffer.set(piece)
        await digest.update(buffer.subarray(0, piece.length))
        buffer.fill(0)
      }
      expect(await digest.hex()).toBe(createHash('sha256').update(bytes).digest('hex'))
      digest.close()
    })
    expect(started).toBe(threads)
  })

  it('ends its thread when it is given up', async () => {
    const digest = new Digest()
    const started = await startedThreads(async () => {
      await digest.update(new Uint8Array(5 * MB))
      digest.close()
    })
    expect(started).toBe(1)
  })
})
