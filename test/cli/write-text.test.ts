import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { writeText } from '../../src/cli/write-text.ts'

function* pieces(count: number, taken: { count: number }): Iterable<string> {
  for (let i = 0; i < count; i++) {
    taken.count++
    yield `${String(i).padStart(9)}\n`
  }
}

test('all pieces arrive, in order', async () => {
  const target = new PassThrough()
  let text = ''
  target.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await writeText(target, pieces(50_000, { count: 0 }), new AbortController().signal)
  expect(text.length).toBe(500_000)
  expect(text.endsWith('    49999\n')).toBe(true)
})

test('a slow receiver holds the writer back', async () => {
  const taken = { count: 0 }
  const stuck = new Writable({ highWaterMark: 1, write() {} })
  const interrupt = new AbortController()
  const writing = writeText(stuck, pieces(1_000_000, taken), interrupt.signal)
  await new Promise((resolve) => setImmediate(resolve))
  // One chunk of 64 k characters, ten characters a piece.
  expect(taken.count).toBe(6554)
  interrupt.abort()
  await expect(writing).rejects.toThrow()
})
