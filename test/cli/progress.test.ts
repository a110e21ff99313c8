import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import type { Host } from '../../src/cli/host.ts'
import { progressWords, startProgress } from '../../src/cli/progress.ts'

function fakeHost(isTTY: boolean): { host: Host; clock: { ms: number }; written: () => string } {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 100 })
  let text = ''
  stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const clock = { ms: 0 }
  const host = { stderr, now: () => clock.ms } as unknown as Host
  return { host, clock, written: () => text }
}

const state = (capture: string, bytesRead: number) => ({
  capture,
  bytesRead,
  totalBytes: 100e6,
  packets: 1000,
})

test('lines: nothing in the first second, then a line every five seconds', async () => {
  const { host, clock, written } = fakeHost(false)
  const progress = startProgress('lines', host)
  for (clock.ms = 0; clock.ms <= 12_000; clock.ms += 100) {
    progress.update(state('client', clock.ms * 1000))
    progress.update(state('upstream', clock.ms * 1000))
  }
  progress.stop()
  await new Promise((resolve) => setImmediate(resolve))
  // The client's state of 1.0 s arrives while the upstream's is that of 0.9 s.
  const lines = written().trimEnd().split('\n')
  expect(lines).toEqual([
    'rstscope: read 1.9 of 200 MB  1.9 MB/s  about 104 s left  2000 packets',
    'rstscope: read 12 of 200 MB  2.0 MB/s  about 95 s left  2000 packets',
    'rstscope: read 22 of 200 MB  2.0 MB/s  about 89 s left  2000 packets',
  ])
})

test('auto: silent unless standard error is a terminal; none: silent', async () => {
  for (const [mode, isTTY] of [
    ['auto', false],
    ['none', true],
  ] as const) {
    const { host, clock, written } = fakeHost(isTTY)
    const progress = startProgress(mode, host)
    clock.ms = 60_000
    progress.update(state('client', 1e6))
    progress.stop()
    expect(written()).toBe('')
  }
})

test('auto on a terminal: a bar after a second, not before', async () => {
  const { host, clock, written } = fakeHost(true)
  const progress = startProgress('auto', host)
  clock.ms = 900
  progress.update(state('client', 1e6))
  expect(written()).toBe('')
  clock.ms = 1100
  progress.update(state('client', 50e6))
  await expect.poll(written).toContain('50%')
  progress.stop()
})

test('a pipe has no end in sight: no share and no time left', () => {
  expect(progressWords({ bytes: 5e6, total: null, packets: 7 }, 1000)).toBe(
    '5.0 MB  5.0 MB/s  7 packets',
  )
})
